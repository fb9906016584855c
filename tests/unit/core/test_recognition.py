import csv
import io
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
import yaml

from palette.core.column_facts import ColumnFacts, describe, look_at, number
from palette.core.header_words import Form, has_header, header_tokens, read_forms
from palette.core.recognition import FileProposal, Recognition, propose

ROOT = Path(__file__).parents[3]
HEADERS = Path(__file__).parent / "headers"


def forms() -> list[Form]:
    paths = sorted((ROOT / "models" / "staging").glob("*/_*__sources.yml"))
    return read_forms(yaml.safe_load(path.read_text()) for path in paths)


FORMS = forms()


def facts_of(header: list[str], rows: list[list[str]]) -> list[ColumnFacts]:
    columns = {each: pa.array([row[at] for row in rows], pa.string()) for at, each in enumerate(header)}
    with duckdb.connect() as connection:
        connection.register("file", pa.table(columns))
        return look_at(connection, "file", header)


def of_text(text: str, file: str = "orders.csv", delimiter: str = ",") -> FileProposal:
    header, *rows = csv.reader(io.StringIO(text), delimiter=delimiter, skipinitialspace=True)
    (found,) = propose({file: facts_of(header, rows)}, FORMS).files
    return found


def meanings(found: FileProposal) -> dict[str, tuple[str | None, bool]]:
    return {each.column: (each.meaning, each.sure) for each in found.columns}


def of_case(case: dict[str, Any]) -> Recognition:
    rows = list(csv.reader(io.StringIO(case["rows"]), delimiter=case.get("delimiter", ",")))
    rows = [row for row in rows if row]
    header = [f"column_{at}" for at in range(1, len(rows[0]) + 1)]
    if "column_1" not in case["meanings"]:
        header, *rows = rows
    width = len(header)
    facts = facts_of(header, [(row + [""] * width)[:width] for row in rows])
    return propose({case["file"]: facts}, FORMS)


def bench(name: str) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = yaml.safe_load((HEADERS / name).read_text())
    return cases


def judge(case: dict[str, Any]) -> tuple[int, list[str], list[str]]:
    """Count the columns; name those with a wrong meaning, and those of them that were called sure."""
    recognition = of_case(case)
    (file,) = recognition.files
    forms, tables = case.get("form", "orders"), case["table"]
    assert recognition.form in forms, case["name"]
    assert file.table in tables, case["name"]
    wrong, surely_wrong = [], []
    for each in file.columns:
        right = case["meanings"].get(each.column)
        rights = right if isinstance(right, list) else [right]
        own = each.meaning if each.table == file.table or not each.meaning else f"{each.table}.{each.meaning}"
        if own not in rights:
            wrong.append(f"  {case['name']}: {each.column} is {rights}, not {own} ({each.why})")
            if each.sure and each.meaning:
                surely_wrong.append(wrong[-1])
    return len(file.columns), wrong, surely_wrong


@pytest.mark.slow
@pytest.mark.parametrize("name", ["known.yml", "held_out.yml", "later.yml"])
def test_columns_are_recognised_at_first_go(name: str) -> None:
    judged = [judge(case) for case in bench(name)]
    columns, wrong = sum(each[0] for each in judged), [line for each in judged for line in each[1]]
    share = 1 - len(wrong) / columns
    print("", f"{name}: {share:.1%} of {columns} columns of {len(judged)} files", *wrong, sep="\n")
    assert share >= 0.95
    assert [line for each in judged for line in each[2]] == []


class TestHeaderTokens:
    @pytest.mark.parametrize(
        ("header", "tokens"),
        [
            ("OrderNo", ("order", "id")),
            ("order_id", ("order", "id")),
            ("\ufeffOrder Nr.", ("order", "id")),
            ("Bestellnummer", ("bestell", "id")),
            ("주문번호", ("주문", "id")),
            ("N° Pièce", ("id", "piece")),
            ("Item #", ("item", "id")),
            ("Stückpreis (€)", ("stuckpreis",)),
            ("unitPriceEUR", ("unit", "price")),
            ("Betrag in EUR", ("betrag",)),
            ("Rabatt in %", ("rabatt", "in", "percent")),
            ("Qty.", ("quantity",)),
            ("***", ()),
        ],
    )
    def test_words(self, header: str, tokens: tuple[str, ...]) -> None:
        assert header_tokens(header) == tokens


class TestHasHeader:
    def test_names_are_a_header(self) -> None:
        assert has_header([["Order ID", "Tax 1 Value", ""], ["1", "2.00", ""]])

    def test_values_are_none(self) -> None:
        assert not has_header([["00001", "19970101", "1", "11.77"]])
        assert not has_header([["ann@example.com", "Ann"]])
        assert not has_header([])


class TestFacts:
    def test_one_column_by_hand(self) -> None:
        (facts,) = facts_of(["x"], [["1"], ["2,5"], ["NULL"], ["2,5"]])
        assert (facts.rows, facts.filled, facts.distinct) == (4, 0.75, 2)
        assert (facts.least, facts.most, facts.values) == (1.0, 2.5, ("1", "2,5"))
        assert facts.kinds["decimal"] == 1.0
        assert facts.kinds["integer"] == pytest.approx(1 / 3)
        assert facts.sample == ("1", "2,5", None, "2,5")

    def test_mostly_whole_numbers_are_told_as_numbers(self) -> None:
        rows = [["0"]] * 19 + [["0,5"]]
        assert describe(facts_of(["x"], rows)[0]) == "numbers, 0 to 0.5, 2 distinct"
        assert describe(facts_of(["x"], rows[:19])[0]) == "whole numbers, 0 to 0, 1 distinct"

    @pytest.mark.parametrize(
        ("value", "kind"),
        [
            ("31.12.2024", "date"),
            ("19970101", "date"),
            ("2024-05-01 00:00:00", "date"),
            ("12-Mar-24", "date"),
            ("9/14/2024 11:32:07 AM", "timestamp"),
            ("2024-08-01T10:00:00+02:00", "timestamp"),
            ("2025-01-03 10:12:43 +0100", "timestamp"),
            ("-$12.00", "decimal"),
            ("1 350,00", "decimal"),
            ("30대", "age_band"),
        ],
    )
    def test_kinds(self, value: str, kind: str) -> None:
        assert facts_of(["x"], [[value]])[0].kinds[kind] == 1.0

    def test_a_code_that_ends_in_a_number_is_none(self) -> None:
        assert facts_of(["x"], [["MUG-1"]])[0].kinds["decimal"] == 0.0

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("1.234,50", 1234.5),
            ("1,234", 1234.0),
            ("2.5500", 2.55),
            ("(2.50)", -2.5),
            ("€ 2,55-", -2.55),
            ("MUG-1", None),
            ("2024-01-01", None),
        ],
    )
    def test_numbers(self, text: str, value: float | None) -> None:
        assert number(text) == value

    def test_other_columns_prove_that_three_digits_after_a_comma_are_grams(self) -> None:
        weight, price = facts_of(["kg", "preis"], [["2,100", "0,45"], ["1,250", "12,90"]])
        assert (weight.most, price.most) == (2.1, 12.9)

    def test_three_digits_after_a_point_are_thousands_beside_a_decimal_comma(self) -> None:
        amount, price = facts_of(["betrag", "preis"], [["1.250", "0,45"], ["800", "12,90"]])
        assert (amount.most, price.most) == (1250.0, 12.9)

    def test_no_rows(self) -> None:
        (facts,) = facts_of(["x"], [])
        assert (facts.rows, facts.filled, facts.distinct, facts.values) == (0, 0.0, 0, ())

    def test_odd_headers(self) -> None:
        assert [each.header for each in facts_of(['a "b"', "it's; --"], [["1", "2"]])] == [
            'a "b"',
            "it's; --",
        ]


LINES = """order id, customer id, date, sku, quantity, {0}
1, A, 2024-01-31, X, 2, {1}
1, A, 2024-01-31, Y, 1, {2}
2, B, 2024-02-01, X, 3, {3}
2, B, 2024-02-01, Z, 4, {4}
"""


class TestWrongFriends:
    def test_a_date_is_no_quantity(self) -> None:
        text = "order id, quantity\n1, 2024-01-31\n2, 2024-02-01\n"
        assert meanings(of_text(text))["quantity"] == (None, False)

    def test_the_orders_sum_is_not_the_lines_amount(self) -> None:
        assert meanings(of_text(LINES.format("amount", 30, 30, 9, 9)))["amount"] == (None, False)

    def test_an_amount_on_the_first_line_only_is_the_orders(self) -> None:
        assert meanings(of_text(LINES.format("amount", 30, "", 9, "")))["amount"] == (None, False)

    def test_a_price_that_grows_with_the_quantity_is_the_amount(self) -> None:
        found = of_text(LINES.format("price", "6.00", "1.50", "9.00", "8.00"))
        assert meanings(found)["price"] == ("amount", True)

    def test_a_price_that_does_not_is_the_price(self) -> None:
        found = of_text(LINES.format("price", "3.00", "1.50", "3.00", "2.00"))
        assert meanings(found)["price"] == ("unit_price", True)

    def test_a_price_is_not_sure_where_nothing_tells(self) -> None:
        text = LINES.format("price", "3.00", "1.50", "3.50", "2.00")
        found = of_text(text.replace("X, 3", "W, 3"))
        assert meanings(found)["price"] == ("unit_price", False)
        assert [each.candidates for each in found.open] == [("price",)]

    def test_an_amount_that_is_not_quantity_x_price_is_not_sure(self) -> None:
        found = meanings(of_text(LINES.format("unit price, line total", "3, 9", "1, 4", "3, 12", "2, 10")))
        assert found["line total"] == ("amount", False)

    def test_a_discount_that_is_a_rate_by_the_amounts(self) -> None:
        text = LINES.format(
            "unit price, discount, line total", "3, 10, 5.40", "1, 0, 1", "3, 0, 9", "2, 25, 6"
        )
        found = meanings(of_text(text))
        assert found["line total"] == ("amount", False)
        assert found["discount"][1] is False

    def test_money_off_is_told_from_a_rate(self) -> None:
        text = LINES.format(
            "unit price, discount, line total", "30, 1.5, 58.5", "10, 0, 10", "30, 0, 90", "20, 2.5, 77.5"
        )
        assert meanings(of_text(text))["discount"] == ("discount", True)

    def test_an_email_address_is_no_customers_name(self) -> None:
        assert (
            meanings(of_text("id, city\n7, ann@example.com\n8, bob@example.com\n", "customers.csv"))["city"][
                0
            ]
            is None
        )

    def test_a_customers_name_is_no_number(self) -> None:
        found = of_text("order id, customer, date\n1, Ann Lee, 2024-01-31\n2, Bob Ray, 2024-01-31\n")
        assert meanings(found)["customer"] == (None, True)
        assert ("customer_id",) in [each.one_of for each in found.open]


class TestWhatStaysOpen:
    def test_two_numbers_that_may_be_the_orders(self) -> None:
        text = "order number, invoice number, date\nA1, 901, 2024-01-31\nA2, 902, 2024-02-01\n"
        found = of_text(text)
        assert meanings(found)["order number"] == ("order_id", False)

    def test_two_copies_of_a_number_do_not(self) -> None:
        text = "order number, invoice number, date\nA1, A1, 2024-01-31\nA2, A2, 2024-02-01\n"
        assert meanings(of_text(text))["order number"] == ("order_id", True)

    def test_an_order_of_two_customers_is_doubted(self) -> None:
        text = "order id, customer id\n1, A\n1, B\n2, A\n2, C\n"
        assert meanings(of_text(text)) == {
            "order id": ("order_id", False),
            "customer id": ("customer_id", False),
        }

    def test_what_a_file_lacks(self) -> None:
        found = of_text("order_id, product_id\n1, 77\n1, 78\n2, 77\n")
        assert [each.one_of for each in found.open] == [
            ("customer_id",),
            ("ordered_at", "ordered_on"),
            ("amount", "unit_price"),
        ]

    def test_nothing_is_sure_without_a_header(self) -> None:
        found = of_text(
            "column_1, column_2, column_3, column_4\n01, 19970101, 1, 11.77\n01, 19970118, 2, 29.33\n"
        )
        assert meanings(found) == {
            "column_1": ("customer_id", False),
            "column_2": ("ordered_on", False),
            "column_3": ("quantity", False),
            "column_4": ("amount", False),
        }
        assert ("customer_id",) in [each.one_of for each in found.open]


class TestTables:
    def test_a_file_of_something_else_is_none_of_them(self) -> None:
        found = of_text("supplier, contact person\nAcme, Ann Lee\nPotters, Bob Ray\n", "suppliers.csv")
        assert found.table is None
        assert all(each.meaning is None for each in found.columns)

    def test_one_file_of_another_form_does_not_make_the_form(self) -> None:
        other = [
            "InvoiceNo",
            "StockCode",
            "Description",
            "Quantity",
            "InvoiceDate",
            "UnitPrice",
            "CustomerID",
        ]
        row = ["1", "X", "MUG", "6", "2010-12-01 08:26", "2.55", "17850"]
        retail = facts_of([*other, "Country"], [[*row, "Eire"]])
        members = facts_of(["member no", "gender"], [["1", "F"], ["2", "M"]])
        assert propose({"data.csv": retail}, FORMS).form == "online_retail"
        assert propose({"data.csv": retail, "members.csv": members}, FORMS).form == "orders"

    def test_why_says_which_word_and_which_values(self) -> None:
        (first, *_) = of_text("Belegnr, Datum\n7, 31.01.2024\n7, 31.01.2024\n8, 01.02.2024\n").columns
        assert (
            first.why == "header 'Belegnr' is a German word for order_id; whole numbers, 7 to 8, 2 distinct"
        )

    def test_a_column_added_to_the_yml_needs_no_code(self) -> None:
        column = {"name": "colour", "config": {"meta": {"kind": "text", "headers": {"de": "Kolorit, Farbe"}}}}
        key = {"name": "product_id", "config": {"meta": {"kind": "identifier"}}}
        form = {"sources": [{"name": "orders", "tables": [{"name": "articles", "columns": [key, column]}]}]}
        facts = facts_of(["product id", "Farbe"], [["A1", "rot"], ["A2", "blau"]])
        (found,) = propose({"articles.csv": facts}, read_forms([form])).files
        assert meanings(found) == {"product id": ("product_id", True), "Farbe": ("colour", True)}
