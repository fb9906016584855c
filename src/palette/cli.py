"""The command line: import files, write the demo, build the warehouse, report what is in it."""

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from palette.report import MOST_CUSTOMERS

app = typer.Typer(
    help="Palette: who a retailer's customers are, and what to offer them next.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
console = Console()


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Data folder to write into.")] = Path("data/demo"),
    retailer: Annotated[
        list[str] | None, typer.Option(help="Retailer to write; repeat for several, default all.")
    ] = None,
    customers: Annotated[int | None, typer.Option(min=1, help="About how many customers.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed; the same one gives the same bytes.")] = None,
) -> None:
    """Write made-up retailers with every kind of dirty row and planted patterns."""
    from palette.demo import SEED, write_demo

    try:
        written = write_demo(out, retailer, SEED if seed is None else seed, customers)
    except ValueError as error:
        raise stop(error) from None
    for name, files in written.items():
        for file in files:
            kind = "planted truth, never read" if file.is_truth else name
            console.print(f"{kind}: {file.path} ({file.lines:,} lines)", soft_wrap=True, highlight=False)


@app.command()
def build(
    dbt_vars: Annotated[
        str | None, typer.Option("--vars", help="dbt vars as YAML, such as '{as_of_date: 2011-06-30}'.")
    ] = None,
) -> None:
    """Build the whole warehouse and its report; a failed build leaves the earlier ones as they were."""
    from palette.warehouse import BuildError, build

    try:
        warehouse = build(dbt_vars)
    except BuildError as error:
        raise stop(error) from None
    show_summary(warehouse)
    report()


@app.command()
def summary() -> None:
    """Say what the warehouse holds: rows, segments, offers and their worth, quality verdict."""
    from palette.warehouse import BuildError, existing_warehouse

    try:
        show_summary(existing_warehouse())
    except BuildError as error:
        raise stop(error) from None


@app.command()
def report(
    out: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="HTML file to write.", show_default="target/report/index.html"),
    ] = None,
    customers: Annotated[
        int, typer.Option(min=1, help="Most customers of a retailer to look up in it; of more, a sample.")
    ] = MOST_CUSTOMERS,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the sample.")] = 0,
) -> None:
    """Write the report of the warehouse: one HTML file that opens in any browser, without a network."""
    from palette.report.marts import ReportError
    from palette.report.page import write_report
    from palette.warehouse import BuildError, existing_warehouse, target_folder

    started = time.perf_counter()
    try:
        warehouse = existing_warehouse()
        console.print(f"Writing the report of {warehouse}", soft_wrap=True, highlight=False)
        out = out or target_folder() / "report" / "index.html"
        write_report(warehouse, out, most_customers=customers, seed=seed)
    except (BuildError, ReportError) as error:
        raise stop(error) from None
    size, seconds = out.stat().st_size / 1e6, time.perf_counter() - started
    console.print(f"Report: {out} ({size:.1f} MB, {seconds:.0f} s); open it in a browser", soft_wrap=True)


@app.command()
def assign(
    file: Annotated[
        Path, typer.Argument(help="Purchases of new customers, written as the retailer's own are.")
    ],
    out: Annotated[Path, typer.Option(help="CSV file to write the groups to.")] = Path("palette_groups.csv"),
    retailer: Annotated[
        str | None, typer.Option(help="Whose newcomers they are; default the only one with palette groups.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the forests.")] = 0,
) -> None:
    """Give new customers their palette group, without building anew."""
    from palette.assignment import assign_groups
    from palette.core.errors import InputError
    from palette.warehouse import BuildError, existing_warehouse

    try:
        groups = assign_groups(existing_warehouse(), file, retailer=retailer, seed=seed)
    except (BuildError, InputError) as error:
        raise stop(error) from None
    groups.to_csv(out, index=False)
    for group, customers in groups["palette_group"].value_counts().items():
        console.print(f"{group}: {customers:,} customers", soft_wrap=True, highlight=False)
    console.print(f"Groups and reasons: {out}", soft_wrap=True, highlight=False)


@app.command()
def docs() -> None:
    """Build the lineage site of the warehouse."""
    from palette.warehouse import BuildError, document

    try:
        site = document()
    except BuildError as error:
        raise stop(error) from None
    console.print(f"Lineage site: {site}. Serve it with: .venv/bin/dbt docs serve", soft_wrap=True)


def show_summary(warehouse: Path) -> None:
    """Print the summary of a warehouse."""
    from palette.overview.summary import summarise

    for part in summarise(warehouse):
        console.print(part, soft_wrap=True, highlight=False)


def stop(error: Exception) -> typer.Exit:
    """Print an expected error as one message; to be raised."""
    Console(stderr=True, highlight=False).print(f"[bold red]Error:[/] {error}", soft_wrap=True)
    return typer.Exit(1)


if __name__ == "__main__":
    app()
