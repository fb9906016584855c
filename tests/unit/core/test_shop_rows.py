from pathlib import Path
from typing import Any

import pytest

from palette.core.declarations import Declared, declare
from palette.core.errors import InputError
from palette.core.shop_rows import TABLES, check_presets, presets, rows_of_shops, shop_rows

GOOD = {
    "service_lines": "product_name\nPostage\n",
    "product_themes": "priority,pattern,theme\n10,%MUG%,Kitchen\n",
    "super_categories": "category,super_category\nMugs,Kitchen\n",
    "recommendation_rules": "list_name,rule,value\nnext,at_most_per_category,3\n",
    "product_facts": "product_id,stock,margin\n1,5,0.25\n2,,\n",
}


def shop(folder: Path, key: str = "shop", **declared: object) -> Declared:
    return declare(key, folder, declared)


def problem(folder: Path, seed: str, text: str | bytes) -> str:
    path = folder / f"{seed}.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(InputError) as raised:
        shop_rows(shop(folder), seed)
    assert str(raised.value).startswith(f"{path}: ")
    return str(raised.value).removeprefix(f"{path}: ")


def added(seed: str, *shops: Declared) -> list[dict[str, Any]]:
    return rows_of_shops(shops, seed)


@pytest.mark.parametrize("seed", GOOD)
class TestFiles:
    def test_rows_are_read_as_text(self, tmp_path: Path, seed: str) -> None:
        (tmp_path / f"{seed}.csv").write_text(GOOD[seed])
        header, *lines = GOOD[seed].splitlines()
        expected = [dict(zip(header.split(","), line.split(","), strict=True)) for line in lines]
        assert shop_rows(shop(tmp_path), seed) == expected
        nulls = [{key: value or None for key, value in row.items()} for row in expected]
        assert added(seed, shop(tmp_path)) == [{"retailer": "shop", **row} for row in nulls]

    def test_columns_may_be_in_any_order_after_a_byte_order_mark(self, tmp_path: Path, seed: str) -> None:
        header, *lines = GOOD[seed].splitlines()
        turned = "\r\n".join(",".join(reversed(line.split(","))) for line in (header, *lines))
        (tmp_path / f"{seed}.csv").write_bytes(b"\xef\xbb\xbf" + turned.encode())
        assert [*added(seed, shop(tmp_path))[0]] == ["retailer", *header.split(",")]
        assert len(shop_rows(shop(tmp_path), seed)) == len(lines)

    def test_a_header_alone_adds_nothing(self, tmp_path: Path, seed: str) -> None:
        (tmp_path / f"{seed}.csv").write_text(GOOD[seed].splitlines()[0])
        assert shop_rows(shop(tmp_path), seed) == []

    def test_no_file_adds_nothing(self, tmp_path: Path, seed: str) -> None:
        assert shop_rows(shop(tmp_path), seed) == []
        assert added(seed, shop(tmp_path)) == []

    def test_other_columns_are_refused(self, tmp_path: Path, seed: str) -> None:
        columns = ", ".join(TABLES[seed])
        message = problem(tmp_path, seed, "preset,name\na,b\n")
        assert message == f"the columns have to be {columns} (columns found: preset, name)"
        assert problem(tmp_path, seed, "") == f"the columns have to be {columns} (columns found: none)"

    def test_an_empty_value_is_refused(self, tmp_path: Path, seed: str) -> None:
        header = GOOD[seed].splitlines()[0]
        first, *rest = header.split(",")
        text = f"{header}\n{' '.join(['', ''])}{',' * len(rest)}\n"
        assert problem(tmp_path, seed, text) == f"line 2, column {first}: the value is empty"

    def test_a_line_of_too_many_values_is_refused(self, tmp_path: Path, seed: str) -> None:
        text = GOOD[seed] + GOOD[seed].splitlines()[1] + ",more\n"
        line = len(text.splitlines())
        assert problem(tmp_path, seed, text) == f"line {line}: more values than columns"

    def test_other_encodings_are_refused(self, tmp_path: Path, seed: str) -> None:
        text = (GOOD[seed] + "é").encode("latin-1")
        assert problem(tmp_path, seed, text).startswith("cannot be read: 'utf-8' codec can't decode")


class TestValues:
    @pytest.mark.parametrize(
        ("seed", "old", "new", "expected"),
        [
            ("product_themes", "10", "ten", "line 2, column priority: 'ten' is not a whole number"),
            ("product_themes", "10", "1.5", "line 2, column priority: '1.5' is not a whole number"),
            ("product_facts", "0.25", "25 %", "line 2, column margin: '25 %' is not a number"),
            ("product_facts", "1,5", "1,many", "line 2, column stock: 'many' is not a number"),
            ("product_facts", "2,,", "2,,x", "line 3, column margin: 'x' is not a number"),
            ("product_facts", "0.25", "nan", "line 2, column margin: 'nan' is not a number"),
            ("product_facts", "1,5", "1,1_0", "line 2, column stock: '1_0' is not a number"),
        ],
    )
    def test_numbers(self, tmp_path: Path, seed: str, old: str, new: str, expected: str) -> None:
        assert problem(tmp_path, seed, GOOD[seed].replace(old, new)) == expected

    def test_a_line_of_too_few_values(self, tmp_path: Path) -> None:
        text = "category,super_category\nMugs\n"
        message = problem(tmp_path, "super_categories", text)
        assert message == "line 2, column super_category: the value is empty"

    def test_lines_are_counted_as_in_the_file(self, tmp_path: Path) -> None:
        text = 'category,super_category\n"Mugs\nand cups",Kitchen\n\nPens,\n'
        message = problem(tmp_path, "super_categories", text)
        assert message == "line 5, column super_category: the value is empty"

    def test_an_open_quote_is_refused(self, tmp_path: Path) -> None:
        assert "cannot be read" in problem(tmp_path, "service_lines", 'product_name\n"Postage\n')

    def test_quotes_and_commas_reach_the_seed(self, tmp_path: Path) -> None:
        (tmp_path / "service_lines.csv").write_text('product_name\n"Anna\'s ""gift"", wrapped"\n')
        (row,) = added("service_lines", shop(tmp_path))
        assert row == {"retailer": "shop", "product_name": 'Anna\'s "gift", wrapped'}


class TestSteps:
    STEPS = ({"rule": "missing_customer"}, {"rule": "amount_outlier", "parameter": 3, "step": "huge"})

    def test_a_shops_own_steps_are_numbered(self, tmp_path: Path) -> None:
        assert added("cleaning_steps", shop(tmp_path, cleaning_steps=list(self.STEPS))) == [
            {
                "retailer": "shop",
                "step_number": "1",
                "step": "missing customer",
                "rule": "missing_customer",
                "parameter": None,
            },
            {
                "retailer": "shop",
                "step_number": "2",
                "step": "huge",
                "rule": "amount_outlier",
                "parameter": "3.0",
            },
        ]

    def test_a_set_of_the_seed_adds_nothing(self, tmp_path: Path) -> None:
        assert added("cleaning_steps", shop(tmp_path, cleaning_steps="lpoint")) == []


def test_shops_add_to_one_table(tmp_path: Path) -> None:
    for key in ("a", "b", "c"):
        (tmp_path / key).mkdir()
    (tmp_path / "a" / "product_facts.csv").write_text(GOOD["product_facts"])
    (tmp_path / "c" / "product_facts.csv").write_text(GOOD["product_facts"])
    rows = added("product_facts", *(shop(tmp_path / key, key) for key in ("a", "b", "c")))
    assert [(row["retailer"], row["product_id"]) for row in rows] == [
        ("a", "1"),
        ("a", "2"),
        ("c", "1"),
        ("c", "2"),
    ]


class TestPresets:
    def test_they_are_those_of_the_seeds(self) -> None:
        assert presets("cleaning_steps") == ["online_retail", "lpoint", "standard"]
        assert "online_retail" in presets("product_themes")

    @pytest.mark.parametrize(
        "key",
        ["cleaning_steps", "service_lines", "product_themes", "super_categories", "recommendation_rules"],
    )
    def test_an_unknown_set_is_named_with_those_there_are(self, tmp_path: Path, key: str) -> None:
        check_presets([shop(tmp_path), shop(tmp_path, **{key: "online_retail"})])
        with pytest.raises(InputError) as raised:
            check_presets([shop(tmp_path, **{key: "standrad"})])
        assert str(raised.value) == (
            f"{tmp_path}/retailer.yml: {key}: the seed table {key} has no set 'standrad' "
            f"(there are: {', '.join(presets(key))})"
        )

    def test_own_steps_name_no_set(self, tmp_path: Path) -> None:
        check_presets([shop(tmp_path, cleaning_steps=[{"rule": "missing_customer"}])])
