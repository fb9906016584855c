from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from palette import demo
from palette.core.errors import InputError
from palette.demo import RETAILERS, DemoFile, online_retail, write_demo

DIRTY_KINDS = {
    "bad_debt",
    "cancellation",
    "comma_or_quote",
    "exact_duplicate",
    "latin1_character",
    "lower_case_code",
    "missing_customer",
    "missing_customer_and_description",
    "missing_description",
    "non_product_code",
    "outlier_cancellation",
    "outlier_order",
    "service_line",
    "trailing_space",
    "two_countries",
    "two_descriptions",
    "write_off",
    "zero_price",
}


def read_lines(folder: Path) -> pd.DataFrame:
    """Read the shop's file as text, indexed by line number; an empty field is empty text."""
    path = folder / "online_retail" / online_retail.FILE
    lines = pd.read_csv(path, encoding="latin-1", dtype=str, keep_default_na=False)
    lines.index = pd.RangeIndex(2, len(lines) + 2, name="line_number")
    return lines


def first_reason(lines: pd.DataFrame) -> pd.Series:
    """Give the first cleaning step that drops a line (1 to 5), 0 where it is kept."""
    reasons = [
        (lines["CustomerID"] == "") | (lines["Description"] == ""),
        lines.duplicated(),
        (lines["Quantity"].astype(int) <= 0) | (lines["UnitPrice"].astype(float) <= 0),
        lines["StockCode"].str.count(r"\d") < 2,
        lines["Description"].isin(["Next Day Carriage", "High Resolution Image"]),
    ]
    step = pd.Series(0, index=lines.index)
    for number, reason in reversed(list(enumerate(reasons, start=1))):
        step = step.mask(reason, number)
    return step


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("demo")
    write_demo(out)
    return out


@pytest.fixture(scope="module")
def lines(folder: Path) -> pd.DataFrame:
    return read_lines(folder)


@pytest.fixture(scope="module")
def kept(lines: pd.DataFrame) -> pd.DataFrame:
    return lines[first_reason(lines) == 0]


@pytest.fixture(scope="module")
def dirty(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "truth" / "online_retail" / "dirty_lines.csv", dtype={"stock_code": str})


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_same_arguments_give_the_same_bytes(folder, tmp_path):
    write_demo(tmp_path)
    assert contents(tmp_path) == contents(folder)


@pytest.mark.slow
def test_another_seed_gives_another_shop_of_the_same_kind(lines, tmp_path):
    write_demo(tmp_path, seed=7)
    other = read_lines(tmp_path)
    assert not other.equals(lines)
    assert 54_000 < len(other) < 66_000


def test_reports_every_file_with_its_lines_and_leaves_nothing_else(lines, tmp_path):
    written = write_demo(tmp_path, ["online_retail"])["online_retail"]
    assert written[0] == DemoFile(tmp_path / "online_retail" / "online_retail.csv", len(lines) + 1, False)
    assert [file.path.name for file in written if file.is_truth] == [
        "customers.csv",
        "dirty_lines.csv",
        "product_pairs.csv",
    ]
    assert {str(file.path.relative_to(tmp_path)) for file in written} == set(contents(tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["online_retail", "truth"]


def test_number_of_customers_can_be_set(tmp_path):
    write_demo(tmp_path, customers=100)
    customers = pd.read_csv(tmp_path / "truth" / "online_retail" / "customers.csv")
    assert customers["customer_type"].ne("outlier").sum() == pytest.approx(100, abs=3)
    assert customers["customer_id"].is_unique


def test_unknown_retailer_and_no_customers_are_refused(tmp_path):
    with pytest.raises(InputError, match="unknown demo retailer corner_shop; known are online_retail"):
        write_demo(tmp_path, ["corner_shop"])
    with pytest.raises(InputError, match="at least 1"):
        write_demo(tmp_path, customers=0)
    assert contents(tmp_path) == {}


def test_a_failing_retailer_leaves_the_files_of_the_last_run(tmp_path, monkeypatch):
    def write(data: Path, _truth: Path, seed: int, _customers: int | None) -> None:
        (data / "shop.csv").write_text(f"a\n{seed}\n")
        if seed == 2:
            raise RuntimeError("half way")

    monkeypatch.setitem(RETAILERS, "other", write)
    assert demo.write_demo(tmp_path, ["other"], seed=1)["other"] == [
        DemoFile(tmp_path / "other" / "shop.csv", 2, False)
    ]
    with pytest.raises(RuntimeError, match="half way"):
        write_demo(tmp_path, ["other"], seed=2)
    assert contents(tmp_path) == {"other/shop.csv": b"a\n1\n"}


def test_file_has_the_form_of_the_kaggle_file(folder, lines):
    text = (folder / "online_retail" / online_retail.FILE).read_bytes()
    assert text.startswith(
        b"InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
    )
    assert b"\r" not in text
    assert "CAFÉ" in text.decode("latin-1")
    with pytest.raises(UnicodeDecodeError):
        text.decode("utf-8")
    assert 57_000 < len(lines) < 63_000
    assert lines["InvoiceDate"].str.fullmatch(r"[1-9]\d?/[1-9]\d?/201[01] ([6-9]|1\d|20):\d\d").all()
    assert lines["CustomerID"].str.fullmatch(r"(\d{5})?").all()
    assert lines["InvoiceNo"].str.fullmatch(r"[AC]?\d{6}").all()
    assert lines["CustomerID"].eq("").mean() == pytest.approx(0.15, abs=0.02)


def test_shop_trades_as_the_real_one(lines, kept):
    at = pd.to_datetime(lines["InvoiceDate"], format="%m/%d/%Y %H:%M")
    assert at.is_monotonic_increasing
    assert at.min().date().isoformat() == "2010-12-01"
    assert at.max().date().isoformat() == "2011-12-09"
    assert not at.dt.day_of_week.eq(5).any()
    orders = kept.assign(at=at).drop_duplicates("InvoiceNo")["at"]
    assert orders.dt.hour.between(11, 15).mean() > 0.5
    by_month = orders.groupby(orders.dt.to_period("M")).size()
    autumn = by_month["2011-08":"2011-11"].tolist()
    assert all(later > earlier for earlier, later in pairwise(autumn))
    assert orders.dt.date.value_counts().idxmax().isoformat() == "2011-11-24"
    assert kept["Country"].eq("United Kingdom").mean() == pytest.approx(0.89, abs=0.03)


def test_an_invoice_has_one_time_and_one_customer(lines):
    per_invoice = lines.groupby("InvoiceNo")[["InvoiceDate", "CustomerID", "Country"]].nunique()
    assert per_invoice.eq(1).all(axis=None)


def test_every_kind_of_dirt_is_present_and_told(lines, dirty):
    assert set(dirty["kind"]) == DIRTY_KINDS
    told = dirty.set_index("line_number")
    assert lines.loc[told.index, "InvoiceNo"].tolist() == told["invoice_no"].tolist()
    assert lines.loc[told.index, "StockCode"].tolist() == told["stock_code"].tolist()

    def of_kind(kind: str) -> pd.DataFrame:
        return lines.loc[told.index[told["kind"] == kind]]

    assert of_kind("missing_customer")["CustomerID"].eq("").all()
    assert of_kind("missing_description")["CustomerID"].ne("").all()
    assert of_kind("cancellation")["InvoiceNo"].str.startswith("C").all()
    assert of_kind("bad_debt")["UnitPrice"].tolist() == ["11062.06", "-11062.06", "-11062.06"]
    assert of_kind("outlier_order")["Quantity"].tolist() == ["74215", "40995"]
    assert of_kind("outlier_cancellation")["Quantity"].tolist() == ["-74215", "-40995"]
    assert {"POST", "M", "C2", "DOT", "BANK CHARGES", "PADS", "D", "CRUK"} == set(
        of_kind("non_product_code")["StockCode"]
    )
    assert set(of_kind("service_line")["StockCode"]) == {"23444", "23574"}
    assert of_kind("two_countries")["CustomerID"].nunique() == 1
    assert of_kind("two_countries")["Country"].nunique() == 2
    renamed = of_kind("two_descriptions")["StockCode"].unique()
    assert len(renamed) == 1
    named = lines[
        lines["StockCode"].isin(renamed) & lines["InvoiceNo"].str.isdigit() & lines["UnitPrice"].ne("0")
    ]
    assert named["Description"].nunique() == 2


def test_cleaning_finds_exactly_the_planted_dirt(lines, dirty):
    step = first_reason(lines)
    told = dirty.drop_duplicates("line_number").set_index("line_number")["cleaning_step"]
    assert told.dropna().astype(int).to_dict() == step[step > 0].to_dict()
    assert step.value_counts().sort_index().index.tolist() == [0, 1, 2, 3, 4, 5]
    assert step.eq(0).mean() == pytest.approx(391_068 / 541_909, abs=0.12)
    assert step.eq(2).mean() == pytest.approx(0.01, abs=0.002)


def test_products_and_customers_are_as_many_as_promised(folder, kept):
    assert 850 < kept["StockCode"].str.upper().nunique() <= 910
    assert 750 < kept["CustomerID"].nunique() < 900
    customers = pd.read_csv(folder / "truth" / "online_retail" / "customers.csv", dtype=str)
    assert set(customers["customer_id"]) == set(kept["CustomerID"])


def pairs_by_customer_type(folder: Path, kept: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Give support and both confidences of every planted pair, in the orders of each customer type."""
    truth = folder / "truth" / "online_retail"
    customers = pd.read_csv(truth / "customers.csv", dtype=str)
    pairs = pd.read_csv(truth / "product_pairs.csv", dtype=str)
    typed = kept.merge(customers, left_on="CustomerID", right_on="customer_id")
    for customer_type, own in typed.groupby("customer_type"):
        if customer_type not in set(pairs["customer_type"]):
            continue
        orders = own.groupby("StockCode")["InvoiceNo"].agg(set)
        a, b = pairs["stock_code_a"].map(orders), pairs["stock_code_b"].map(orders)
        both = pd.Series([len(x & y) for x, y in zip(a, b, strict=True)])
        confidence = both / pd.concat([a.map(len), b.map(len)], axis=1).min(axis=1)
        yield (
            str(customer_type),
            pairs.assign(support=both / own["InvoiceNo"].nunique(), confidence=confidence),
        )


def test_planted_pairs_are_strong_where_they_were_planted(folder, kept):
    found = pd.concat(
        pairs[pairs["customer_type"] == customer_type]
        for customer_type, pairs in pairs_by_customer_type(folder, kept)
    )
    assert len(found) == 14
    assert found["support"].min() >= 0.02
    assert found["confidence"].min() >= 0.5


def test_customer_types_like_different_products(folder, kept):
    customers = pd.read_csv(folder / "truth" / "online_retail" / "customers.csv", dtype=str)
    typed = kept.merge(customers, left_on="CustomerID", right_on="customer_id")
    tea = typed["Description"].str.contains("TEACUP|CAKE|KITCHEN|JUG").groupby(typed["customer_type"]).mean()
    toys = typed["Description"].str.contains("TOY|JIGSAW|DOLL|STENCIL").groupby(typed["customer_type"]).mean()
    assert tea.idxmax() == "champions"
    assert toys.idxmax() == "drifting_away"


def test_customers_come_back_for_their_favourites(kept):
    bought = kept.groupby(["CustomerID", "StockCode"])["InvoiceNo"].nunique()
    assert 0.15 < (bought - 1).sum() / bought.sum() < 0.45
