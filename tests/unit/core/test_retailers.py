import gzip
from pathlib import Path

import openpyxl
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest

from palette.core import retailers
from palette.core.errors import InputError
from palette.core.retailers import (
    Found,
    chosen_retailers,
    data_folder,
    find_retailers,
    fitting,
    retailer_rows,
)

ONLINE_RETAIL = (
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
    "536365,85123A,MUG,6,2010-12-01 08:26,2.55,17850,Eire\n"
)
ORDERS = "order_id,customer_id,ordered_at,quantity,unit_price\n1,7,2025-01-31,2,1.5\n"
UNKNOWN = "Bestellnummer;Kunde;Datum;Summe\n1;7;31.01.2025;3\n"


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def keys(found: Found) -> dict[str, str]:
    return {each.key: each.form.name for each in found.retailers}


def problem(data: Path, *chosen: str) -> str:
    with pytest.raises(InputError) as raised:
        find_retailers(data, chosen)
    return str(raised.value)


class TestFound:
    def test_folders_with_a_declaration_or_of_a_known_form(self, tmp_path: Path) -> None:
        write(tmp_path / "kiosk" / "retailer.yml", "currency: EUR\n")
        write(tmp_path / "uci" / "lines.csv", ONLINE_RETAIL)
        write(tmp_path / "mall" / "orders.csv", ORDERS)
        found = find_retailers(tmp_path)
        assert keys(found) == {"kiosk": "orders", "mall": "orders", "uci": "online_retail"}
        assert [each.folder.name for each in found.retailers] == ["kiosk", "mall", "uci"]
        assert found.notes == ()

    def test_several_of_one_form(self, tmp_path: Path) -> None:
        for key in ("b", "a", "online_retail"):
            write(tmp_path / key / "lines.csv", ONLINE_RETAIL)
        found = find_retailers(tmp_path)
        assert keys(found) == dict.fromkeys(["a", "b", "online_retail"], "online_retail")
        assert [each.retailer.name for each in found.retailers] == ["a", "b", "Online Retail (UCI)"]

    def test_the_chosen_ones_alone(self, tmp_path: Path) -> None:
        for key in ("a", "b", "c"):
            write(tmp_path / key / "orders.csv", ORDERS)
        write(tmp_path / "broken" / "retailer.yml", "currency: EURO")
        assert list(keys(find_retailers(tmp_path, ["c", "a"]))) == ["a", "c"]

    def test_files_that_fit_no_form_are_left_out_with_a_note(self, tmp_path: Path) -> None:
        write(tmp_path / "mall" / "orders.csv", ORDERS)
        folder = write(tmp_path / "laden" / "export.csv", UNKNOWN).parent
        found = find_retailers(tmp_path)
        assert list(keys(found)) == ["mall"]
        assert found.notes == (
            f"{folder}: left out, it has no retailer.yml, and its files fit none of the forms lpoint, "
            "online_retail, orders exactly; `palette add laden FILE...` looks at files and writes one",
        )

    def test_empty_and_hidden_folders_are_no_retailers(self, tmp_path: Path) -> None:
        write(tmp_path / "mall" / "orders.csv", ORDERS)
        write(tmp_path / ".git" / "orders.csv", ORDERS)
        write(tmp_path / "notes" / ".DS_Store", "x")
        (tmp_path / "empty").mkdir()
        assert find_retailers(tmp_path).notes == ()
        assert list(keys(find_retailers(tmp_path))) == ["mall"]


class TestFilesInTheDataFolderItself:
    def test_a_shop_that_is_alone(self, tmp_path: Path) -> None:
        write(tmp_path / "data" / "lines.csv", ONLINE_RETAIL)
        assert keys(find_retailers(tmp_path / "data")) == {"data": "online_retail"}

    def test_the_one_that_is_chosen(self, tmp_path: Path) -> None:
        write(tmp_path / "lines.csv", ONLINE_RETAIL)
        (found,) = find_retailers(tmp_path, ["online_retail"]).retailers
        assert (found.key, found.folder, found.retailer.name) == (
            "online_retail",
            tmp_path,
            "Online Retail (UCI)",
        )

    def test_a_declaration_there_counts(self, tmp_path: Path) -> None:
        write(tmp_path / "data" / "retailer.yml", "name: Laden")
        (found,) = find_retailers(tmp_path / "data").retailers
        assert (found.key, found.retailer.name) == ("data", "Laden")

    def test_folders_come_first(self, tmp_path: Path) -> None:
        write(tmp_path / "readme.csv", "unrelated\n1\n")
        write(tmp_path / "mall" / "orders.csv", ORDERS)
        assert list(keys(find_retailers(tmp_path))) == ["mall"]

    def test_files_that_fit_no_form(self, tmp_path: Path) -> None:
        write(tmp_path / "data" / "export.csv", UNKNOWN)
        assert problem(tmp_path / "data").startswith(
            f"{tmp_path}/data: it has no retailer.yml, and its files fit none of the forms"
        )


class TestProblems:
    def test_no_folder(self, tmp_path: Path) -> None:
        assert problem(tmp_path / "none") == (
            f"{tmp_path}/none: folder not found; PALETTE_DATA says where the retailers' folders lie"
        )

    def test_no_retailer(self, tmp_path: Path) -> None:
        assert problem(tmp_path) == f"{tmp_path}: no retailer's folder in it"

    def test_none_that_fits(self, tmp_path: Path) -> None:
        write(tmp_path / "laden" / "export.csv", UNKNOWN)
        assert problem(tmp_path).startswith(
            f"{tmp_path}: no retailer's folder in it; {tmp_path}/laden: left out, it has no retailer.yml"
        )

    def test_one_that_is_not_there(self, tmp_path: Path) -> None:
        for key in ("a", "b"):
            write(tmp_path / key / "orders.csv", ORDERS)
        assert problem(tmp_path, "b", "mall") == (
            f"{tmp_path}: no folder mall, which PALETTE_RETAILERS names (there are: a, b)"
        )

    def test_one_that_is_named_twice(self, tmp_path: Path) -> None:
        assert problem(tmp_path, "a", "b", "a") == "PALETTE_RETAILERS names a retailer twice: a, b, a"

    def test_a_chosen_one_whose_files_fit_no_form(self, tmp_path: Path) -> None:
        write(tmp_path / "laden" / "export.csv", UNKNOWN)
        assert problem(tmp_path, "laden").startswith(f"{tmp_path}/laden: it has no retailer.yml, and")

    def test_files_that_fit_two_forms(self, tmp_path: Path) -> None:
        both = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country,order_id"
        both += ",customer_id,ordered_at,quantity_,unit_price_\n" + ",".join("1" * 13) + "\n"
        write(tmp_path / "shop" / "orders.csv", both)
        assert problem(tmp_path) == (
            f"{tmp_path}/shop: its files fit several forms (online_retail, orders): say which in "
            f"{tmp_path}/shop/retailer.yml, as `form: online_retail`"
        )

    def test_a_wrong_declaration(self, tmp_path: Path) -> None:
        write(tmp_path / "good" / "retailer.yml", "")
        write(tmp_path / "shop" / "retailer.yml", "currency: EURO")
        assert problem(tmp_path).startswith(f"{tmp_path}/shop/retailer.yml: currency: 'EURO'")

    def test_a_folder_that_is_no_name(self, tmp_path: Path) -> None:
        write(tmp_path / "my shop" / "orders.csv", ORDERS)
        assert problem(tmp_path).endswith("named with letters, digits, _ and - alone")


class TestFitting:
    @pytest.mark.parametrize("name", ["orders.csv", "ORDERS.CSV", "my_order_lines.csv.gz", "orders.parquet"])
    @pytest.mark.parametrize("delimiter", [",", ";", "\t"])
    def test_files_of_any_kind(self, tmp_path: Path, name: str, delimiter: str) -> None:
        path = write(tmp_path / name, ORDERS.replace(",", delimiter))
        if name.endswith(".gz"):
            path.write_bytes(gzip.compress(path.read_bytes()))
        if name.endswith(".parquet"):
            pq.write_table(pc.read_csv(path, parse_options=pc.ParseOptions(delimiter=delimiter)), path)
        assert [form.name for form in fitting(tmp_path)] == ["orders"]

    @pytest.mark.parametrize("text", ["", "\n", "\x00\x01", "order_id\n"])
    def test_files_of_none(self, tmp_path: Path, text: str) -> None:
        write(tmp_path / "orders.csv", text)
        write(tmp_path / "orders.parquet", text)
        write(tmp_path / "orders.csv.gz", text)
        assert fitting(tmp_path) == []

    def test_every_table_that_is_needed(self, tmp_path: Path) -> None:
        write(tmp_path / "products.csv", "product_id,product_name\n1,Mug\n")
        assert fitting(tmp_path) == []


class TestEnvironment:
    @pytest.mark.parametrize(
        ("text", "names"), [("", []), (" , ", []), ("a", ["a"]), (" b ,a,", ["b", "a"]), ("a,a", ["a", "a"])]
    )
    def test_chosen(self, monkeypatch: pytest.MonkeyPatch, text: str, names: list[str]) -> None:
        monkeypatch.setenv("PALETTE_RETAILERS", text)
        assert chosen_retailers() == names

    def test_the_folder_that_is_named(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PALETTE_DATA", str(tmp_path))
        assert data_folder() == tmp_path

    def test_shops_come_before_the_demo(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("PALETTE_DATA", raising=False)
        monkeypatch.setattr(retailers, "project_folder", lambda: tmp_path)
        assert data_folder() == tmp_path / "data" / "demo"
        (tmp_path / "data" / "shops" / "mall").mkdir(parents=True)
        assert data_folder() == tmp_path / "data" / "demo"
        write(tmp_path / "data" / "shops" / "mall" / "retailer.yml", "")
        assert data_folder() == tmp_path / "data" / "shops"


class TestRows:
    def test_a_row_for_each(self, tmp_path: Path) -> None:
        write(
            tmp_path / "a" / "retailer.yml", "name: 'Anna''s'\ncurrency: EUR\ncountry: DE\nsubdivision: BY\n"
        )
        write(tmp_path / "b" / "retailer.yml", "form: lpoint\ncleaning_steps: [{rule: missing_product}]\n")
        rows = retailer_rows(find_retailers(tmp_path).retailers)
        assert [row["retailer"] for row in rows] == ["a", "b"]
        first, second = rows
        assert first["retailer_name"] == "Anna's"
        assert [first[name] for name in ("form", "currency", "country_code", "subdivision")] == [
            "orders",
            "EUR",
            "DE",
            "BY",
        ]
        assert (first["cleaning_steps"], second["currency"]) == ("standard", "KRW")
        assert second["cleaning_steps"] is None


class TestLooksAtFiles:
    """Whatever is in a folder, it is a retailer's or left out."""

    LINES = "order_id,customer_id,ordered_at,unit_price\n1,7,2025-01-31,2.5\n"

    @pytest.mark.parametrize(
        "content",
        [
            LINES.encode("utf-16"),
            LINES.encode("utf-16-be"),
            LINES.encode("utf-8-sig"),
            b"\n\n" + LINES.encode(),
            LINES.replace("\n", "\r").encode(),
            (LINES + "2,é,2025-01-31,2.5\n" * 5_000).encode("utf-16-le"),
            (LINES + "2,é,2025-01-31,2.5\n" * 5_000).encode("latin-1"),
        ],
        ids=["utf-16", "utf-16-be", "marked", "blank lines", "cr", "long utf-16-le", "long latin-1"],
    )
    def test_of_our_own_names_it_is_one(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "a").mkdir()
        (tmp_path / "a" / "orders.csv").write_bytes(content)
        assert [shop.form.name for shop in find_retailers(tmp_path).retailers] == ["orders"]

    def test_so_is_a_workbook(self, tmp_path: Path) -> None:
        (tmp_path / "a").mkdir()
        book = openpyxl.Workbook()
        for line in self.LINES.splitlines():
            book.active.append(line.split(","))
        book.save(tmp_path / "a" / "orders.xlsx")
        assert [shop.form.name for shop in find_retailers(tmp_path).retailers] == ["orders"]

    @pytest.mark.parametrize(
        "content", [b"", b"\n", b"\0" * 9, b'"a', bytes(range(256)), b"a\rb\0\r", b"\xff\xfe\xff"]
    )
    @pytest.mark.parametrize("ending", ["csv", "csv.gz", "parquet", "xlsx"])
    def test_others_are_left_out(self, tmp_path: Path, content: bytes, ending: str) -> None:
        (tmp_path / "a").mkdir()
        (tmp_path / "a" / f"orders.{ending}").write_bytes(content)
        with pytest.raises(InputError, match=f"{tmp_path}/a: left out, it has no retailer.yml"):
            find_retailers(tmp_path)

    def test_a_link_to_nothing_is_said_to_be_left_out(self, tmp_path: Path) -> None:
        (tmp_path / "a").mkdir()
        (tmp_path / "a" / "orders.csv").symlink_to(tmp_path / "gone")
        with pytest.raises(InputError, match=f"{tmp_path}/a: left out, it has no retailer.yml"):
            find_retailers(tmp_path)
