import csv
import io
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
import yaml

from palette.core.column_facts import look_at
from palette.core.header_words import Form, read_forms
from palette.core.recognition import Recognition, propose

ROOT = Path(__file__).parents[3]
HEADERS = Path(__file__).parent / "headers"


def forms() -> list[Form]:
    paths = sorted((ROOT / "models" / "staging").glob("*/_*__sources.yml"))
    return read_forms(yaml.safe_load(path.read_text()) for path in paths)


FORMS = forms()


def recognise(name: str, header: list[str], rows: list[list[str]]) -> Recognition:
    columns = {each: pa.array([row[at] for row in rows], pa.string()) for at, each in enumerate(header)}
    with duckdb.connect() as connection:
        connection.register("file", pa.table(columns))
        return propose({name: look_at(connection, "file", header)}, FORMS)


def of_case(case: dict[str, Any]) -> Recognition:
    rows = list(csv.reader(io.StringIO(case["rows"]), delimiter=case.get("delimiter", ",")))
    rows = [row for row in rows if row]
    header = [f"column_{at}" for at in range(1, len(rows[0]) + 1)]
    if "column_1" not in case["meanings"]:
        header, *rows = rows
    width = len(header)
    return recognise(case["file"], header, [(row + [""] * width)[:width] for row in rows])


def bench(name: str) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = yaml.safe_load((HEADERS / name).read_text())
    return cases


def judge(case: dict[str, Any]) -> tuple[int, int, list[str], list[str]]:
    """Count the columns and those with a right meaning; name the wrong ones, and which of them were sure."""
    (file,) = of_case(case).files
    wrong, surely_wrong = [], []
    for each in file.columns:
        right = case["meanings"].get(each.column)
        rights = right if isinstance(right, list) else [right]
        names = {each.meaning, f"{each.table}.{each.meaning}" if each.meaning else None}
        if names.isdisjoint(rights) or (
            each.meaning and each.table != file.table and f"{each.table}.{each.meaning}" not in rights
        ):
            wrong.append(
                f"{case['name']}: {each.column} is {rights}, not {each.table}.{each.meaning}: {each.why}"
            )
            if each.sure and each.meaning:
                surely_wrong.append(wrong[-1])
    return len(file.columns), len(file.columns) - len(wrong), wrong, surely_wrong


@pytest.mark.parametrize("name", ["known.yml", "held_out.yml"])
def test_columns_are_recognised_at_first_go(name: str) -> None:
    judged = [judge(case) for case in bench(name)]
    columns, right = sum(each[0] for each in judged), sum(each[1] for each in judged)
    print(f"\n{name}: {right} of {columns} columns recognised at first go ({right / columns:.1%})")
    print("\n".join(line for each in judged for line in each[2]))
    assert right / columns >= 0.95
    assert [line for each in judged for line in each[3]] == []
