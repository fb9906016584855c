import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from palette.core.declarations import Csv, Declared, Retailer, Rule, declare, json_schema
from palette.core.errors import InputError


def problem(folder: Path, **declared: object) -> str:
    with pytest.raises(InputError) as raised:
        declare("shop", folder, declared)
    message = str(raised.value)
    assert message.startswith(f"{folder}/retailer.yml: ")
    return message.removeprefix(f"{folder}/retailer.yml: ")


def written(folder: Path, content: str | bytes, key: str = "shop") -> Declared:
    (folder / "retailer.yml").write_bytes(content.encode() if isinstance(content, str) else content)
    return declare(key, folder)


class TestDefaults:
    def test_a_shop_need_declare_nothing(self, tmp_path: Path) -> None:
        declared = written(tmp_path, "")
        assert (declared.key, declared.folder, declared.form.name) == ("shop", tmp_path, "orders")
        assert declared.retailer == Retailer(
            form="orders", name="shop", currency="XXX", item_level="product", cleaning_steps="standard"
        )

    def test_the_forms_come_before_the_general_ones(self, tmp_path: Path) -> None:
        retailer = written(tmp_path, "form: online_retail").retailer
        assert (retailer.currency, retailer.country, retailer.date_order) == ("GBP", "GB", "month_first")
        assert retailer.cleaning_steps == "online_retail"

    def test_what_is_declared_comes_before_the_forms(self, tmp_path: Path) -> None:
        retailer = written(
            tmp_path, "form: online_retail\ncurrency: CHF\ncountry: CH\nsubdivision: ZH\n"
        ).retailer
        assert (retailer.currency, retailer.country, retailer.subdivision) == ("CHF", "CH", "ZH")

    def test_the_name_of_a_form_is_that_of_its_own_retailer_alone(self, tmp_path: Path) -> None:
        assert declare("lpoint", tmp_path, {"form": "lpoint"}).retailer.name == "L.POINT"
        assert declare("mall", tmp_path, {"form": "lpoint"}).retailer.name == "mall"
        assert declare("mall", tmp_path, {"form": "lpoint", "name": "The Mall"}).retailer.name == "The Mall"

    @pytest.mark.parametrize(
        ("columns", "level"),
        [
            ({"order_id": "Nr", "product_id": "SKU"}, "product"),
            ({"order_id": "Nr", "product_name": "Artikel"}, "product"),
            ({"order_id": "Nr", "amount": "Summe"}, "none"),
        ],
    )
    def test_a_shop_without_products_has_no_item_level(
        self, tmp_path: Path, columns: dict[str, str], level: str
    ) -> None:
        assert declare("shop", tmp_path, {"columns": {"order_lines": columns}}).retailer.item_level == level
        declared = declare("shop", tmp_path, {"columns": {"order_lines": columns}, "item_level": "category"})
        assert declared.retailer.item_level == "category"

    def test_one_file_need_be_no_list(self, tmp_path: Path) -> None:
        files = written(tmp_path, "files: {order_lines: a.csv, products: [b.csv, c*.csv]}").retailer.files
        assert files == {"order_lines": ["a.csv"], "products": ["b.csv", "c*.csv"]}

    def test_cleaning_steps_may_be_the_shops_own(self, tmp_path: Path) -> None:
        steps = "cleaning_steps: [{rule: missing_customer}, {rule: amount_outlier, parameter: 3, step: huge}]"
        own = written(tmp_path, steps).retailer.cleaning_steps
        assert not isinstance(own, str)
        assert [(step.rule, step.step, step.parameter) for step in own] == [
            ("missing_customer", None, None),
            ("amount_outlier", "huge", 3),
        ]

    def test_a_byte_order_mark_does_not_matter(self, tmp_path: Path) -> None:
        assert written(tmp_path, b"\xef\xbb\xbfname: \xec\x83\x81\xec\xa0\x90").retailer.name == "상점"


class TestWrongValues:
    @pytest.mark.parametrize(
        ("key", "value", "expected"),
        [
            ("name", 7, "name: 7: Input should be a valid string (name to show; default: the folder's)"),
            ("currency", "EURO", "currency: 'EURO': no ISO 4217 code, such as EUR (ISO 4217 code of all"),
            ("currency", "eur", "currency: 'eur': no ISO 4217 code, such as EUR"),
            ("country", "Germany", "country: 'Germany': no ISO 3166-1 alpha-2 code of a country"),
            ("country", "DEU", "country: 'DEU': no ISO 3166-1 alpha-2 code"),
            (
                "time_zone",
                "Europe/Berln",
                "time_zone: 'Europe/Berln': no IANA time zone, such as Europe/Berlin: did you mean "
                "'Europe/Berlin'?",
            ),
            ("time_zone", "CET+1", "time_zone: 'CET+1': no IANA time zone, such as Europe/Berlin"),
            ("date_order", "dmy", "date_order: 'dmy': Input should be 'day_first' or 'month_first'"),
            ("decimal_mark", ";", "decimal_mark: ';': Input should be '.' or ','"),
            ("recency_unit", "weeks", "Input should be 'calendar_days' or 'elapsed_days'"),
            ("item_level", "sku", "Input should be 'product', 'subcategory', 'category' or 'none'"),
            ("revenue", "gross", "Input should be 'after_discount' or 'before_discount'"),
            ("channel", "shop", "channel: 'shop': Input should be 'online', 'offline' or 'unknown'"),
            ("channels", {"Markt": "here"}, "channels.Markt: 'here': Input should be 'online' or 'offline'"),
            ("channels", ["Markt"], "channels: ['Markt']: Input should be a valid dictionary"),
            ("cleaning_steps", 5, "cleaning_steps: 5: "),
            ("service_lines", ["a"], "service_lines: ['a']: Input should be a valid string"),
            ("csv", {"delimiter": "||"}, "csv.delimiter: '||': String should have at most 1 character"),
            (
                "csv",
                {"delimiter": '"'},
                "csv.delimiter: '\"': a quote or the end of a line cannot be the delim",
            ),
            (
                "csv",
                {"delimiter": "\n"},
                "csv.delimiter: '\\n': a quote or the end of a line cannot be the delim",
            ),
            (
                "csv",
                {"encoding": "utf8-sig-x"},
                "csv.encoding: 'utf8-sig-x': no encoding of text that Python",
            ),
            ("csv", {"encoding": "base64"}, "csv.encoding: 'base64': no encoding of text that Python knows"),
            ("csv", {"header": "yes"}, "csv.header: 'yes': Input should be a valid boolean"),
            ("files", {"order_lines": 7}, "files.order_lines: 7: "),
            ("files", "orders.csv", "files: 'orders.csv': Input should be a valid dictionary"),
            ("columns", {"order_lines": {"order_id": 1}}, "columns.order_lines.order_id: 1: "),
            ("snapshot", {"uri": "a", "file": "b"}, "snapshot.query is missing (the query whose result is"),
        ],
    )
    def test_key_value_and_what_is_allowed_are_named(
        self, tmp_path: Path, key: str, value: object, expected: str
    ) -> None:
        message = problem(tmp_path, **{key: value})
        assert expected in message
        assert message.startswith(key)
        problems = message.split(f"; {key}")
        assert len(problems) == 1

    def test_a_form_that_is_none(self, tmp_path: Path) -> None:
        expected = "form: 'corner_shop' is no form (there are: lpoint, online_retail, orders)"
        assert problem(tmp_path, form="corner_shop") == expected

    def test_a_form_that_is_no_name(self, tmp_path: Path) -> None:
        assert "form: ['orders'] is no form" in problem(tmp_path, form=["orders"])

    def test_all_problems_are_told_at_once(self, tmp_path: Path) -> None:
        message = problem(tmp_path, currency="EURO", date_order="dmy", shop="mine")
        assert "currency: 'EURO'" in message
        assert "; date_order: 'dmy'" in message
        assert "; shop: unknown key" in message

    def test_a_folder_name_that_is_no_key(self, tmp_path: Path) -> None:
        with pytest.raises(InputError) as raised:
            declare("my shop", tmp_path / "my shop", {})
        assert str(raised.value) == (
            f"{tmp_path}/my shop: a retailer's folder is named with letters, digits, _ and - alone"
        )

    @pytest.mark.parametrize("key", ["shop-1", "shop_1", "상점"])
    def test_folder_names_that_are_keys(self, tmp_path: Path, key: str) -> None:
        assert declare(key, tmp_path, {}).key == key


class TestUnknownNames:
    @pytest.mark.parametrize(
        ("declared", "expected"),
        [
            ({"curency": "EUR"}, "curency: unknown key: did you mean 'currency'?"),
            ({"wholly_other": 1}, "wholly_other: unknown key"),
            ({"csv": {"delimitr": ";"}}, "csv.delimitr: unknown key: did you mean 'delimiter'?"),
            (
                {"cleaning_steps": [{"rule": "missing_customer", "parametr": 3}]},
                "cleaning_steps.0.parametr: unknown key: did you mean 'parameter'?",
            ),
            (
                {"files": {"orders": "a.csv"}},
                "files.orders: no table of the form orders (there are: order_lines, products, customers, "
                "visits, weather)",
            ),
            (
                {"columns": {"purchases": {"a": "b"}}},
                "columns.purchases: no table of the form orders (there are: order_lines, products, "
                "customers, visits, weather)",
            ),
            (
                {"columns": {"weather": {"rain_fall": "mm"}}},
                "columns.weather.rain_fall: no column of weather: did you mean 'rainfall'? "
                "(there are: date_day, mean_temperature, rainfall)",
            ),
        ],
    )
    def test_they_are_named_with_the_nearest_known_one(
        self, tmp_path: Path, declared: dict[str, Any], expected: str
    ) -> None:
        assert problem(tmp_path, **declared) == expected


class TestContradictions:
    def test_a_part_of_another_country(self, tmp_path: Path) -> None:
        message = problem(tmp_path, country="AT", subdivision="BY")
        assert message.startswith("subdivision: 'BY' is no part of the country AT (there are: 1, 2, 3,")

    def test_a_part_of_no_country(self, tmp_path: Path) -> None:
        message = problem(tmp_path, subdivision="BY")
        assert message == "subdivision: 'BY' needs a country, as in country: DE"

    @pytest.mark.parametrize("rule", ["non_product_code", "amount_outlier"])
    def test_a_rule_without_its_parameter(self, tmp_path: Path, rule: str) -> None:
        message = problem(tmp_path, cleaning_steps=[{"rule": "missing_customer"}, {"rule": rule}])
        assert message == f"cleaning_steps: step 2: {rule} needs a parameter"

    def test_a_parameter_without_use(self, tmp_path: Path) -> None:
        message = problem(tmp_path, cleaning_steps=[{"rule": "missing_customer", "parameter": 2}])
        assert message == "cleaning_steps: step 1: missing_customer takes no parameter"

    def test_an_unknown_rule(self, tmp_path: Path) -> None:
        message = problem(tmp_path, cleaning_steps=[{"rule": "missing_everything"}])
        assert message.startswith(
            "cleaning_steps.0.rule: 'missing_everything': Input should be 'missing_cust"
        )


class TestFile:
    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            ("name: [a", "no YAML: while parsing a flow sequence"),
            ("name: a\n\tcurrency: EUR", "no YAML: "),
            ("- name: a", "has to hold keys and values, such as `currency: EUR`"),
            ("EUR", "has to hold keys and values, such as `currency: EUR`"),
            ("name: Süd".encode("cp1252"), "not UTF-8 text"),
        ],
    )
    def test_what_is_no_declaration(self, tmp_path: Path, content: str | bytes, expected: str) -> None:
        with pytest.raises(InputError) as raised:
            written(tmp_path, content)
        assert str(raised.value).startswith(f"{tmp_path}/retailer.yml: {expected}")
        assert "\n" not in str(raised.value)

    def test_a_place_in_the_file_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="line 2, column"):
            written(tmp_path, "name: a\ncolumns: {order_lines: [}")

    def test_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(InputError) as raised:
            declare("shop", tmp_path)
        assert str(raised.value) == f"{tmp_path}/retailer.yml: cannot be read: No such file or directory"

    def test_keys_that_are_no_text_are_unknown(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="1: unknown key"):
            written(tmp_path, "1: a")


class TestSchema:
    def test_it_describes_every_key(self) -> None:
        schema = json_schema()
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert schema["additionalProperties"] is False
        assert set(schema["properties"]) == set(Retailer.model_fields)
        assert all(each.get("description") for each in schema["properties"].values())
        assert set(schema["$defs"]["Csv"]["properties"]) == set(Csv.model_fields)
        json.dumps(schema)

    def test_what_is_declared_can_be_written_and_read_again(self, tmp_path: Path) -> None:
        declared = written(tmp_path, "currency: EUR\nfiles: {order_lines: a.csv}\ncsv: {delimiter: ;}\n")
        again = written(tmp_path, yaml.safe_dump(declared.retailer.model_dump(exclude_defaults=True)))
        assert again == declared


def test_norway_needs_no_quotes(tmp_path: Path) -> None:
    (tmp_path / "retailer.yml").write_text("country: NO\n")
    assert declare("shop", tmp_path).retailer.country == "NO"


def test_a_rule_of_cleaning_is_known_wherever_rules_are_listed():
    root = Path(__file__).parents[3]
    rules = set(get_args(Rule))
    applied = (root / "models/intermediate/core/int_order_lines__checked.sql").read_text()
    assert set(re.findall(r"'(\w+)'", applied.partition("]")[0])) == rules
    described = yaml.safe_load((root / "seeds/core/cleaning_steps.yml").read_text())
    (column,) = (each for each in described["seeds"][0]["columns"] if each["name"] == "rule")
    (test,) = column["data_tests"]
    assert set(test["accepted_values"]["arguments"]["values"]) == rules
