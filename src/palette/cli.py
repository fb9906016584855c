"""The command line: add shops, write the demo, build the warehouse, report what is in it."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from palette.report import MOST_CUSTOMERS

if TYPE_CHECKING:
    from palette.core.planning import Plan

app = typer.Typer(
    help="Palette: who a retailer's customers are, and what to offer them next.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
console = Console()


@app.command()
def add(
    shop: Annotated[str, typer.Argument(help="Name of the shop's folder, and of the retailer in the marts.")],
    files: Annotated[
        list[Path] | None, typer.Argument(help="CSV, text, Parquet or workbooks, in the shop's own words.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="Say what a column means (ordered_at=Datum), leave one out (store=), or set a key of "
            "retailer.yml (currency=EUR); repeat for several.",
        ),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Take what headers and values both say, without asking.")
    ] = False,
    data: Annotated[
        Path | None,
        typer.Option(
            help="Data folder to write into.", envvar="PALETTE_DATA", show_default="data/shops of the project"
        ),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Write an earlier declaration anew.")] = False,
    uri: Annotated[
        str | None,
        typer.Option(
            "--from", help="Database to read, postgresql://user@host/db; the password comes from PGPASSWORD."
        ),
    ] = None,
    query: Annotated[str | None, typer.Option(help="Query of the order lines in that database.")] = None,
    table: Annotated[str | None, typer.Option(help="Table of the order lines in it, instead.")] = None,
) -> None:
    """Add a shop: look at its files, propose what they mean, and write retailer.yml beside them."""
    from palette.core.adding import add as add_shop
    from palette.core.errors import InputError
    from palette.core.planning import parse_settings, table_of
    from palette.core.retailers import shops_folder

    def show(plan: Plan) -> None:
        console.print(table_of(plan))
        for line in (*plan.doubts, *plan.missing):
            console.print(f"[yellow]?[/] {escape(line.strip())}", soft_wrap=True, highlight=False)

    def confirm() -> dict[str, str] | None:
        answer = typer.prompt(
            "Enter takes this, NAME=VALUE changes it, q gives up", default="", show_default=False
        )
        if answer.strip().lower() == "q":
            return None
        return parse_settings([answer]) if answer.strip() else {}

    try:
        folder = data or shops_folder()
        with fetched(shop, uri, query, table, folder) as (read, snapshot):
            if not yes and not sys.stdin.isatty():
                raise InputError("nobody to ask: --yes takes what is sure, --set NAME=VALUE settles the rest")
            declared, landed = add_shop(
                shop,
                [*(files or []), *read],
                folder,
                settings=parse_settings(settings or []),
                confirm=None if yes else confirm,
                show=show,
                replace_it=replace,
                snapshot=snapshot,
            )
    except InputError as error:
        raise stop(error) from None
    for name, each in landed.items():
        if each.path:
            console.print(f"{shop}.{name}: {each.rows:,} rows", soft_wrap=True, highlight=False)
        for note in each.notes:
            console.print(f"{shop}.{name}: {note}", soft_wrap=True, highlight=False, markup=False)
    console.print(f"Declared in {declared.folder / 'retailer.yml'}", soft_wrap=True, highlight=False)
    own = "" if folder == shops_folder() else f"PALETTE_DATA={shlex.quote(str(folder))} "
    console.print(f"Build with: {own}make build", soft_wrap=True, highlight=False)


@app.command()
def refresh(
    shop: Annotated[str, typer.Argument(help="A shop that was added with --from.")],
    data: Annotated[
        Path | None,
        typer.Option(help="Data folder it lies in.", envvar="PALETTE_DATA", show_default="as for add"),
    ] = None,
) -> None:
    """Read a shop's database again; its earlier snapshot stays until the new one is whole."""
    from palette.core.adding import refresh as refresh_shop
    from palette.core.errors import InputError
    from palette.core.retailers import shops_folder

    try:
        with counting("rows read") as progress:
            rows = refresh_shop(shop, data or shops_folder(), progress)
    except InputError as error:
        raise stop(error) from None
    console.print(f"{shop}: {rows:,} rows; `make build` takes them in", soft_wrap=True, highlight=False)


@contextmanager
def fetched(
    shop: str, uri: str | None, query: str | None, table: str | None, data: Path
) -> Iterator[tuple[list[Path], dict[str, str] | None]]:
    """Read a shop's database into a file of its folder, if one is named; an error takes it out again."""
    from palette.core.adding import writing
    from palette.core.databases import PASSWORD_ADVICE, query_of, snapshot, without_password
    from palette.core.errors import InputError

    if uri is None:
        if query or table:
            raise InputError("--query and --table go with --from, the database to read")
        yield [], None
        return
    if bool(query) == bool(table):
        raise InputError("say what to read of the database: --query '...' or --table schema.table")
    query = query or query_of(str(table))
    if without_password(uri) != uri:
        console.print(PASSWORD_ADVICE, soft_wrap=True, highlight=False)
    file = data / shop / "order_lines.parquet"
    with writing(file.parent):
        made = not file.parent.exists()
        if (file.parent / "retailer.yml").exists():
            raise InputError(
                f"{file.parent}: added before; `palette refresh {shop}` reads the database again"
            )
        file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with counting("rows read") as progress:
            snapshot(uri, query, file, on_progress=progress)
        yield [file], {"uri": without_password(uri), "query": query, "file": file.name}
    except BaseException:
        file.unlink(missing_ok=True)
        if made and not any(file.parent.iterdir()):
            file.parent.rmdir()
        raise


@contextmanager
def counting(what: str) -> Iterator[Callable[[int], None]]:
    """Show a growing count."""
    with console.status(f"0 {what}") as status:
        yield lambda count: status.update(f"{count:,} {what}")


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
    except (ValueError, OSError) as error:
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
    Console(stderr=True, highlight=False).print(f"[bold red]Error:[/] {escape(str(error))}", soft_wrap=True)
    return typer.Exit(1)


if __name__ == "__main__":
    app()
