"""The command line: add shops, write the demo, build the warehouse, report what is in it."""

from __future__ import annotations

import shlex
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.text import Text
from typer.core import TyperGroup

from palette.core.errors import ExpectedError, InputError
from palette.report import MOST_CUSTOMERS

if TYPE_CHECKING:
    from palette.core.planning import Plan

WITHHELD = 3  # a build was put in place without what a check found to be wrong
INTERRUPTED, TERMINATED = 130, 143  # what a shell reports of SIGINT and SIGTERM


class Commands(TyperGroup):
    """All commands: whatever a user may cause ends each of them in one message, without a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was typed."""
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))  # an exit clears what is unfinished
        try:
            return super().invoke(ctx)
        except (KeyboardInterrupt, typer.Abort):
            complain("Interrupted")
            raise typer.Exit(INTERRUPTED) from None
        except Exception as error:
            if not is_expected(error):
                raise
            raise stop(error) from None


app = typer.Typer(
    cls=Commands,
    help="Palette: who a retailer's customers are, and what to offer them next.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
console = Console(markup=False, highlight=False, soft_wrap=True)  # what is printed may hold anything
VARS = typer.Option("--vars", help="dbt vars as YAML, such as '{as_of_date: 2011-06-30}'.")
WAIT = typer.Option(min=0, metavar="SECONDS", help="Wait so long for another build, or writer, to end.")
WAIT_FOR_BUILD = typer.Option(
    min=0, metavar="SECONDS", help="Wait so long for a build of the warehouse to end."
)


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
    from palette.core.planning import parse_settings, table_of
    from palette.core.retailers import shops_folder

    def show(plan: Plan) -> None:
        console.print(table_of(plan), soft_wrap=False)
        for line in (*plan.doubts, *plan.missing):
            console.print(Text.assemble(("?", "yellow"), f" {line.strip()}"))

    def confirm() -> dict[str, str] | None:
        answer = typer.prompt(
            "Enter takes this, NAME=VALUE changes it, q gives up", default="", show_default=False
        )
        if answer.strip().lower() == "q":
            return None
        return parse_settings([answer]) if answer.strip() else {}

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
    for name, each in landed.items():
        if each.path:
            console.print(f"{shop}.{name}: {each.rows:,} rows")
        for note in each.notes:
            console.print(f"{shop}.{name}: {note}")
    console.print(f"Declared in {declared.folder / 'retailer.yml'}")
    own = "" if folder == shops_folder() else f"PALETTE_DATA={shlex.quote(str(folder))} "
    console.print(f"Build with: {own}make build")


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
    from palette.core.retailers import shops_folder

    with counting("rows read") as progress:
        rows = refresh_shop(shop, data or shops_folder(), progress)
    console.print(f"{shop}: {rows:,} rows; `make build` takes them in")


@contextmanager
def fetched(
    shop: str, uri: str | None, query: str | None, table: str | None, data: Path
) -> Iterator[tuple[list[Path], dict[str, str] | None]]:
    """Read a shop's database into a file of its folder, if one is named; an error takes it out again."""
    from palette.core.databases import PASSWORD_ADVICE, query_of, snapshot, without_password

    if uri is None:
        if query or table:
            raise InputError("--query and --table go with --from, the database to read")
        yield [], None
        return
    if bool(query) == bool(table):
        raise InputError("say what to read of the database: --query '...' or --table schema.table")
    query = query or query_of(str(table))
    if without_password(uri) != uri:
        console.print(PASSWORD_ADVICE)
    file = data / shop / "order_lines.parquet"
    made = not file.parent.exists()
    if (file.parent / "retailer.yml").exists():
        raise InputError(f"{file.parent}: added before; `palette refresh {shop}` reads the database again")
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

    written = write_demo(out, retailer, SEED if seed is None else seed, customers)
    for name, files in written.items():
        for file in files:
            kind = "planted truth, never read" if file.is_truth else name
            console.print(f"{kind}: {file.path} ({file.lines:,} lines)")


@app.command()
def build(
    dbt_vars: Annotated[str | None, VARS] = None,
    wait: Annotated[float, WAIT] = 0.0,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show what dbt prints of each node.")] = False,
) -> None:
    """Build the whole warehouse and its report; a failed build leaves the earlier ones as they were."""
    from palette.warehouse import build, warehouse_path

    started = time.perf_counter()
    console.print(f"Building {warehouse_path()}")
    finish(build(dbt_vars, wait=wait, verbose=verbose), since=started)


@app.command()
def publish(wait: Annotated[float, WAIT] = 0.0) -> None:
    """Put a finished build in place that could not be while somebody wrote to the warehouse."""
    from palette.warehouse import publish_finished

    started = time.perf_counter()
    finish(publish_finished(wait=wait), since=started)


@app.command()
def doctor() -> None:
    """Say what is wrong with machine, versions, settings, disk and data, before a build does."""
    from palette.doctor import examine

    marks = {"ok": ("ok", "green"), "warning": ("??", "yellow"), "error": ("!!", "red")}
    states = []
    for state, what, said in examine():
        states.append(state)
        console.print(Text.assemble(marks[state], f"  {what}: {said}"))
    if wrong := states.count("error"):
        complain("Not well:", f" {wrong} thing{'s' * (wrong != 1)} to mend before a build (marked !!)")
        raise typer.Exit(1)
    console.print("All is well for a build: make build")


@app.command()
def summary() -> None:
    """Say what the warehouse holds: rows, segments, offers and their worth, quality verdict."""
    from palette.warehouse import existing_warehouse

    show_summary(existing_warehouse())


@app.command()
def report(
    out: Annotated[
        Path | None,
        typer.Option(
            dir_okay=False,
            help="HTML file to write.",
            show_default="target/report/index.html, or anonymous.html",
        ),
    ] = None,
    customers: Annotated[
        int, typer.Option(min=1, help="Most customers of a retailer to look up in it; of more, a sample.")
    ] = MOST_CUSTOMERS,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the sample.")] = 0,
    anonymous: Annotated[
        bool,
        typer.Option("--anonymous", help="Leave out all customers, and groups of a few, to send it around."),
    ] = False,
) -> None:
    """Write the report of the warehouse: one HTML file that opens in any browser, without a network."""
    from palette.report.page import write_report
    from palette.warehouse import existing_warehouse, target_folder

    started = time.perf_counter()
    warehouse = existing_warehouse()
    console.print(f"Writing the report of {warehouse}")
    out = out or target_folder() / "report" / ("anonymous.html" if anonymous else "index.html")
    write_report(warehouse, out, most_customers=customers, seed=seed, anonymous=anonymous)
    size, seconds = out.stat().st_size / 1e6, time.perf_counter() - started
    console.print(f"Report: {out} ({size:.1f} MB, {seconds:.0f} s); open it in a browser")


@app.command()
def assign(
    file: Annotated[
        Path, typer.Argument(help="Purchases of new customers, written as the retailer's own are.")
    ],
    out: Annotated[Path, typer.Option(help="CSV file to write the groups to.")] = Path("palette_groups.csv"),
    retailer: Annotated[
        str | None, typer.Option(help="Whose newcomers they are; default the only one with palette groups.")
    ] = None,
) -> None:
    """Give new customers their palette group, without building anew."""
    from palette.assignment import assign_groups
    from palette.core.writing import write_csv
    from palette.warehouse import existing_warehouse

    groups = assign_groups(existing_warehouse(), file, retailer=retailer)
    write_csv(groups, out)
    for group, customers in groups["palette_group"].value_counts().items():
        console.print(f"{group}: {customers:,} customers")
    console.print(f"Groups and reasons: {out}")


@app.command()
def learn(
    models: Annotated[
        list[str] | None,
        typer.Argument(help="Names of Python models; none: all of them.", show_default=False),
    ] = None,
    dbt_vars: Annotated[str | None, VARS] = None,
    wait: Annotated[float, WAIT_FOR_BUILD] = 0.0,
) -> None:
    """Run Python models on the warehouse without dbt, each table put in place of the earlier one."""
    from palette.python_models import learn as made_anew
    from palette.warehouse import existing_warehouse

    made = []
    for table in made_anew(existing_warehouse(), models or [], dbt_vars=dbt_vars, wait=wait):
        console.print(f"{table.name}: {table.rows:,} rows ({table.seconds:.1f} s)")
        made.append(table.name)
    console.print(
        f"{len(made)} table{'s' * (len(made) != 1)} made anew. What SQL makes of them is as it was: "
        "dbt build brings it up to date"
    )


@app.command()
def docs() -> None:
    """Build the lineage site of the warehouse."""
    from palette.core.warehouses import open_warehouse
    from palette.warehouse import document, warehouse_path

    if warehouse_path().exists():
        with open_warehouse(warehouse_path()) as connection:
            connection.table("retailer_overview")
    site = document()
    console.print(f"Lineage site: {site}. Serve it with: .venv/bin/dbt docs serve")


def finish(warehouse: Path, *, since: float) -> None:
    """Show and report a new warehouse, begun at `since`; something that it lacks is told by the exit code."""
    from palette.core.warehouses import open_warehouse
    from palette.withholding import withheld

    show_summary(warehouse)
    report()
    with open_warehouse(warehouse) as connection:
        lacking = withheld(connection)
    if lacking:
        complain(
            "Withheld:", f" {len(lacking)} part(s) of this warehouse, as a check found them wrong (above)"
        )
        raise typer.Exit(WITHHELD)
    minutes, seconds = divmod(round(time.perf_counter() - since), 60)
    console.print(f"Done in {minutes}:{seconds:02} min: {warehouse} is in place, nothing was withheld")


def show_summary(warehouse: Path) -> None:
    """Print the summary of a warehouse, all of it or an error."""
    from palette.overview.summary import summarise

    for part in list(summarise(warehouse)):
        console.print(part)


def is_expected(error: Exception) -> bool:
    """Say whether an error is one of the user's files, disk or warehouse, and not of the program."""
    import duckdb

    if isinstance(error, BrokenPipeError):  # nobody reads on
        return False
    return isinstance(error, ExpectedError | OSError | duckdb.IOException)


def stop(error: Exception) -> typer.Exit:
    """Print an expected error as one message; to be raised."""
    if isinstance(error, OSError) and error.filename is not None:
        complain("Error:", f" {error.filename}: {error.strerror}")
    else:
        complain("Error:", f" {error}")
    return typer.Exit(1)


def complain(title: str, rest: str = "") -> None:
    """Print to standard error, with what a terminal would obey written out."""
    safe = "".join(sign if sign.isprintable() or sign in "\n\t" else ascii(sign)[1:-1] for sign in rest)
    Console(stderr=True, highlight=False).print(Text.assemble((title, "bold red"), safe), soft_wrap=True)


if __name__ == "__main__":
    app()
