import gzip
import os
import unicodedata
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from palette.core import inputs
from palette.core.inputs import InputError, check_inputs, find_inputs, source_sql
from palette.core.sources import SOURCES, Column, SourceTable

TABLE = SOURCES["online_retail"][0]
REAL_DATA = Path(__file__).parents[4] / "shared" / "data"

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
# The same two lines in every form that follows.
ROWS = [
    ("536365", "85123A", "£5 MUG", 6, datetime(2010, 12, 1, 8, 26), Decimal("2.5500"), "17850", "Eire"),
    ("C536379", "10002", None, -1, datetime(2010, 12, 13, 9, 41), Decimal("27.5000"), None, "France"),
]
KAGGLE = (
    f"{HEADER}\r\n536365,85123A,£5 MUG,6,12/1/2010 8:26,2.55,17850,Eire\r\n"
    "C536379,10002,,-1,12/13/2010 9:41,27.5,,France\r\n"
)
GOOD = ["536365", "85123A", "MUG", "6", "2010-12-01 08:26:00", "2.55", "17850", "Eire"]


def read(folder: Path) -> list[tuple[object, ...]]:
    """All typed rows, through a view as the warehouse reads them."""
    check_inputs(folder, ["online_retail"])
    with duckdb.connect() as connection:
        connection.execute(f"create view lines as {source_sql(find_inputs(folder, TABLE, True), TABLE)}")
        return connection.execute("from lines").fetchall()


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = text.encode(encoding)
    path.write_bytes(gzip.compress(content) if path.name.lower().endswith(".gz") else content)
    return path


def write_lines(path: Path, *lines: list[str]) -> Path:
    return write(path, "\n".join([HEADER, *(",".join(line) for line in lines)]) + "\n")


def with_value(header: str, value: str) -> list[str]:
    line = list(GOOD)
    line[HEADER.split(",").index(header)] = value
    return line


def write_parquet(path: Path, **changed: pa.Array) -> Path:
    """Write one row, by default the types of the public file, with other columns where given."""
    columns = {
        "InvoiceNo": pa.array(["536365"]),
        "StockCode": pa.array(["85123A"]),
        "Description": pa.array(["£5 MUG"]),
        "Quantity": pa.array([6], pa.int64()),
        "InvoiceDate": pa.array(["2010-12-01 08:26:00"]),
        "UnitPrice": pa.array([2.55]),
        "CustomerID": pa.array([17850.0]),
        "Country": pa.array(["Eire"]),
    }
    pq.write_table(pa.table(columns | changed), path)
    return path


def problem(folder: Path) -> str:
    with pytest.raises(InputError) as raised:
        check_inputs(folder, ["online_retail"])
    return str(raised.value)


class TestForms:
    def test_the_columns_and_types_are_those_declared(self, tmp_path: Path) -> None:
        write(tmp_path / "data.csv", KAGGLE)
        relation = duckdb.sql(source_sql(find_inputs(tmp_path, TABLE, True), TABLE))
        assert dict(zip(relation.columns, map(str, relation.types), strict=True)) == {
            "invoice_no": "VARCHAR",
            "stock_code": "VARCHAR",
            "description": "VARCHAR",
            "quantity": "BIGINT",
            "invoice_date": "TIMESTAMP",
            "unit_price": "DECIMAL(18,4)",
            "customer_id": "VARCHAR",
            "country": "VARCHAR",
        }

    @pytest.mark.parametrize("encoding", ["latin-1", "utf-8", "utf-8-sig"])
    @pytest.mark.parametrize("name", ["data.csv", "DATA.CSV", "data.csv.gz", "Data.Csv.GZ"])
    def test_kaggle_csv(self, tmp_path: Path, name: str, encoding: str) -> None:
        write(tmp_path / name, KAGGLE, encoding)
        assert read(tmp_path) == ROWS

    @pytest.mark.parametrize("delimiter", [";", "\t", "|"])
    def test_other_delimiters(self, tmp_path: Path, delimiter: str) -> None:
        write(tmp_path / "data.csv", KAGGLE.replace(",", delimiter))
        assert read(tmp_path) == ROWS

    def test_delimiters_within_quotes_do_not_count(self, tmp_path: Path) -> None:
        text = KAGGLE.replace("Description", '"Description"').replace("\r\n", ',""\r\n')
        write(tmp_path / "data.csv", text.replace('Country,"', 'Country,";;;;;;;;;;;;;'))
        assert read(tmp_path) == ROWS

    def test_online_retail_ii_names_in_any_order_among_others(self, tmp_path: Path) -> None:
        write(
            tmp_path / "online_retail_II.csv",
            "note,Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Country,Customer ID\n"
            "x,536365,85123A,£5 MUG,6,2010-12-01 08:26:00,2.55,Eire,17850.0\n"
            "y,C536379,10002,,-1,2010-12-13 09:41:00,27.5,France,\n",
        )
        assert read(tmp_path) == ROWS

    def test_headers_ignore_case_spaces_and_underscores(self, tmp_path: Path) -> None:
        write(tmp_path / "data.csv", KAGGLE.replace(HEADER, HEADER.upper().replace("UNITP", " unit_ p")))
        assert read(tmp_path) == ROWS

    def test_parquet_of_the_public_file(self, tmp_path: Path) -> None:
        write_parquet(tmp_path / "lines.parquet")
        assert read(tmp_path) == ROWS[:1]

    @pytest.mark.parametrize(
        "changed",
        [
            {"InvoiceNo": pa.array([536365])},
            {"InvoiceNo": pa.array([536365.0])},
            {"InvoiceNo": pa.array([536365.0], pa.float32())},
            {"InvoiceNo": pa.array([Decimal("536365.00")])},
            {"InvoiceNo": pa.array([b"536365"])},
            {"InvoiceNo": pa.array(["536365"]).dictionary_encode()},
            {"CustomerID": pa.array([17850])},
            {"CustomerID": pa.array(["17850.0"])},
            {"Quantity": pa.array([6], pa.uint8())},
            {"Quantity": pa.array([6.0])},
            {"Quantity": pa.array(["6"])},
            {"UnitPrice": pa.array([Decimal("2.55")])},
            {"UnitPrice": pa.array(["2.55"])},
            {"UnitPrice": pa.array([2.55], pa.float32())},
            {"InvoiceDate": pa.array([datetime(2010, 12, 1, 8, 26)], pa.timestamp("us"))},
            {"InvoiceDate": pa.array([datetime(2010, 12, 1, 8, 26)], pa.timestamp("ns"))},
            {"InvoiceDate": pa.array([datetime(2010, 12, 1, 8, 26)], pa.timestamp("us", tz="UTC"))},
            {"InvoiceDate": pa.array([datetime(2010, 12, 1, 8, 26)], pa.timestamp("s", tz="Asia/Seoul"))},
        ],
        ids=lambda changed: " ".join(f"{name} {column.type}" for name, column in changed.items()),
    )
    def test_parquet_of_other_types(self, tmp_path: Path, changed: dict[str, pa.Array]) -> None:
        write_parquet(tmp_path / "lines.parquet", **changed)
        assert read(tmp_path) == ROWS[:1]

    def test_a_parquet_date_is_its_midnight(self, tmp_path: Path) -> None:
        write_parquet(tmp_path / "lines.parquet", InvoiceDate=pa.array([datetime(2010, 12, 1).date()]))
        assert read(tmp_path)[0][4] == datetime(2010, 12, 1)

    @pytest.mark.parametrize("customer", [None, float("nan")])
    def test_a_missing_number_is_no_customer(self, tmp_path: Path, customer: float | None) -> None:
        write_parquet(tmp_path / "lines.parquet", CustomerID=pa.array([customer], pa.float64()))
        assert read(tmp_path)[0][6] is None

    def test_several_files_are_read_in_the_order_of_their_names(self, tmp_path: Path) -> None:
        write_parquet(tmp_path / "b.parquet")
        write_lines(tmp_path / "c.csv", with_value("Country", "c"))
        write_lines(tmp_path / "a.CSV", with_value("Country", "a"))
        assert [row[7] for row in read(tmp_path)] == ["a", "Eire", "c"]

    @pytest.mark.parametrize("folder", ["it's", "소매 데이터", "a [b] * c?", "semi;colon {x}", "year=2010"])
    def test_odd_folder_names(self, tmp_path: Path, folder: str) -> None:
        write(tmp_path / folder / "online_retail" / "it's.csv", KAGGLE)
        write_parquet(tmp_path / folder / "online_retail" / "more's.parquet")
        assert read(tmp_path / folder) == [*ROWS, ROWS[0]]

    def test_a_relative_folder_still_works_elsewhere(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(tmp_path / "data" / "lines.csv", KAGGLE)
        monkeypatch.chdir(tmp_path)
        sql = source_sql(find_inputs(Path("data"), TABLE, True), TABLE)
        monkeypatch.chdir("/")
        assert duckdb.sql(sql).fetchall() == ROWS

    def test_text_is_left_as_it_is(self, tmp_path: Path) -> None:
        write_lines(tmp_path / "data.csv", with_value("Description", '" 12"" MUG,\n""RED"" "'))
        write_lines(tmp_path / "data2.csv", with_value("Description", '12" MUG '))
        assert [row[2] for row in read(tmp_path)] == [' 12" MUG,\n"RED" ', '12" MUG ']


class TestValues:
    @pytest.mark.parametrize(
        ("text", "quantity"), [("6", 6), ("6.0", 6), ("1e3", 1000), ("-2.", -2), ("+5", 5), (" 7 ", 7)]
    )
    def test_whole_numbers(self, tmp_path: Path, text: str, quantity: int) -> None:
        write_lines(tmp_path / "data.csv", with_value("Quantity", text))
        assert read(tmp_path)[0][3] == quantity

    @pytest.mark.parametrize("text", ["six", "6.5", '"1,000"', "1_000", "0x10", "inf", "nan", "1e30", "true"])
    def test_what_is_not_a_whole_number(self, tmp_path: Path, text: str) -> None:
        write_lines(tmp_path / "data.csv", with_value("Quantity", text))
        assert f"column Quantity: '{text.strip(chr(34))}' is not a whole number" in problem(tmp_path)

    @pytest.mark.parametrize(
        ("text", "price"),
        [("2.55", "2.5500"), ("0", "0"), ("-11062.06", "-11062.06"), ("1e-3", "0.001"), (".5", "0.5")],
    )
    def test_decimals(self, tmp_path: Path, text: str, price: str) -> None:
        write_lines(tmp_path / "data.csv", with_value("UnitPrice", text))
        assert read(tmp_path)[0][5] == Decimal(price)

    @pytest.mark.parametrize(
        "text", ["£2", '"1,000.50"', '"2,55"', "1_0.5", "inf", "-Infinity", "NaN", "1e20"]
    )
    def test_what_is_not_a_number(self, tmp_path: Path, text: str) -> None:
        write_lines(tmp_path / "data.csv", with_value("UnitPrice", text))
        assert f"column UnitPrice: '{text.strip(chr(34))}' is not a number" in problem(tmp_path)

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("2010-12-01 08:26:00", datetime(2010, 12, 1, 8, 26)),
            ("2010-12-01T08:26:05", datetime(2010, 12, 1, 8, 26, 5)),
            ("2010-12-01 08:26:05.25", datetime(2010, 12, 1, 8, 26, 5, 250_000)),
            ("2010-12-01T08:26:05.000001", datetime(2010, 12, 1, 8, 26, 5, 1)),
            ("2010-12-01 08:26", datetime(2010, 12, 1, 8, 26)),
            ("2010-12-01T08:26", datetime(2010, 12, 1, 8, 26)),
            ("12/1/2010 8:26", datetime(2010, 12, 1, 8, 26)),
            ("12/01/2010 08:26:05", datetime(2010, 12, 1, 8, 26, 5)),
            ("12/1/10 8:26", datetime(2010, 12, 1, 8, 26)),
            ("12/1/2010", datetime(2010, 12, 1)),
            ("2010-12-01", datetime(2010, 12, 1)),
        ],
    )
    def test_timestamps(self, tmp_path: Path, text: str, expected: datetime) -> None:
        write_lines(tmp_path / "data.csv", with_value("InvoiceDate", text))
        assert read(tmp_path)[0][4] == expected

    @pytest.mark.parametrize(
        "text", ["yesterday", "13/12/2010 8:26", "2010-02-30", "10-12-01", "0010-12-01", "40513.35"]
    )
    def test_what_is_not_a_timestamp(self, tmp_path: Path, text: str) -> None:
        write_lines(tmp_path / "data.csv", with_value("InvoiceDate", text))
        assert f"column InvoiceDate: '{text}' is not a date and time" in problem(tmp_path)

    @pytest.mark.parametrize(
        ("text", "customer"), [("17850.0", "17850"), ("017850", "017850"), ("A.0", "A.0"), ("", None)]
    )
    def test_identifiers(self, tmp_path: Path, text: str, customer: str | None) -> None:
        write_lines(tmp_path / "data.csv", with_value("CustomerID", text))
        assert read(tmp_path)[0][6] == customer

    @pytest.mark.parametrize("header", ["InvoiceNo", "StockCode", "Quantity", "InvoiceDate", "UnitPrice"])
    def test_required_values_may_not_be_empty(self, tmp_path: Path, header: str) -> None:
        write_lines(tmp_path / "data.csv", GOOD, with_value(header, '""'))
        expected = f"{tmp_path}/data.csv: row 2 (line 3 of the file), column {header}: the value is empty"
        assert problem(tmp_path) == expected

    @pytest.mark.parametrize("header", ["Description", "CustomerID", "Country"])
    def test_other_values_may_be_empty(self, tmp_path: Path, header: str) -> None:
        write_lines(tmp_path / "data.csv", with_value(header, ""))
        assert read(tmp_path)[0].count(None) == 1

    def test_an_optional_value_may_be_empty_but_not_wrong(self, tmp_path: Path) -> None:
        table = SourceTable("shop", "visits", ("*.csv",), (Column("age", (), "integer", required=False),))
        path = write(tmp_path / "visits.csv", 'age\n1\n""\n')
        assert inputs.check_file(inputs.open_input(path, table), table) == 2
        write(path, "age\n1\nold\n")
        with pytest.raises(InputError, match="column age: 'old' is not a whole number"):
            inputs.check_file(inputs.open_input(path, table), table)


class TestFirstBadValue:
    def test_message_names_file_row_line_and_own_header(self, tmp_path: Path) -> None:
        text = KAGGLE.replace("Quantity", "QUANTITY") + "5,x,,six,12/1/2010 8:26,1,,\r\n"
        path = write(tmp_path / "data.csv", text)
        expected = f"{path}: row 3 (line 4 of the file), column QUANTITY: 'six' is not a whole number"
        assert problem(tmp_path) == expected

    def test_it_is_the_first_in_the_file_and_counts_the_others(self, tmp_path: Path) -> None:
        write_lines(
            tmp_path / "data.csv",
            GOOD,
            with_value("UnitPrice", "free"),
            *[with_value("Quantity", "six")] * 5,
            *[with_value("UnitPrice", "gift")] * 2,
        )
        assert problem(tmp_path).endswith(
            "row 2 (line 3 of the file), column UnitPrice: 'free' is not a number "
            "(and 2 more such values in this column)"
        )

    def test_it_is_the_first_of_the_files(self, tmp_path: Path) -> None:
        write_lines(tmp_path / "b.csv", with_value("Quantity", "six"))
        write_lines(tmp_path / "a.csv", GOOD, with_value("Quantity", "two"))
        assert problem(tmp_path).startswith(f"{tmp_path}/a.csv: row 2")

    def test_lines_are_counted_across_line_breaks_and_blank_lines(self, tmp_path: Path) -> None:
        broken = with_value("Description", '"A\nB"')
        path = write_lines(tmp_path / "data.csv", broken, GOOD, with_value("Quantity", "six"))
        path.write_text(path.read_text().replace("MUG,6", "MUG,6", 1).replace("Eire\n", "Eire\n\n", 1))
        assert "row 3 (line 6 of the file)" in problem(tmp_path)

    def test_in_parquet(self, tmp_path: Path) -> None:
        write_parquet(tmp_path / "a.parquet", UnitPrice=pa.array([float("inf")]))
        assert problem(tmp_path) == f"{tmp_path}/a.parquet: row 1, column UnitPrice: 'inf' is not a number"

    def test_a_missing_number_in_parquet(self, tmp_path: Path) -> None:
        write_parquet(tmp_path / "a.parquet", Quantity=pa.array([float("nan")]))
        assert problem(tmp_path) == f"{tmp_path}/a.parquet: row 1, column Quantity: the value is empty"

    def test_half_a_unit_in_parquet(self, tmp_path: Path) -> None:
        write_parquet(tmp_path / "a.parquet", Quantity=pa.array([6.5]))
        assert problem(tmp_path).endswith("column Quantity: '6.5' is not a whole number")


class TestMalformedLines:
    def test_too_few_fields(self, tmp_path: Path) -> None:
        path = write_lines(tmp_path / "data.csv", GOOD, ["536365", "85123A"])
        assert problem(tmp_path) == f"{path}: line 3: expected 8 fields, found 2"

    def test_too_many_fields(self, tmp_path: Path) -> None:
        path = write_lines(tmp_path / "data.csv", GOOD, GOOD, [*GOOD, "more"])
        assert problem(tmp_path) == f"{path}: line 4: expected 8 fields, found 9"

    def test_a_quote_that_does_not_end(self, tmp_path: Path) -> None:
        path = write_lines(tmp_path / "data.csv", GOOD, with_value("Description", '"MUG'))
        assert problem(tmp_path) == f"{path}: line 3: Value with unterminated quote found."

    def test_line_ends_of_two_kinds(self, tmp_path: Path) -> None:
        path = write(tmp_path / "data.csv", KAGGLE + "1,a,b,6,2010-12-01,1,2,c\n")
        expected = (
            f"{path}: cannot be read: its lines end in different ways (LF and CR LF), or a quote is stray"
        )
        assert problem(tmp_path) == expected


class TestFiles:
    def test_the_retailers_own_folder_comes_first(self, tmp_path: Path) -> None:
        write(tmp_path / "other.csv", "unrelated\n1\n")
        write(tmp_path / "online_retail" / "lines.csv", KAGGLE)
        assert read(tmp_path) == ROWS

    def test_only_a_retailer_alone_may_lie_in_the_data_folder_itself(self, tmp_path: Path) -> None:
        write(tmp_path / "lines.csv", KAGGLE)
        assert len(find_inputs(tmp_path, TABLE, alone=True)) == 1
        with pytest.raises(InputError) as raised:
            find_inputs(tmp_path, TABLE, alone=False)
        assert str(raised.value) == (
            f"{tmp_path}/online_retail: folder not found; the files of online_retail go there "
            "(PALETTE_RETAILERS says which retailers are built)"
        )

    def test_no_folder(self, tmp_path: Path) -> None:
        assert f"{tmp_path}/none/online_retail: folder not found" in problem(tmp_path / "none")

    def test_no_file(self, tmp_path: Path) -> None:
        write(tmp_path / "readme.txt", "hello")
        expected = (
            f"{tmp_path}: no file of online_retail.invoice_lines (looked for *.csv, *.csv.gz, *.parquet)"
        )
        assert problem(tmp_path) == expected

    @pytest.mark.parametrize("name", ["Online Retail.xlsx", "old.XLS"])
    def test_only_a_workbook(self, tmp_path: Path, name: str) -> None:
        write(tmp_path / name, "")
        command = f"'{tmp_path}/{name}'" if " " in name else f"{tmp_path}/{name}"
        assert problem(tmp_path).endswith(f"run `palette import online_retail {command}`")

    def test_folders_and_hidden_files_are_no_input(self, tmp_path: Path) -> None:
        (tmp_path / "parts.parquet").mkdir()
        write(tmp_path / "._lines.csv", "resource fork")
        write(tmp_path / "lines.csv", KAGGLE)
        assert read(tmp_path) == ROWS

    @pytest.mark.parametrize("name", ["data.csv", "data.csv.gz", "data.parquet"])
    def test_an_empty_file(self, tmp_path: Path, name: str) -> None:
        (tmp_path / name).touch()
        assert problem(tmp_path) == f"{tmp_path}/{name}: the file is empty"

    def test_an_empty_file_within_gz(self, tmp_path: Path) -> None:
        path = write(tmp_path / "data.csv.gz", "")
        assert problem(tmp_path) == f"{path}: the file is empty"

    @pytest.mark.parametrize("end", ["", "\n", "\r\n\r\n"])
    def test_a_header_without_rows(self, tmp_path: Path, end: str) -> None:
        path = write(tmp_path / "data.csv", HEADER + end)
        assert problem(tmp_path) == f"{path}: the file has a header but no rows"

    def test_parquet_without_rows(self, tmp_path: Path) -> None:
        path = write_parquet(tmp_path / "lines.parquet")
        pq.write_table(pq.read_table(path).slice(0, 0), path)
        assert problem(tmp_path) == f"{path}: the file has columns but no rows"

    @pytest.mark.parametrize("name", ["data.parquet", "data.csv.gz"])
    def test_a_file_that_is_not_what_its_name_says(self, tmp_path: Path, name: str) -> None:
        (tmp_path / name).write_text(KAGGLE)
        assert problem(tmp_path).startswith(f"{tmp_path}/{name}: cannot be read: ")
        assert "\n" not in problem(tmp_path)

    def test_a_truncated_gz(self, tmp_path: Path) -> None:
        path = write(tmp_path / "data.csv.gz", KAGGLE)
        path.write_bytes(path.read_bytes()[:-20])
        assert problem(tmp_path).startswith(f"{path}: cannot be read: ")

    def test_a_forbidden_file(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def forbidden(path: Path) -> None:
            raise PermissionError(13, "Permission denied", str(path))

        path = write(tmp_path / "data.csv", KAGGLE)
        monkeypatch.setattr(inputs, "_csv_bytes", forbidden)
        assert problem(tmp_path) == f"{path}: cannot be read: Permission denied"

    def test_windows_1252_is_named(self, tmp_path: Path) -> None:
        path = write(tmp_path / "data.csv", KAGGLE.replace("£5", "£5 or €6"), "cp1252")
        assert problem(tmp_path).startswith(f"{path}: neither UTF-8 nor latin-1 text (Windows-1252")

    def test_a_missing_column(self, tmp_path: Path) -> None:
        path = write(tmp_path / "data.csv", "Invoice,StockCode,Price\n1,2,3\n")
        assert problem(tmp_path) == (
            f"{path}: column Description is missing (accepted names: Description, description; "
            "columns found: Invoice, StockCode, Price)"
        )

    def test_a_missing_column_in_parquet(self, tmp_path: Path) -> None:
        path = write_parquet(tmp_path / "lines.parquet")
        pq.write_table(pq.read_table(path).drop_columns("UnitPrice"), path)
        assert problem(tmp_path).startswith(
            f"{path}: column UnitPrice is missing (accepted names: UnitPrice, Price, "
        )

    def test_two_columns_that_mean_the_same(self, tmp_path: Path) -> None:
        path = write(tmp_path / "data.csv", KAGGLE.replace("Country", "Price"))
        path.write_text(KAGGLE.replace("Country\r\n", "Country,Price\r\n"))
        assert problem(tmp_path) == f"{path}: 2 columns mean UnitPrice: UnitPrice, Price"

    def test_an_unknown_retailer(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="unknown retailer 'corner_shop'; known: online_retail"):
            check_inputs(tmp_path, ["corner_shop"])


def test_declarations_are_all_a_further_retailer_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def declared(name: str, pattern: str, *columns: Column) -> SourceTable:
        return SourceTable("club", name, (f"{name}.csv", pattern), columns)

    visits = declared("visits", "*-01.방문 정보.csv", Column("visited_on", ("de_dt",), "date"))
    members = declared("members", "*-02.회원 정보.csv", Column("client_id", ("clnt_id",), "identifier"))
    monkeypatch.setitem(SOURCES, "club", (visits, members))
    decomposed = unicodedata.normalize("NFD", "제6회-01.방문 정보.csv")
    write(tmp_path / "club" / decomposed, "DE_DT\n20190701\n")
    write(tmp_path / "club" / "members.csv", "CLNT_ID\n7\n8\n")
    write(tmp_path / "online_retail" / "data.csv", KAGGLE)
    check_inputs(tmp_path, ["club", "online_retail"])
    sql = source_sql(find_inputs(tmp_path, visits, alone=False), visits)
    assert duckdb.sql(sql).fetchall() == [(datetime(2019, 7, 1),)]


def test_rows_keep_their_number_in_a_file_read_by_several_threads(tmp_path: Path) -> None:
    lines = [GOOD] * 300_000
    lines[250_000] = with_value("Quantity", "six")
    write_lines(tmp_path / "data.csv", *lines)
    assert "row 250001 (line 250002 of the file)" in problem(tmp_path)


def test_the_public_file() -> None:
    if not list(REAL_DATA.glob("online_retail*.parquet")):
        message = f"the public file is not there: put online_retail_2010_2011.parquet into {REAL_DATA}"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    check_inputs(REAL_DATA, ["online_retail"])
    sql = source_sql(find_inputs(REAL_DATA, TABLE, alone=True), TABLE)
    totals = duckdb.sql(f"select count(*), count(customer_id), sum(quantity), sum(unit_price) from ({sql})")
    assert totals.fetchall() == [(541_909, 406_829, 5_176_450, Decimal("2498803.9740"))]
