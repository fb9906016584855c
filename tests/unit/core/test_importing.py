import datetime as dt
import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest
from rich.console import Console

from palette.core import importing
from palette.core.importing import import_files
from palette.core.inputs import InputError, check_inputs

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


def read(path: Path) -> list[tuple[object, ...]]:
    return duckdb.read_parquet(str(path)).fetchall()


def quiet() -> Console:
    return Console(file=io.StringIO(), width=200)


def problem(files: list[Path], out: Path) -> str:
    """Give the message, and see that the failed import left nothing."""
    before = sorted(out.rglob("*"))
    with pytest.raises(InputError) as raised:
        import_files("online_retail", files, out, console=quiet())
    assert sorted(out.rglob("*")) == before
    return str(raised.value)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "data"


class TestForms:
    def test_kaggle_csv(self, tmp_path: Path, out: Path) -> None:
        imported = import_files("online_retail", [kaggle(tmp_path / "data.csv")], out)
        assert imported.path == out / "online_retail" / "invoice_lines.parquet"
        assert imported.rows == {f"{tmp_path}/data.csv": 2}
        assert read(imported.path) == ROWS

    def test_workbook(self, tmp_path: Path, out: Path) -> None:
        path = workbook(tmp_path / "Online Retail.xlsx", **{"Online Retail": [NAMES, *CELLS]})
        imported = import_files("online_retail", [path], out)
        assert imported.rows == {f"{path}, sheet 'Online Retail'": 2}
        assert read(imported.path) == ROWS

    def test_workbook_of_several_sheets_with_the_second_names(self, tmp_path: Path, out: Path) -> None:
        sheets = {"Year 2009": [SECOND_NAMES, CELLS[0]], "Year 2010": [SECOND_NAMES, CELLS[1]]}
        imported = import_files(
            "online_retail", [workbook(tmp_path / "online_retail_II.xlsx", **sheets)], out
        )
        assert list(imported.rows.values()) == [1, 1]
        assert read(imported.path) == ROWS

    def test_parquet_is_imported_as_it_was(self, tmp_path: Path, out: Path) -> None:
        first = import_files("online_retail", [kaggle(tmp_path / "data.csv")], tmp_path / "first").path
        second = import_files("online_retail", [first], out).path
        assert read(second) == ROWS
        assert duckdb.read_parquet(str(second)).types == duckdb.read_parquet(str(first)).types

    def test_several_files_of_several_forms(self, tmp_path: Path, out: Path) -> None:
        book = workbook(tmp_path / "book.xlsx", Sheet=[NAMES, *CELLS])
        imported = import_files("online_retail", [book, kaggle(tmp_path / "data.csv")], out)
        assert read(imported.path) == ROWS * 2

    def test_the_result_is_an_input(self, tmp_path: Path, out: Path) -> None:
        path = import_files("online_retail", [kaggle(tmp_path / "data.csv")], out).path
        check_inputs(out, ["online_retail"])
        codecs = duckdb.sql(f"select distinct compression from parquet_metadata('{path}')").fetchall()
        assert codecs == [("ZSTD",)]
        assert list(out.rglob("*.parquet*")) == [path]

    def test_odd_folder_names(self, tmp_path: Path) -> None:
        folder = tmp_path / "it's 소매 [x]"
        folder.mkdir()
        book = workbook(folder / "it's.xlsx", **{"it's": [NAMES, *CELLS]})
        assert read(import_files("online_retail", [book], folder / "out").path) == ROWS


class TestOut:
    def test_the_retailers_folder_itself(self, tmp_path: Path, out: Path) -> None:
        imported = import_files("online_retail", [kaggle(tmp_path / "data.csv")], out / "online_retail")
        assert imported.path == out / "online_retail" / "invoice_lines.parquet"

    def test_an_earlier_import_is_replaced(self, tmp_path: Path, out: Path) -> None:
        import_files("online_retail", [workbook(tmp_path / "a.xlsx", A=[NAMES, CELLS[0]])], out)
        imported = import_files("online_retail", [kaggle(tmp_path / "data.csv")], out)
        assert read(imported.path) == ROWS

    def test_an_earlier_import_survives_a_failed_one(self, tmp_path: Path, out: Path) -> None:
        imported = import_files("online_retail", [kaggle(tmp_path / "data.csv")], out)
        bad = workbook(tmp_path / "bad.xlsx", A=[NAMES, [*CELLS[0][:3], "six", *CELLS[0][4:]]])
        problem([bad], out)
        assert read(imported.path) == ROWS

    def test_a_failed_write_leaves_nothing(
        self, tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: Path) -> None:
            raise OSError(28, "No space left on device")

        (out / "online_retail").mkdir(parents=True)
        monkeypatch.setattr(Path, "replace", full)
        assert "No space left on device" in problem([kaggle(tmp_path / "data.csv")], out)

    def test_rows_and_skipped_sheets_are_reported(self, tmp_path: Path, out: Path) -> None:
        console = quiet()
        path = workbook(tmp_path / "a.xlsx", Notes=[["made by hand"]], Empty=[], Lines=[NAMES, *CELLS])
        imported = import_files("online_retail", [path], out, console=console)
        printed = console.file.getvalue()  # type: ignore[attr-defined]
        assert list(imported.rows) == [f"{path}, sheet 'Lines'"]
        for sheet in ("Notes", "Empty"):
            assert f"note: {path}, sheet '{sheet}' has no rows, skipped" in printed
        assert f"{path}, sheet 'Lines': 2 rows" in printed

    def test_other_files_in_the_folder_are_reported(self, tmp_path: Path, out: Path) -> None:
        (out / "online_retail").mkdir(parents=True)
        other = kaggle(out / "online_retail" / "other.csv")
        console = quiet()
        import_files("online_retail", [kaggle(tmp_path / "data.csv")], out, console=console)
        note = f"note: {other} lies in the same folder and is read as well"
        assert note in console.file.getvalue()  # type: ignore[attr-defined]


class TestSheets:
    def test_blank_rows_titles_and_other_columns_do_not_matter(self, tmp_path: Path, out: Path) -> None:
        rows: list[list[str | object]] = [[], [None, "note", *NAMES], [], [None, "x", *CELLS[0]], [], []]
        path = workbook(tmp_path / "a.xlsx", A=[*rows, [None, None, *CELLS[1]]])
        assert read(import_files("online_retail", [path], out).path) == ROWS

    def test_more_rows_than_a_batch(self, tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(importing, "_BATCH", 2)
        path = workbook(tmp_path / "a.xlsx", A=[NAMES, *CELLS * 3])
        assert read(import_files("online_retail", [path], out).path) == ROWS * 3

    def test_dates_as_text_and_without_time(self, tmp_path: Path, out: Path) -> None:
        dates: list[object] = ["12/1/2010 8:26", dt.date(2010, 12, 2)]
        rows = [[*CELLS[0][:4], date, *CELLS[0][5:]] for date in dates]
        path = workbook(tmp_path / "a.xlsx", A=[NAMES, *rows])
        read_dates = [row[4] for row in read(import_files("online_retail", [path], out).path)]
        assert read_dates == [dt.datetime(2010, 12, 1, 8, 26), dt.datetime(2010, 12, 2)]

    def test_a_bad_value(self, tmp_path: Path, out: Path) -> None:
        bad = [*CELLS[0][:3], "six", *CELLS[0][4:]]
        path = workbook(tmp_path / "a.xlsx", Good=[NAMES, *CELLS], Bad=[NAMES, CELLS[0], [], bad, bad])
        assert problem([path], out) == (
            f"{path}, sheet 'Bad': row 4, column Quantity: 'six' is not a whole number "
            "(and 1 more such value in this column)"
        )

    def test_an_empty_value(self, tmp_path: Path, out: Path) -> None:
        path = workbook(tmp_path / "a.xlsx", A=[SECOND_NAMES, [None, *CELLS[0][1:]]])
        assert problem([path], out) == f"{path}, sheet 'A': row 2, column Invoice: the value is empty"

    def test_a_number_that_is_no_date(self, tmp_path: Path, out: Path) -> None:
        path = workbook(tmp_path / "a.xlsx", A=[NAMES, [*CELLS[0][:4], 40513.5, *CELLS[0][5:]]])
        assert problem([path], out).endswith("column InvoiceDate: '40513.5' is not a date and time")

    def test_a_missing_column(self, tmp_path: Path, out: Path) -> None:
        path = workbook(tmp_path / "a.xlsx", Good=[NAMES, *CELLS], Bad=[NAMES[:-1], CELLS[0][:-1]])
        message = problem([path], out)
        assert message.startswith(f"{path}, sheet 'Bad': column Country is missing (accepted names: Country")

    def test_no_rows_at_all(self, tmp_path: Path, out: Path) -> None:
        path = workbook(tmp_path / "a.xlsx", A=[NAMES], B=[])
        assert problem([path], out) == f"{path}: no sheet has any rows"

    def test_not_a_workbook(self, tmp_path: Path, out: Path) -> None:
        assert problem([kaggle(tmp_path / "a.xlsx")], out).startswith(f"{tmp_path}/a.xlsx: cannot be read: ")


class TestChoice:
    def test_a_bad_value_of_a_csv(self, tmp_path: Path, out: Path) -> None:
        path = kaggle(tmp_path / "data.csv")
        path.write_bytes(path.read_bytes().replace(b",-1,", b",minus one,"))
        expected = f"{path}: row 2 (line 3 of the file), column Quantity: 'minus one' is not a whole number"
        assert problem([path], out) == expected

    def test_a_file_that_is_not_there(self, tmp_path: Path, out: Path) -> None:
        for name in ("none.csv", "none.parquet", "none.xlsx"):
            assert problem([tmp_path / name], out).startswith(
                f"{tmp_path / name}: cannot be read: No such file"
            )

    def test_a_form_that_is_not_read(self, tmp_path: Path, out: Path) -> None:
        message = problem([kaggle(tmp_path / "archive.zip")], out)
        assert message == f"{tmp_path}/archive.zip: not a .csv, .csv.gz, .parquet, .xlsx or .xls file"

    def test_the_same_file_twice(self, tmp_path: Path, out: Path) -> None:
        path = kaggle(tmp_path / "data.csv")
        assert problem([path, tmp_path / "." / "data.csv"], out) == f"{path}: given twice"

    def test_a_file_that_is_read_without_an_import(self, out: Path) -> None:
        (out / "online_retail").mkdir(parents=True)
        path = kaggle(out / "online_retail" / "data.csv")
        assert "its rows would count twice" in problem([path], out)

    def test_no_file(self, out: Path) -> None:
        assert problem([], out) == "no file given"

    def test_an_unknown_retailer(self, tmp_path: Path, out: Path) -> None:
        with pytest.raises(InputError, match="unknown retailer 'shop'; known: online_retail"):
            import_files("shop", [kaggle(tmp_path / "data.csv")], out)

    def test_an_unknown_table(self, tmp_path: Path, out: Path) -> None:
        with pytest.raises(InputError, match=r"say which table of online_retail .* invoice_lines"):
            import_files("online_retail", [kaggle(tmp_path / "data.csv")], out, table_name="visits")
