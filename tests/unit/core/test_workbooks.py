import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest

from palette.core import workbooks
from palette.core.declarations import Declared, declare
from palette.core.errors import InputError
from palette.core.forms import forms
from palette.core.landing import land, table_sql

TABLE = forms()["online_retail"].purchases
NAMES = [
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
]
SECOND_NAMES = ["Invoice", *NAMES[1:5], "Price", "Customer ID", "Country"]
ROWS = [
    ("536365", "85123A", "£5 MUG", 6, dt.datetime(2010, 12, 1, 8, 26), Decimal("2.5500"), "17850", "Eire"),
    ("C536379", "10002", None, -1, dt.datetime(2010, 12, 13, 9, 41), Decimal("27.5000"), None, "France"),
]
KAGGLE = (
    f"{','.join(NAMES)}\r\n536365,85123A,£5 MUG,6,12/1/2010 8:26,2.55,17850,Eire\r\n"
    "C536379,10002,,-1,12/13/2010 9:41,27.5,,France\r\n"
)
# As Excel keeps them: identifiers are numbers where they look like numbers.
CELLS = [
    [536365, "85123A", "£5 MUG", 6, dt.datetime(2010, 12, 1, 8, 26), 2.55, 17850, "Eire"],
    ["C536379", 10002, None, -1, dt.datetime(2010, 12, 13, 9, 41), 27.5, None, "France"],
]


def workbook(path: Path, **sheets: Any) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def kaggle(path: Path) -> Path:
    path.write_bytes(KAGGLE.encode("latin-1"))
    return path


def shop(folder: Path) -> Declared:
    return declare("shop", folder, {"form": "online_retail"})


def read(folder: Path) -> list[tuple[object, ...]]:
    sql = table_sql([shop(folder)], TABLE)
    return duckdb.sql(f"select * exclude (retailer) from ({sql})").fetchall()


def problem(folder: Path) -> str:
    with pytest.raises(InputError) as raised:
        land(shop(folder), TABLE)
    return str(raised.value)


class TestForms:
    @pytest.mark.parametrize("name", ["Online Retail.xlsx", "BOOK.XLSX"])
    def test_workbook(self, tmp_path: Path, name: str) -> None:
        path = workbook(tmp_path / name, **{"Online Retail": [NAMES, *CELLS]})
        assert read(tmp_path) == ROWS
        landed = land(shop(tmp_path), TABLE)
        assert (landed.rows, landed.files) == (2, (f"{path}, sheet 'Online Retail'",))

    def test_several_sheets_with_the_second_names(self, tmp_path: Path) -> None:
        sheets = {"Year 2009": [SECOND_NAMES, CELLS[0]], "Year 2010": [SECOND_NAMES, CELLS[1]]}
        path = workbook(tmp_path / "online_retail_II.xlsx", **sheets)
        assert read(tmp_path) == ROWS
        assert land(shop(tmp_path), TABLE).files == tuple(f"{path}, sheet '{name}'" for name in sheets)

    def test_workbooks_beside_other_files(self, tmp_path: Path) -> None:
        workbook(tmp_path / "book.xlsx", Sheet=[NAMES, *CELLS])
        kaggle(tmp_path / "data.csv")
        assert read(tmp_path) == ROWS * 2

    def test_two_workbooks_of_one_stem_and_sheet(self, tmp_path: Path) -> None:
        workbook(tmp_path / "book.xlsx", A=[NAMES, CELLS[0]])
        workbook(tmp_path / "book.XLSX", A=[NAMES, CELLS[1]])
        assert sorted(read(tmp_path), key=str) == sorted(ROWS, key=str)

    def test_odd_folder_names(self, tmp_path: Path) -> None:
        folder = tmp_path / "it's 소매 [x]"
        folder.mkdir()
        workbook(folder / "it's.xlsx", **{"it's": [NAMES, *CELLS]})
        assert read(folder) == ROWS


class TestSheets:
    def test_sheets_without_rows_are_left_out(self, tmp_path: Path) -> None:
        path = workbook(tmp_path / "a.xlsx", Notes=[["made by hand"]], Empty=[], Lines=[NAMES, *CELLS])
        assert read(tmp_path) == ROWS
        assert land(shop(tmp_path), TABLE).files == (f"{path}, sheet 'Lines'",)

    def test_blank_rows_titles_and_other_columns_do_not_matter(self, tmp_path: Path) -> None:
        rows: list[list[str | object]] = [[], [None, "note", *NAMES], [], [None, "x", *CELLS[0]], [], []]
        workbook(tmp_path / "a.xlsx", A=[*rows, [None, None, *CELLS[1]]])
        assert read(tmp_path) == ROWS

    def test_more_rows_than_a_batch(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(workbooks, "_BATCH", 2)
        workbook(tmp_path / "a.xlsx", A=[NAMES, *CELLS * 3])
        assert read(tmp_path) == ROWS * 3

    def test_dates_as_text_and_without_time(self, tmp_path: Path) -> None:
        dates: list[object] = ["12/1/2010 8:26", dt.date(2010, 12, 2)]
        workbook(tmp_path / "a.xlsx", A=[NAMES, *([*CELLS[0][:4], date, *CELLS[0][5:]] for date in dates)])
        assert [row[4] for row in read(tmp_path)] == [
            dt.datetime(2010, 12, 1, 8, 26),
            dt.datetime(2010, 12, 2),
        ]

    def test_a_number_for_a_date_counts_days(self, tmp_path: Path) -> None:
        workbook(tmp_path / "a.xlsx", A=[NAMES, [*CELLS[0][:4], 40513.5, *CELLS[0][5:]]])
        assert read(tmp_path)[0][4] == dt.datetime(2010, 12, 1, 12)


class TestProblems:
    def test_a_bad_value(self, tmp_path: Path) -> None:
        bad = [*CELLS[0][:3], "six", *CELLS[0][4:]]
        path = workbook(tmp_path / "a.xlsx", Good=[NAMES, *CELLS], Bad=[NAMES, CELLS[0], [], bad, bad])
        assert problem(tmp_path) == (
            f"{path}, sheet 'Bad': row 4, column Quantity: 'six' is not a whole number "
            "(and 1 more such value in this column)"
        )

    def test_an_empty_value(self, tmp_path: Path) -> None:
        path = workbook(tmp_path / "a.xlsx", A=[SECOND_NAMES, [None, *CELLS[0][1:]]])
        assert problem(tmp_path) == f"{path}, sheet 'A': row 2, column Invoice: the value is empty"

    def test_a_number_that_is_no_date(self, tmp_path: Path) -> None:
        workbook(tmp_path / "a.xlsx", A=[NAMES, [*CELLS[0][:4], 4051.5, *CELLS[0][5:]]])
        assert problem(tmp_path).endswith("column InvoiceDate: '4051.5' is not a date and time")

    def test_a_missing_column(self, tmp_path: Path) -> None:
        path = workbook(tmp_path / "a.xlsx", Good=[NAMES, *CELLS], Bad=[NAMES[:-1], CELLS[0][:-1]])
        message = problem(tmp_path)
        assert message.startswith(f"{path}, sheet 'Bad': column Country is missing (accepted names: country")

    def test_no_rows_at_all(self, tmp_path: Path) -> None:
        path = workbook(tmp_path / "a.xlsx", A=[NAMES], B=[])
        assert problem(tmp_path) == f"{path}: no sheet has any rows"

    @pytest.mark.parametrize("name", ["a.xlsx", "a.xls"])
    def test_not_a_workbook(self, tmp_path: Path, name: str) -> None:
        assert problem(kaggle(tmp_path / name).parent).startswith(f"{tmp_path / name}: cannot be read: ")
