"""Made-up files of every form are built line for line: each is kept or excluded."""

import csv
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from sandboxes import Sandbox

from made_files import Made, made_files
from palette.core.forms import SourceTable, forms

PLAIN = {
    "integer": "1",
    "decimal": "1",
    "date": "2025-01-31",
    "timestamp": "2025-01-31",
    "time_of_day": "10:00",
}


def write_plain(folder: Path, table: SourceTable) -> None:
    """Write a row of a table that a shop needs beside its purchases."""
    columns = [column for column in table.columns if column.is_required]
    stem = table.patterns[0].removesuffix(".csv").replace("*", "")
    with (folder / f"{stem}.csv").open("w", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow([column.name for column in columns])
        rows.writerow([PLAIN.get(column.kind, "x") for column in columns])


def write_shops(data: Path) -> dict[str, int]:
    """Write made-up shops; returns how many lines each has."""
    lines: dict[str, int] = {}

    @settings(
        max_examples=400,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(made_files(purchases_alone=True))
    def write(made: Made) -> None:
        others = [table for table in forms()[made.table.form].tables.values() if table.is_required][1:]
        if made.must_land and not (others and "csv" in made.declared):
            key = f"shop{len(lines)}"
            (data / key).mkdir(parents=True)
            (data / key / made.name).write_bytes(made.content)
            (data / key / "retailer.yml").write_text(yaml.safe_dump(made.declared))
            for table in others:
                write_plain(data / key, table)
            lines[key] = len(made.rows)

    write()
    return lines


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Sandbox, dict[str, int]]:
    folder = tmp_path_factory.mktemp("made files")
    lines = write_shops(folder / "data")
    shops = Sandbox(folder, folder / "data", retailers="")
    return shops.build("--select", "+order_lines", "+excluded_order_lines"), lines


def test_every_line_is_kept_or_excluded(built: tuple[Sandbox, dict[str, int]]) -> None:
    shops, lines = built
    found = shops.query("""
        select retailer, count(*) as lines
        from (select retailer from order_lines union all select retailer from excluded_order_lines)
        group by retailer
    """)
    assert len(lines) > 10
    assert found.set_index("retailer")["lines"].to_dict() == lines
