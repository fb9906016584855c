"""Takes out of a build what a failed check is about, so that the rest can be put in place without it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from palette.core.inputs import sql_string

WITHHELD = "main.withheld"
GROUND = ("core", "quality")  # domains of whose tables nothing can be taken out: all others stand on them
PARTS = ("retailer", "list_name")  # columns of a test's rows that say which part of a table is wrong
RESULTS = "quality_results"  # whose failed rows are themselves about a relation each
HELD = ("success", "pass", "warn", "skipped", "no-op")  # what dbt says of nodes that did not fail
EXAMPLE = 4  # columns of a row that are shown


Part = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Failure:
    """What a failed check says of one part of one table.

    Attributes
    ----------
    check
        Name of the dbt test, or of the expectation.
    table
        Name of the table that is wrong, None where the check does not say.
    part
        Values of ``PARTS``, of those that the check names.
    rows
        How many rows it found.
    example
        One of them, or what was observed, in words.
    look
        Where to see all of it.
    is_removable
        Whether the table may be taken out.
    """

    check: str
    table: str | None
    part: Part
    rows: int
    example: str
    look: str
    is_removable: bool

    def __str__(self) -> str:
        """Say in a line what is wrong where."""
        return _line(self.table, self.part, self.check, self.rows, self.example)


def _line(table: str | None, part: Part, check: str, rows: int, example: str) -> str:
    place = table or "the build"
    if part:
        place += f" ({', '.join(f'{name} {value}' for name, value in part)})"
    return f"{place}: {check} found {rows:,} row{'s' * (rows != 1)}, such as {example}"


def failures(artefacts: Path, scratch: Path) -> tuple[list[Failure], bool]:
    """Say what the failed checks of a build are about.

    Parameters
    ----------
    artefacts
        Folder of dbt's ``manifest.json`` and ``run_results.json``.
    scratch
        The file that was built.

    Returns
    -------
    (list of Failure, bool)
        What data tests found, and whether nothing else failed: a model, a unit test, or dbt itself.
    """
    try:
        ran = json.loads((artefacts / "run_results.json").read_text(encoding="utf-8"))["results"]
        nodes = json.loads((artefacts / "manifest.json").read_text(encoding="utf-8"))["nodes"]
    except (OSError, ValueError):
        return [], False
    failed = [result for result in ran if result["status"] not in HELD]
    checks = [each for each in failed if each["status"] == "fail" and each["unique_id"].startswith("test.")]
    tables = {node["alias"]: node for node in nodes.values() if node["resource_type"] in ("model", "seed")}
    found: list[Failure] = []
    with duckdb.connect(str(scratch), read_only=True) as connection:
        for result in checks:
            node = nodes[result["unique_id"]]
            attached = nodes.get(node.get("attached_node") or "", {}).get("alias")
            query = connection.sql(result["compiled_code"])
            rows = [dict(zip(query.columns, row, strict=True)) for row in query.fetchall()]
            found += _of_rows(node["name"], attached, rows, tables)
    return found, len(checks) == len(failed)


def advice(found: Sequence[Failure]) -> str:
    """Say which of the checks that failed cannot be withheld, and what to do."""
    grave = next(failure for failure in found if not failure.is_removable)
    return f"Others stand on what is wrong: {grave}. All of it: {grave.look}; mend the files and build again"


def _of_rows(
    check: str,
    attached: str | None,
    rows: Sequence[Mapping[str, Any]],
    nodes: Mapping[str, Mapping[str, Any]],
) -> Iterator[Failure]:
    """Group a test's rows by the table and part that they are about; ``nodes`` are dbt's, by table."""
    groups: dict[tuple[str, str | None, Part], list[Mapping[str, Any]]] = {}
    of_expectations = attached == RESULTS
    for row in rows:
        if of_expectations:
            key: tuple[str, str | None, Part] = (_expectation(row), row["relation"], ())
        else:
            part = tuple((name, str(row[name])) for name in PARTS if row.get(name) is not None)
            key = (check, row.get("mart", attached), part)
        groups.setdefault(key, []).append(row)
    for (name, table, part), own in groups.items():
        yield Failure(
            name,
            table,
            part,
            sum(int(row["unexpected_count"] or 1) for row in own) if of_expectations else len(own),
            _example(own[0]),
            f"target/quality/{own[0]['suite']}.html" if of_expectations else f"dbt test --select {check}",
            _is_removable(nodes.get(table or "")),
        )


def _expectation(row: Mapping[str, Any]) -> str:
    column = f"({row['column_name']})" if row["column_name"] else ""
    return f"{row['expectation']}{column}"


def _example(row: Mapping[str, Any]) -> str:
    shown = [(name, value) for name, value in row.items() if name != "mart" and value is not None]
    return ", ".join(f"{name} = {value}" for name, value in shown[:EXAMPLE])


def _is_removable(node: Mapping[str, Any] | None) -> bool:
    """Tell whether a table may be taken out: a mart of a domain that others need not stand on."""
    return node is not None and node["schema"] == "main" and node["fqn"][-2] not in GROUND


def take_out(scratch: Path, counts: Path, found: list[Failure]) -> None:
    """Remove the parts that are wrong, and write down in the table ``withheld`` which and why.

    Parameters
    ----------
    scratch
        The file that was built.
    counts
        Its rows by table, which change.
    found
        All of them removable. A part that the table has no column for is all of it.
    """
    rows = json.loads(counts.read_text(encoding="utf-8"))
    with duckdb.connect(str(scratch)) as connection:
        for failure in found:
            table = f"main.{failure.table}"
            columns = {name for name, *_ in connection.execute(f"describe {table}").fetchall()}
            part = [(name, value) for name, value in failure.part if name in columns]
            where = " and ".join(f"{name} = {sql_string(value)}" for name, value in part) or "true"
            (gone,) = connection.execute(f"delete from {table} where {where}").fetchone() or (0,)
            rows[table] -= gone
            named = dict(failure.part)
            connection.execute(
                f"insert into {WITHHELD} values (?, ?, ?, ?, ?, ?)",
                [
                    failure.table,
                    *(named.get(name) for name in PARTS),
                    failure.check,
                    failure.rows,
                    failure.example,
                ],
            )
        rows[WITHHELD] = len(found)
    counts.write_text(json.dumps(rows), encoding="utf-8")


def withheld(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Return a line for each part that a warehouse lacks, with the check that found it wrong."""
    lines = []
    for table, *values, check, rows, example in connection.execute(
        "select table_name, retailer, list_name, check_name, rows_found, example "
        f"from {WITHHELD} order by all"
    ).fetchall():
        part = tuple((name, value) for name, value in zip(PARTS, values, strict=True) if value)
        lines.append(_line(table, part, check, rows, example))
    return lines
