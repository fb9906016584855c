import os
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from palette.core import landing
from palette.core.declarations import Declared, declare
from palette.core.errors import InputError
from palette.core.landing import Landed, land, landing_folder, prune, table_sql

HEADER = "order_id,customer_id,ordered_at,quantity,unit_price,currency\n"
LINE = "1,7,2025-01-31 10:00,2,1.5,EUR\n"


def shop(folder: Path, key: str = "shop", **declared: object) -> Declared:
    return declare(key, folder, declared)


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def touch_later(path: Path) -> None:
    status = path.stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1_000_000_000))


def lines(declared: Declared) -> Landed:
    return land(declared, declared.form.purchases)


def problem(declared: Declared, table: str = "order_lines") -> str:
    with pytest.raises(InputError) as raised:
        land(declared, declared.form.tables[table])
    return str(raised.value)


@pytest.fixture
def writes(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Files written from now on."""
    written: list[Path] = []
    write_it: Callable[..., dict[str, object]] = landing._write

    def counted(*arguments: object) -> dict[str, object]:
        written.append(Path(str(arguments[-1])))
        return write_it(*arguments)

    monkeypatch.setattr(landing, "_write", counted)
    return written


def test_a_row_of_the_tables_own_names_is_a_header_whatever_else_stands_in_it(tmp_path: Path) -> None:
    header = "order_id,customer_id,ordered_at,unit_price,2024,2025\n"
    write(tmp_path / "orders.csv", header + "1,7,2025-01-31 10:00,1.5,,\n")
    assert lines(shop(tmp_path)).rows == 1


class TestOnce:
    def test_what_is_landed_is_not_written_again(self, tmp_path: Path, writes: list[Path]) -> None:
        write(tmp_path / "orders.csv", HEADER + LINE)
        first, second = lines(shop(tmp_path)), lines(shop(tmp_path))
        assert first == second
        assert (first.rows, first.files, first.notes) == (1, (f"{tmp_path}/orders.csv",), ())
        assert first.path is not None
        assert first.path.is_file()
        assert len(writes) == 1

    def test_a_changed_file_is_landed_anew(self, tmp_path: Path, writes: list[Path]) -> None:
        path = write(tmp_path / "orders.csv", HEADER + LINE)
        first = lines(shop(tmp_path))
        write(path, HEADER + LINE * 3)
        second = lines(shop(tmp_path))
        assert (second.rows, len(writes)) == (3, 2)
        assert first.path != second.path

    def test_what_was_landed_of_earlier_files_stays_until_it_is_pruned(self, tmp_path: Path) -> None:
        other = lines(shop(write(tmp_path / "other" / "orders.csv", HEADER + LINE).parent, "other"))
        path = write(tmp_path / "shop" / "orders.csv", HEADER + LINE)
        first = lines(shop(path.parent))
        write(path, HEADER + LINE * 3)
        second = lines(shop(path.parent))
        assert first.path is not None
        assert first.path.is_file()
        prune([shop(path.parent)])
        kept = [each.path for each in (second, other) if each.path]
        assert set(landing_folder().iterdir()) == {*kept, *(each.with_suffix(".json") for each in kept)}

    def test_a_file_of_the_same_size_saved_later_is_landed_anew(
        self, tmp_path: Path, writes: list[Path]
    ) -> None:
        path = write(tmp_path / "orders.csv", HEADER + LINE)
        lines(shop(tmp_path))
        write(path, HEADER + LINE.replace("7", "8"))
        touch_later(path)
        (row,) = duckdb.read_parquet(str(lines(shop(tmp_path)).path)).select("customer_id").fetchall()
        assert row == ("8",)
        assert len(writes) == 2

    @pytest.mark.parametrize(
        "declared",
        [{"date_order": "day_first"}, {"time_zone": "UTC"}, {"channels": {"Markt": "offline"}}],
        ids=str,
    )
    def test_another_declaration_lands_anew(
        self, tmp_path: Path, writes: list[Path], declared: dict[str, object]
    ) -> None:
        write(tmp_path / "orders.csv", HEADER + LINE)
        lines(shop(tmp_path))
        lines(shop(tmp_path, **declared))
        assert len(writes) == 2

    def test_other_code_lands_anew(
        self, tmp_path: Path, writes: list[Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(tmp_path / "orders.csv", HEADER + LINE)
        lines(shop(tmp_path))
        monkeypatch.setattr(landing, "_CODE", (write(tmp_path / "code.py", "pass"),))
        lines(shop(tmp_path))
        assert len(writes) == 2

    def test_a_file_that_is_gone_counts_no_more(self, tmp_path: Path) -> None:
        write(tmp_path / "orders.csv", HEADER + LINE)
        more = write(tmp_path / "orders2.csv", HEADER + LINE * 2)
        assert lines(shop(tmp_path)).rows == 3
        more.unlink()
        assert lines(shop(tmp_path)).rows == 1

    def test_shops_of_one_name_in_two_folders_do_not_take_each_others_place(
        self, tmp_path: Path, writes: list[Path]
    ) -> None:
        for folder in ("a", "b"):
            write(tmp_path / folder / "orders.csv", HEADER + LINE * (1 + (folder == "b")))
        assert [lines(shop(tmp_path / folder)).rows for folder in "abab"] == [1, 2, 1, 2]
        assert len(writes) == 2

    def test_a_shop_whose_name_begins_with_anothers_keeps_its_files(
        self, tmp_path: Path, writes: list[Path]
    ) -> None:
        write(tmp_path / "orders.csv", HEADER + LINE)
        for key in ("shop", "shop2", "shop", "shop2"):
            lines(shop(tmp_path, key))
        assert len(writes) == 2


class TestFailed:
    def test_a_bad_file_leaves_nothing_behind(self, tmp_path: Path) -> None:
        write(tmp_path / "orders.csv", HEADER + LINE.replace(",2,", ",two,"))
        expected = (
            f"{tmp_path}/orders.csv: row 1 (line 2 of the file), column quantity: 'two' is not a number"
        )
        assert problem(shop(tmp_path)) == expected
        assert list(landing_folder().iterdir()) == []

    def test_what_was_landed_before_stays(self, tmp_path: Path) -> None:
        path = write(tmp_path / "orders.csv", HEADER + LINE)
        landed = lines(shop(tmp_path))
        write(path, HEADER + LINE.replace(",2,", ",two,"))
        problem(shop(tmp_path))
        assert landed.path is not None
        assert landed.path.is_file()

    def test_a_large_file_is_announced_before_it_is_read_and_not_again(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        write(tmp_path / "orders.csv", HEADER + LINE)
        declared = shop(tmp_path)
        monkeypatch.setattr(landing, "_WORTH_A_LINE", 1)
        lines(declared)
        assert capsys.readouterr().out == "shop.order_lines: reading orders.csv (0 MB)\n"
        lines(declared)
        assert capsys.readouterr().out == ""

    @pytest.mark.parametrize("failing", ["replace", "write_text"])
    def test_a_landing_that_was_cut_off_is_begun_anew(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
    ) -> None:
        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        write(tmp_path / "orders.csv", HEADER + LINE)
        with monkeypatch.context() as patch:
            patch.setattr(Path, failing, full)
            assert "No space left on device" in problem(shop(tmp_path))
        assert lines(shop(tmp_path)).rows == 1
        assert len(list(landing_folder().iterdir())) == 2

    def test_a_folder_that_cannot_be_written_to(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(tmp_path / "orders.csv", HEADER + LINE)
        write(tmp_path / "taken", "")
        monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path / "taken"))
        assert problem(shop(tmp_path)).startswith(f"{tmp_path}/taken/landing: cannot be written to: ")


class TestFolder:
    @pytest.mark.parametrize("name", ["it's", "소매", "a [b] * c?", "year=2010"])
    def test_odd_target_folders(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path / name))
        write(tmp_path / "data" / "orders.csv", HEADER + LINE)
        declared = shop(tmp_path / "data")
        relation = duckdb.sql(table_sql([declared], declared.form.purchases))
        assert relation.columns == ["retailer", *(each.name for each in declared.form.purchases.columns)]
        assert relation.select("retailer, order_id").fetchall() == [("shop", "1")]

    def test_it_is_the_projects_target_where_dbt_names_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("DBT_TARGET_PATH")
        assert landing_folder() == landing.project_folder() / "target" / "landing"


class TestCopies:
    def test_a_copy_is_refused(self, tmp_path: Path) -> None:
        for name in ("orders.csv", "orders (1).csv"):
            write(tmp_path / name, HEADER + LINE)
        assert problem(shop(tmp_path)) == (
            f"{tmp_path}/orders.csv: a copy of orders (1).csv; remove one of them, or their rows count twice"
        )

    def test_files_of_one_size_are_none(self, tmp_path: Path) -> None:
        write(tmp_path / "orders.csv", HEADER + LINE)
        write(tmp_path / "orders2.csv", HEADER + LINE.replace("1,7", "2,8"))
        assert lines(shop(tmp_path)).rows == 2


class TestCurrencies:
    def test_several_are_refused(self, tmp_path: Path) -> None:
        write(tmp_path / "orders.csv", HEADER + LINE * 2 + LINE.replace("EUR", "usd"))
        assert problem(shop(tmp_path)) == (
            f"{tmp_path}/orders.csv: several currencies: EUR (2 rows), USD (1 row). Amounts of different "
            "currencies cannot be added up: bring them to one, or make a retailer of each"
        )

    def test_another_than_the_declared_one_is_refused(self, tmp_path: Path) -> None:
        write(tmp_path / "orders.csv", HEADER + LINE)
        assert problem(shop(tmp_path, currency="CHF")) == (
            f"{tmp_path}/orders.csv: the currency is EUR, but {tmp_path}/retailer.yml says CHF"
        )

    @pytest.mark.parametrize("code", ["EUR", "eur", ""])
    def test_the_declared_one_in_any_case_or_none_is_right(self, tmp_path: Path, code: str) -> None:
        write(tmp_path / "orders.csv", HEADER + LINE.replace("EUR", code))
        assert lines(shop(tmp_path, currency="EUR")).rows == 1


class TestKeyedTables:
    def products(self, folder: Path, *rows: str, **declared: object) -> tuple[Landed, int]:
        write(folder / "products.csv", "\n".join(["product_id,product_name,category", *rows]) + "\n")
        table = shop(folder).form.tables["products"]
        landed = land(shop(folder, **declared), table)
        return landed, len(duckdb.read_parquet(str(landed.path)))

    def test_rows_that_repeat_count_once_and_are_noted(self, tmp_path: Path) -> None:
        landed, rows = self.products(tmp_path, "1,Mug,Kitchen", "2,Pen,Office", "1,Mug,Kitchen")
        assert (landed.rows, rows) == (3, 2)
        assert landed.notes == ("1 of its 3 rows repeat another one; they do not count",)

    def test_two_descriptions_of_one_product_are_noted(self, tmp_path: Path) -> None:
        landed, rows = self.products(tmp_path, "1,Mug,Kitchen", "1,Mug,Gifts")
        assert (landed.rows, rows) == (2, 2)
        assert landed.notes == ("1 of its rows have the product_id of another one, but differ in the rest",)

    def test_notes_are_kept_with_what_was_landed(self, tmp_path: Path) -> None:
        first, _ = self.products(tmp_path, "1,Mug,Kitchen", "1,Mug,Kitchen")
        second = land(shop(tmp_path), shop(tmp_path).form.tables["products"])
        assert second == first

    def test_products_described_on_every_line_are_no_fault(self, tmp_path: Path) -> None:
        files = {"products": "products.csv", "order_lines": "products.csv"}
        landed, _ = self.products(tmp_path, "1,Mug,Kitchen", "1,Mug,Kitchen", files=files)
        assert landed.notes == ()

    def test_order_lines_alike_all_count(self, tmp_path: Path) -> None:
        write(tmp_path / "orders.csv", HEADER + LINE * 2)
        landed = lines(shop(tmp_path))
        assert landed.notes == ()
        assert len(duckdb.read_parquet(str(landed.path))) == 2


class TestTables:
    def test_a_table_that_may_be_missing_has_no_rows(self, tmp_path: Path) -> None:
        write(tmp_path / "orders.csv", HEADER + LINE)
        declared = shop(tmp_path)
        weather = declared.form.tables["weather"]
        assert land(declared, weather) == Landed(None, 0, (), ())
        relation = duckdb.sql(table_sql([declared], weather))
        assert relation.columns == ["retailer", "date_day", "mean_temperature", "rainfall"]
        assert list(map(str, relation.types)) == ["VARCHAR", "TIMESTAMP", "DECIMAL(18,4)", "DECIMAL(18,4)"]
        assert relation.fetchall() == []

    def test_shops_are_read_together_whatever_their_columns(self, tmp_path: Path) -> None:
        write(tmp_path / "a" / "orders.csv", HEADER + LINE)
        write(
            tmp_path / "b" / "orders.csv",
            "unit_price,quantity,ordered_on,customer_id,order_id\n3,1,2025-02-01,8,2\n",
        )
        shops = [shop(tmp_path / key, key) for key in "ab"]
        sql = table_sql(shops, shops[0].form.purchases)
        assert duckdb.sql(f"select retailer, order_id, customer_id from ({sql}) order by 1").fetchall() == [
            ("a", "1", "7"),
            ("b", "2", "8"),
        ]

    @pytest.mark.parametrize("kind", ["a folder", "a link to nothing"])
    def test_what_only_has_the_name_of_a_file_is_noted(self, tmp_path: Path, kind: str) -> None:
        write(tmp_path / "orders.csv", HEADER + LINE)
        other = tmp_path / "orders-old.csv"
        other.mkdir() if kind == "a folder" else other.symlink_to(tmp_path / "gone")
        assert lines(shop(tmp_path)).notes == (f"{other}: left out, {kind} and no file",)
