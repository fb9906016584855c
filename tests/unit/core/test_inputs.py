import gzip
import os
import re
import unicodedata
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import ClassVar

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from outside import ONLINE_RETAIL, outside
from palette.core import inputs
from palette.core.declarations import Declared, declare
from palette.core.errors import InputError
from palette.core.forms import forms
from palette.core.inputs import find_files
from palette.core.landing import land, table_sql

TABLE = forms()["online_retail"].purchases

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


def shop(folder: Path, **declared: object) -> Declared:
    return declare("shop", folder, {"form": "online_retail"} | declared)


def read(folder: Path, **declared: object) -> list[tuple[object, ...]]:
    """All typed rows, as staging reads them."""
    sql = table_sql([shop(folder, **declared)], TABLE)
    with duckdb.connect() as connection:
        return connection.execute(f"select * exclude (retailer) from ({sql})").fetchall()


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
        land(shop(folder), TABLE)
    return str(raised.value)


class TestForms:
    def test_the_columns_and_types_are_those_declared(self, tmp_path: Path) -> None:
        write(tmp_path / "data.csv", KAGGLE)
        relation = duckdb.sql(table_sql([shop(tmp_path)], TABLE))
        assert dict(zip(relation.columns, map(str, relation.types), strict=True)) == {
            "retailer": "VARCHAR",
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
        ],
        ids=lambda changed: " ".join(f"{name} {column.type}" for name, column in changed.items()),
    )
    def test_parquet_of_other_types(self, tmp_path: Path, changed: dict[str, pa.Array]) -> None:
        write_parquet(tmp_path / "lines.parquet", **changed)
        assert read(tmp_path) == ROWS[:1]

    @pytest.mark.parametrize(
        ("zone", "expected"),
        [("UTC", datetime(2010, 12, 1, 8, 26)), ("Asia/Seoul", datetime(2010, 12, 1, 17, 26))],
    )
    def test_a_parquet_instant_is_the_shops_local_time(
        self, tmp_path: Path, zone: str, expected: datetime
    ) -> None:
        instants = pa.array([datetime(2010, 12, 1, 8, 26)], pa.timestamp("us", tz="Europe/Berlin"))
        write_parquet(tmp_path / "lines.parquet", InvoiceDate=instants)
        assert read(tmp_path, time_zone=zone)[0][4] == expected
        assert "set time_zone in retailer.yml to the shop's" in problem(tmp_path)

    def test_whole_numbers_of_parquet_keep_all_their_digits(self, tmp_path: Path) -> None:
        customers = pa.array([12345678901234568.0, 1e16])
        names = pa.array([123456792.0, 2.5], pa.float32())
        write_parquet(tmp_path / "a.parquet", CustomerID=customers.slice(0, 1), Description=names.slice(0, 1))
        write_parquet(tmp_path / "b.parquet", CustomerID=customers.slice(1), Description=names.slice(1))
        assert [(row[6], row[2]) for row in read(tmp_path)] == [
            ("12345678901234568", "123456792"),
            ("10000000000000000", "2.5"),
        ]

    def test_decimals_of_parquet_that_the_engine_reads_wrongly_are_refused(self, tmp_path: Path) -> None:
        path = write_parquet(
            tmp_path / "lines.parquet", UnitPrice=pa.array([Decimal("2.55")], pa.decimal256(60, 5))
        )
        assert problem(tmp_path) == (
            f"{path}: column UnitPrice: numbers of more than 38 digits cannot be read; "
            "save them with fewer, or as text"
        )

    def test_parquet_columns_are_told_apart_by_their_place(self, tmp_path: Path) -> None:
        names = ["Nr", "nr", "nr_1", "nr_1", "Datum", "Preis", "file_row_number", ""]
        cells = ["1", "2", "3", "4", "2025-02-13", "1.5", "5", "6"]
        table = pa.Table.from_arrays([pa.array([cell]) for cell in cells], names=names)
        pq.write_table(table, tmp_path / "orders.parquet")
        columns = {"customer_id": "nr", "order_id": "Nr", "ordered_at": "Datum", "unit_price": "Preis"}
        columns |= {"product_id": "file_row_number"}
        declared = declare("shop", tmp_path, {"columns": {"order_lines": columns}})
        sql = table_sql([declared], declared.form.purchases)
        assert duckdb.sql(f"select order_id, customer_id, product_id from ({sql})").fetchall() == [
            ("1", "2", "5")
        ]

    @pytest.mark.parametrize("kind", ["binary", "string"])
    def test_parquet_text_that_is_not_utf_8(self, tmp_path: Path, kind: str) -> None:
        names = pa.array([b"MUG", b"caf\xe9"], pa.binary())
        column = names if kind == "binary" else pa.Array.from_buffers(pa.string(), 2, names.buffers())
        write_parquet(tmp_path / "a.parquet")
        table = pq.read_table(tmp_path / "a.parquet").take([0, 0]).set_column(2, "Description", column)
        pq.write_table(table, tmp_path / "a.parquet")
        assert problem(tmp_path) == (
            f"{tmp_path}/a.parquet: row 2, column Description: its text is not UTF-8; save it as UTF-8"
        )

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
        write(tmp_path / folder / "it's.csv", KAGGLE)
        write_parquet(tmp_path / folder / "more's.parquet")
        assert read(tmp_path / folder) == [*ROWS, ROWS[0]]

    def test_a_relative_folder_still_works_elsewhere(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(tmp_path / "data" / "lines.csv", KAGGLE)
        declared = shop(Path("data"))
        monkeypatch.chdir(tmp_path)
        sql = table_sql([declared], TABLE)
        monkeypatch.chdir("/")
        assert duckdb.sql(sql).fetchall() == [("shop", *row) for row in ROWS]

    def test_text_is_left_as_it_is(self, tmp_path: Path) -> None:
        write_lines(tmp_path / "data.csv", with_value("Description", '" 12"" MUG,\n""RED"" "'))
        write_lines(tmp_path / "data2.csv", with_value("Description", '12" MUG '))
        assert [row[2] for row in read(tmp_path)] == [' 12" MUG,\n"RED" ', '12" MUG ']


class TestValues:
    @pytest.mark.parametrize(
        ("text", "quantity"),
        [("6", 6), ("6.0", 6), ("1e3", 1000), ("-2.", -2), ("+5", 5), (" 7 ", 7), ('"1,000"', 1000)],
    )
    def test_whole_numbers(self, tmp_path: Path, text: str, quantity: int) -> None:
        write_lines(tmp_path / "data.csv", with_value("Quantity", text))
        assert read(tmp_path)[0][3] == quantity

    @pytest.mark.parametrize("text", ["six", "6.5", "1_000", "0x10", "inf", "1e30", "true"])
    def test_what_is_not_a_whole_number(self, tmp_path: Path, text: str) -> None:
        write_lines(tmp_path / "data.csv", with_value("Quantity", text))
        assert f"column Quantity: '{text.strip(chr(34))}' is not a whole number" in problem(tmp_path)

    @pytest.mark.parametrize(
        ("text", "price"),
        [
            ("2.55", "2.5500"),
            ("0", "0"),
            ("-11062.06", "-11062.06"),
            ("1e-3", "0.001"),
            (".5", "0.5"),
            ("£2", "2"),
            ('"1,000.50"', "1000.5"),
            ('"2,55"', "2.55"),
        ],
    )
    def test_decimals(self, tmp_path: Path, text: str, price: str) -> None:
        write_lines(tmp_path / "data.csv", with_value("UnitPrice", text))
        assert read(tmp_path)[0][5] == Decimal(price)

    @pytest.mark.parametrize("text", ["free", "1_0.5", "inf", "-Infinity", "1e20"])
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
            ("40513.35", datetime(2010, 12, 1, 8, 24)),  # as a spreadsheet counts days
        ],
    )
    def test_timestamps(self, tmp_path: Path, text: str, expected: datetime) -> None:
        write_lines(tmp_path / "data.csv", with_value("InvoiceDate", text))
        assert read(tmp_path)[0][4] == expected

    @pytest.mark.parametrize("text", ["yesterday", "13/12/2010 8:26", "2010-02-30", "0010-12-01"])
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

    @pytest.mark.parametrize("text", ["nan", "NULL", "N/A", " "])
    def test_words_for_nothing_are_empty_values(self, tmp_path: Path, text: str) -> None:
        write_lines(tmp_path / "data.csv", with_value("Quantity", text))
        assert problem(tmp_path).endswith("column Quantity: the value is empty")

    @pytest.mark.parametrize("header", ["Description", "CustomerID", "Country"])
    def test_other_values_may_be_empty(self, tmp_path: Path, header: str) -> None:
        write_lines(tmp_path / "data.csv", with_value(header, ""))
        assert read(tmp_path)[0].count(None) == 1

    def test_an_optional_value_may_be_empty_but_not_wrong(self, tmp_path: Path) -> None:
        path = write(tmp_path / "visits.csv", 'visit,start,pages\n1,2025-01-31,3\n2,2025-01-31,""\n')
        columns = {"visits": {"visit_id": "visit", "started_at": "start", "page_views": "pages"}}
        declared = declare("shop", tmp_path, {"columns": columns})
        visits = declared.form.tables["visits"]
        assert land(declared, visits).rows == 2
        write(path, "visit,start,pages\n1,2025-01-31,3\n2,2025-01-31,many\n")
        with pytest.raises(InputError, match=r"row 2 .*column pages: 'many' is not a whole number"):
            land(declared, visits)

    @pytest.mark.parametrize(
        ("header", "text", "most"),
        [
            ("UnitPrice", "1e30", "100,000,000,000,000"),
            ("UnitPrice", "-" + "9" * 40, "100,000,000,000,000"),
            ("Quantity", "9" * 19, "9,223,372,036,854,775,808"),
        ],
    )
    def test_what_is_too_large_is_said_to_be(self, tmp_path: Path, header: str, text: str, most: str) -> None:
        write_lines(tmp_path / "data.csv", GOOD, with_value(header, text))
        assert re.search(
            rf"row 2 .*column {header}: '{text}' is not a .*number \(from {most} on", problem(tmp_path)
        )

    def test_an_amount_that_is_too_large(self, tmp_path: Path) -> None:
        line = with_value("Quantity", "99999999999999")
        line[HEADER.split(",").index("UnitPrice")] = "2"
        path = write_lines(tmp_path / "data.csv", GOOD, line)
        assert problem(tmp_path) == (
            f"{path}: row 2 (line 3 of the file): quantity * unit_price: from 100,000,000,000,000 on, "
            "amounts do not fit"
        )

    @pytest.mark.parametrize(("quantity", "price"), [("99999999999999", "2"), ("5e13", "99999999999999")])
    def test_a_calculation_that_is_too_large_in_the_general_form(
        self, tmp_path: Path, quantity: str, price: str
    ) -> None:
        header = "order_id,customer_id,ordered_at,quantity,unit_price\n"
        good = "1,7,2025-01-31,200000,200000\n"
        assert len(orders(tmp_path, header + good)) == 1
        with pytest.raises(InputError, match=r"row 2 \(line 3 of the file\): abs\(quantity \* unit_price\)"):
            orders(tmp_path, f"{header}{good}1,7,2025-01-31,{quantity},{price}\n")


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

    @pytest.mark.parametrize("field", ["", "more"])
    def test_a_further_field_may_have_shifted_the_others(self, tmp_path: Path, field: str) -> None:
        path = write_lines(tmp_path / "data.csv", GOOD, [*GOOD, field], GOOD)
        assert problem(tmp_path) == f"{path}: line 3: expected 8 fields, found 9"

    def test_a_quote_that_does_not_end_in_the_header(self, tmp_path: Path) -> None:
        path = write(tmp_path / "data.csv", KAGGLE.replace("InvoiceNo", '"InvoiceNo'))
        expected = f"{path}: line 1: its quotes do not match (unexpected end of data)"
        assert problem(tmp_path) == expected

    def test_the_second_file_is_named_where_it_is_malformed(self, tmp_path: Path) -> None:
        write_lines(tmp_path / "a.csv", GOOD)
        path = write_lines(tmp_path / "b.csv", GOOD, GOOD[:3])
        with pytest.raises(InputError) as raised:
            read(tmp_path, date_order=None)
        assert str(raised.value) == f"{path}: line 3: expected 8 fields, found 3"

    def test_a_field_of_any_length(self, tmp_path: Path) -> None:
        long = "x" * 3_000_000
        path = write_lines(tmp_path / "data.csv", with_value("Description", long))
        assert read(tmp_path)[0][2] == long
        write_lines(path, with_value("Description", long), with_value("Quantity", "six"))
        assert "row 2 (line 3 of the file), column Quantity: 'six'" in problem(tmp_path)

    @pytest.mark.parametrize("before", ["\n", "\r\n  \r\n", "\ufeff\ufeff", "\n\ufeff"])
    def test_what_stands_before_the_header_is_no_row(self, tmp_path: Path, before: str) -> None:
        write(tmp_path / "data.csv", before + KAGGLE)
        assert read(tmp_path) == ROWS

    def test_a_byte_order_mark_amid_joined_files_is_no_part_of_an_identifier(self, tmp_path: Path) -> None:
        write_lines(tmp_path / "data.csv", GOOD, with_value("InvoiceNo", "\ufeff536365"))
        assert [row[0] for row in read(tmp_path)] == ["536365", "536365"]

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def test_line_ends_within_quotes_may_be_others(self, tmp_path: Path, end: str) -> None:
        names = ["a\nb", "a\r\nb", "a\rb", '"\r"']
        lines = [with_value("Description", '"' + name.replace('"', '""') + '"') for name in names]
        write(tmp_path / "data.csv", end.join([HEADER, *map(",".join, lines)]) + end)
        assert [row[2] for row in read(tmp_path)] == names

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
    def test_nul_is_no_text(self, tmp_path: Path, encoding: str) -> None:
        text = KAGGLE.replace("£5 MUG", "찻잔\0")
        path = write(tmp_path / "data.csv", text, encoding)
        at = len(text[: text.index("\0")].encode(encoding))
        assert problem(tmp_path).startswith(f"{path}: byte {at} is ")

    def test_line_ends_of_two_kinds(self, tmp_path: Path) -> None:
        path = write(tmp_path / "data.csv", KAGGLE + "1,a,b,6,2010-12-01,1,2,c\n")
        expected = (
            f"{path}: cannot be read: its lines end in different ways (LF and CR LF), or a quote is stray"
        )
        assert problem(tmp_path) == expected


class TestFiles:
    def test_no_folder(self, tmp_path: Path) -> None:
        assert problem(tmp_path / "none") == f"{tmp_path}/none: cannot be read: No such file or directory"

    def test_no_file(self, tmp_path: Path) -> None:
        write(tmp_path / "readme.md", "hello")
        assert problem(tmp_path) == (
            f"{tmp_path}: no file of online_retail.invoice_lines (looked for * with one of the endings csv, "
            "csv.gz, tsv, tsv.gz, txt, txt.gz, parquet, xlsx, xls; "
            "retailer.yml may name others under `files:`)"
        )

    def test_declared_files_alone_are_read(self, tmp_path: Path) -> None:
        write(tmp_path / "other.csv", "unrelated\n1\n")
        write(tmp_path / "lines-2010.csv", KAGGLE)
        write(tmp_path / "Export of all.txt", KAGGLE.replace("Eire", "Malta"))
        files = {"invoice_lines": ["LINES-*.csv", "export of all.txt"]}
        assert [row[7] for row in read(tmp_path, files=files)] == ["Malta", "France", "Eire", "France"]

    def test_a_declared_file_that_is_not_there(self, tmp_path: Path) -> None:
        write(tmp_path / "lines.csv", KAGGLE)
        with pytest.raises(InputError) as raised:
            read(tmp_path, files={"invoice_lines": ["lines.csv", "more-*.csv"]})
        assert str(raised.value) == (
            f"{tmp_path}/retailer.yml: files.invoice_lines: no file more-*.csv in {tmp_path}"
        )

    def test_a_declared_file_of_another_kind(self, tmp_path: Path) -> None:
        path = write(tmp_path / "lines.zip", "PK")
        with pytest.raises(InputError) as raised:
            read(tmp_path, files={"invoice_lines": "lines.zip"})
        assert str(raised.value) == (
            f"{path}: not one of csv, csv.gz, tsv, tsv.gz, txt, txt.gz, parquet, xlsx, xls"
        )

    def test_a_file_declared_for_one_table_is_no_file_of_another(self, tmp_path: Path) -> None:
        write(
            tmp_path / "product_orders.csv",
            "order_id,customer_id,ordered_at,quantity,unit_price\n1,2,2025-01-31,1,2.5\n",
        )
        declared = declare("shop", tmp_path, {"files": {"order_lines": "product_orders.csv"}})
        assert find_files(declared, declared.form.tables["products"]) == ([], [])
        assert len(find_files(declared, declared.form.tables["order_lines"])[0]) == 1

    def test_folders_and_hidden_files_are_no_input(self, tmp_path: Path) -> None:
        (tmp_path / "parts.parquet").mkdir()
        write(tmp_path / "._lines.csv", "resource fork")
        (tmp_path / "gone.csv").symlink_to(tmp_path / "nothing.csv")
        write(tmp_path / "lines.csv", KAGGLE)
        assert read(tmp_path) == ROWS
        assert find_files(shop(tmp_path), TABLE)[1] == [
            f"{tmp_path}/gone.csv: left out, a link to nothing and no file",
            f"{tmp_path}/parts.parquet: left out, a folder and no file",
        ]

    @pytest.mark.parametrize("kind", ["a link to nothing", "a folder", "a pipe or device"])
    def test_what_stands_in_the_place_of_a_file_is_said(self, tmp_path: Path, kind: str) -> None:
        path = tmp_path / "data.csv"
        {
            "a link to nothing": lambda: path.symlink_to(tmp_path / "gone"),
            "a folder": path.mkdir,
            "a pipe or device": lambda: os.mkfifo(path),
        }[kind]()
        assert problem(tmp_path).endswith(f"; {path}: left out, {kind} and no file")
        with pytest.raises(InputError, match=rf"no file data.csv in .*data.csv: left out, {kind}"):
            read(tmp_path, files={"invoice_lines": "data.csv"})

    def test_a_name_that_is_not_utf_8(self, tmp_path: Path) -> None:
        path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/data\xe9.csv"))
        path.write_text(KAGGLE)
        assert problem(tmp_path) == (
            f"{tmp_path}/data\\udce9.csv: its name, or a folder's, is no UTF-8; rename it"
        )

    @pytest.mark.parametrize("name", ["data.csv", "data.csv.gz", "data.parquet", "data.xlsx", "OLD.XLS"])
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
        monkeypatch.setattr(inputs, "encoding_of", forbidden)
        assert problem(tmp_path) == f"{path}: cannot be read: Permission denied"

    @pytest.mark.parametrize("delimiter", [",", ";", "\t"])
    @pytest.mark.parametrize(
        ("text", "encoding"),
        [
            ("5 € MUG", "cp1252"),
            ("찻잔 다섯 개", "cp949"),
            ("£5 € 찻잔", "utf-16"),
            ("£5 € 찻잔", "utf-16-le"),
            ("£5 € 찻잔", "utf-16-be"),
        ],
    )
    @pytest.mark.parametrize("name", ["data.csv", "data.csv.gz"])
    def test_other_encodings(
        self, tmp_path: Path, name: str, text: str, encoding: str, delimiter: str
    ) -> None:
        lines = KAGGLE.replace("£5 MUG", text).replace(",", delimiter)
        write(tmp_path / name, lines, encoding)
        assert read(tmp_path) == [(*ROWS[0][:2], text, *ROWS[0][3:]), ROWS[1]]

    def test_a_declared_encoding_holds(self, tmp_path: Path) -> None:
        path = write(tmp_path / "data.csv", KAGGLE, "cp1252")
        assert read(tmp_path, csv={"encoding": "cp1252"}) == ROWS
        with pytest.raises(InputError, match=rf"{path}: byte 0xa3 is not UTF-8 text; .* csv: which encoding"):
            read(tmp_path, csv={"encoding": "utf-8"})

    def test_a_bad_value_is_named_in_the_files_own_lines(self, tmp_path: Path) -> None:
        broken = KAGGLE.replace("£5 MUG", '"찻잔\r\n"').replace("-1", "찻잔")
        path = write(tmp_path / "data.csv", broken, "utf-16")
        expected = f"{path}: row 2 (line 4 of the file), column Quantity: '찻잔' is not a whole number"
        assert problem(tmp_path) == expected

    def test_a_missing_column(self, tmp_path: Path) -> None:
        path = write(tmp_path / "data.csv", "Invoice,StockCode,Price\n1,2,3\n")
        assert problem(tmp_path) == (
            f"{path}: column Description is missing (accepted names: description, Description; "
            "columns found: Invoice, StockCode, Price; "
            "retailer.yml may say which it is: columns: {invoice_lines: {description: YOUR COLUMN}})"
        )

    def test_a_missing_column_in_parquet(self, tmp_path: Path) -> None:
        path = write_parquet(tmp_path / "lines.parquet")
        pq.write_table(pq.read_table(path).drop_columns("UnitPrice"), path)
        assert problem(tmp_path).startswith(
            f"{path}: column UnitPrice is missing (accepted names: unit_price, UnitPrice, Price; "
        )

    def test_two_columns_that_mean_the_same(self, tmp_path: Path) -> None:
        path = write(tmp_path / "data.csv", KAGGLE.replace("Country", "Price"))
        path.write_text(KAGGLE.replace("Country\r\n", "Country,Price\r\n"))
        assert problem(tmp_path) == f"{path}: 2 columns mean unit_price: UnitPrice, Price"


def orders(folder: Path, text: str, **declared: object) -> list[tuple[object, ...]]:
    """Order id, customer, time, quantity and price of the lines of a shop in the general form."""
    write(folder / "orders.csv", text)
    shop = declare("shop", folder, declared)
    sql = table_sql([shop], shop.form.purchases)
    columns = "order_id, customer_id, coalesce(ordered_at, ordered_on), quantity, unit_price"
    return duckdb.sql(f"select {columns} from ({sql})").fetchall()


class TestDeclaredColumns:
    COLUMNS: ClassVar = {
        "order_id": "Nr",
        "customer_id": "Kunde",
        "ordered_at": "Datum",
        "quantity": "Menge",
        "unit_price": "Preis",
    }
    LINES = "Nr;Kunde;Datum;Menge;Preis;Kd. Nr\n1;7;13.02.2025;2;1.234,5;x\n"
    ROW: ClassVar = [("1", "7", datetime(2025, 2, 13), Decimal(2), Decimal("1234.5"))]

    def test_headers_are_the_shops_own(self, tmp_path: Path) -> None:
        assert orders(tmp_path, self.LINES, columns={"order_lines": self.COLUMNS}) == self.ROW

    def test_a_header_by_its_letters(self, tmp_path: Path) -> None:
        columns = {name: header.upper() for name, header in self.COLUMNS.items()}
        assert orders(tmp_path, self.LINES, columns={"order_lines": columns}) == self.ROW

    def test_of_two_headers_alike_the_one_written_so_counts(self, tmp_path: Path) -> None:
        lines = self.LINES.replace("Kd. Nr", "nr")
        assert orders(tmp_path, lines, columns={"order_lines": self.COLUMNS}) == self.ROW

    def test_a_declared_header_that_is_not_there(self, tmp_path: Path) -> None:
        columns = {"order_lines": self.COLUMNS | {"discount": "Rabatt"}}
        with pytest.raises(InputError) as raised:
            orders(tmp_path, self.LINES, columns=columns)
        assert str(raised.value) == (
            f"{tmp_path}/orders.csv: no column 'Rabatt', which retailer.yml declares as discount "
            "(columns found: Nr, Kunde, Datum, Menge, Preis, Kd. Nr)"
        )

    def test_what_is_not_declared_is_not_guessed_where_columns_are_declared(self, tmp_path: Path) -> None:
        lines = self.LINES.replace("Kd. Nr", "discount")
        assert orders(tmp_path, lines, columns={"order_lines": self.COLUMNS}) == self.ROW

    def test_our_own_names_need_no_declaration(self, tmp_path: Path) -> None:
        lines = "order_id,Customer ID,ordered_on,quantity,unit_price\n1,7,2025-02-13,2,1234.5\n"
        assert orders(tmp_path, lines) == self.ROW

    def test_a_group_of_which_one_column_is_needed(self, tmp_path: Path) -> None:
        with pytest.raises(InputError) as raised:
            orders(tmp_path, "order_id,customer_id,quantity,unit_price\n1,7,2,1.5\n")
        assert str(raised.value) == (
            f"{tmp_path}/orders.csv: none of its columns is ordered_at or ordered_on "
            "(columns found: order_id, customer_id, quantity, unit_price; say which in retailer.yml: "
            "columns: {order_lines: {ordered_at: YOUR COLUMN}})"
        )


class TestDialects:
    """What the values of all files of a table prove, see also test_values.py."""

    HEADER = "order_id,customer_id,ordered_at,quantity,unit_price\n"

    def test_one_value_proves_the_order_of_all_files(self, tmp_path: Path) -> None:
        write(tmp_path / "orders_a.csv", self.HEADER + "1,7,01/02/2025,1,1\n")
        rows = orders(tmp_path, self.HEADER + "2,7,13/02/2025,1,1\n")
        assert {row[2] for row in rows} == {datetime(2025, 2, 1), datetime(2025, 2, 13)}

    def test_dates_of_either_order_are_refused_by_their_own_header(self, tmp_path: Path) -> None:
        lines = self.HEADER.replace("ordered_at", "Ordered At") + "1,7,01/02/2025,1,1\n"
        with pytest.raises(InputError) as raised:
            orders(tmp_path, lines)
        assert str(raised.value) == (
            f"{tmp_path}/orders.csv: column Ordered At: '01/02/2025' could have the day or the month first; "
            "set date_order: day_first or date_order: month_first in retailer.yml"
        )
        assert orders(tmp_path, lines, date_order="month_first")[0][2] == datetime(2025, 1, 2)

    def test_marks_of_either_kind_are_refused(self, tmp_path: Path) -> None:
        lines = self.HEADER + '1,7,2025-01-31,1,"1,234"\n'
        with pytest.raises(
            InputError, match=r"'1,234' could have a decimal or a thousands mark; set decimal"
        ):
            orders(tmp_path, lines)
        assert orders(tmp_path, lines, decimal_mark=",")[0][4] == Decimal("1.234")

    def test_times_with_an_offset_are_brought_to_the_shops_zone(self, tmp_path: Path) -> None:
        lines = self.HEADER + "1,7,2025-01-31T23:30:00Z,1,1\n"
        assert orders(tmp_path, lines, time_zone="Europe/Berlin")[0][2] == datetime(2025, 2, 1, 0, 30)
        with pytest.raises(InputError, match=r"column ordered_at: .*set time_zone in retailer.yml"):
            orders(tmp_path, lines)

    def test_the_shops_own_words_for_channels(self, tmp_path: Path) -> None:
        lines = self.HEADER.replace("\n", ",channel\n") + "1,7,2025-01-31,1,1,Markt\n"
        with pytest.raises(InputError, match=r"column channel: 'Markt' is not .*channels: \{Markt: online\}"):
            orders(tmp_path, lines)
        assert len(orders(tmp_path, lines, channels={"markt": "offline"})) == 1


class TestWithoutHeader:
    LINES = " 00004 19970101  1 29.33\n 00004 19970118  2   29.73\n"

    def test_columns_set_apart_by_blanks_are_numbered(self, tmp_path: Path) -> None:
        write(tmp_path / "purchases.txt", self.LINES)
        names = ("customer_id", "ordered_at", "quantity", "amount")
        columns = {name: f"column_{at}" for at, name in enumerate(names, 1)}
        declared = declare(
            "shop", tmp_path, {"files": {"order_lines": "purchases.txt"}, "columns": {"order_lines": columns}}
        )
        sql = table_sql([declared], declared.form.purchases)
        assert duckdb.sql(f"select customer_id, ordered_at, quantity, amount from ({sql})").fetchall() == [
            ("00004", datetime(1997, 1, 1), Decimal(1), Decimal("29.33")),
            ("00004", datetime(1997, 1, 18), Decimal(2), Decimal("29.73")),
        ]

    def test_a_bad_value_of_such_a_file(self, tmp_path: Path) -> None:
        write(tmp_path / "purchases.txt", self.LINES.replace("29.73", "much"))
        columns = {"customer_id": "column_1", "ordered_at": "column_2", "amount": "column_4"}
        declared = declare(
            "shop", tmp_path, {"files": {"order_lines": "purchases.txt"}, "columns": {"order_lines": columns}}
        )
        with pytest.raises(InputError) as raised:
            land(declared, declared.form.purchases)
        expected = f"{tmp_path}/purchases.txt: row 2, column column_4: 'much' is not a number"
        assert str(raised.value) == expected

    def test_a_declared_header_of_years_is_one(self, tmp_path: Path) -> None:
        lines = "order_id,customer_id,ordered_at,unit_price,quantity,2025\n1,7,2025-01-31,1,1,x\n"
        assert len(orders(tmp_path, lines, csv={"header": True})) == 1


def test_declarations_are_all_a_further_form_needs(tmp_path: Path) -> None:
    decomposed = unicodedata.normalize("NFD", "제6회-01.온라인 행동 정보.csv")
    header = "CLNT_ID,SESS_ID,HIT_SEQ,ACTION_TYPE,BIZ_UNIT,SESS_DT,HIT_TM,HIT_PSS_TM,TRANS_ID,SECH_KWD"
    header += ",TOT_PAG_VIEW_CT,TOT_SESS_HR_V,TRFC_SRC,DVC_CTG_NM"
    write(tmp_path / decomposed, f"{header}\n7,1,1,0,A01,20190701,10:59,12,,,1,20,unknown,PC\n")
    declared = declare("lpoint", tmp_path, {"form": "lpoint"})
    sql = table_sql([declared], declared.form.tables["online_behaviour"])
    assert duckdb.sql(f"select retailer, clnt_id, sess_dt from ({sql})").fetchall() == [
        ("lpoint", "7", datetime(2019, 7, 1))
    ]


@pytest.mark.slow
def test_rows_keep_their_number_in_a_file_read_by_several_threads(tmp_path: Path) -> None:
    lines = [GOOD] * 300_000
    lines[250_000] = with_value("Quantity", "six")
    write_lines(tmp_path / "data.csv", *lines)
    assert "row 250001 (line 250002 of the file)" in problem(tmp_path)


@pytest.mark.slow
def test_the_public_file() -> None:
    file = outside(ONLINE_RETAIL)
    sql = table_sql([shop(file.parent, files={"invoice_lines": file.name})], TABLE)
    totals = duckdb.sql(f"select count(*), count(customer_id), sum(quantity), sum(unit_price) from ({sql})")
    assert totals.fetchall() == [(541_909, 406_829, 5_176_450, Decimal("2498803.9740"))]
