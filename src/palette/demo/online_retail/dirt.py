"""Oddities in the demo shop's lines, which cleaning keeps, and every kind of dirt that it has to find."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from palette.demo.drawing import Rng
from palette.demo.online_retail.shop import HOME, open_days

NOBODY: Any = pd.NA
FIRST_INVOICE = 536364


class Outlier(NamedTuple):
    """An order of one line too large to be true, taken back minutes later."""

    customer: int
    at: str
    quantity: int
    product: str


OUTLIERS = (
    Outlier(12346, "2011-01-18 10:01", 74215, "GRANNY'S PANTRY JAR COCOA"),
    Outlier(12345, "2011-12-09 09:15", 40995, "PAPER CRAFT , TINY WREN"),
)


class Charge(NamedTuple):
    """Lines that are no product: how many per 1,000 orders, on whose orders, at what price."""

    code: str
    description: str
    per_thousand: float
    buyer: str  # customer, abroad, anonymous
    low: float
    high: float
    sign: int = 1


CHARGES = (
    Charge("POST", "POSTAGE", 50, "abroad", 18, 18),
    Charge("DOT", "DOTCOM POSTAGE", 40, "anonymous", 40, 900),
    Charge("M", "Manual", 14, "customer", 0.5, 120),
    Charge("C2", "CARRIAGE", 7, "customer", 50, 50),
    Charge("BANK CHARGES", "Bank Charges", 2, "customer", 15, 15),
    Charge("PADS", "PADS TO MATCH ALL CUSHIONS", 1.5, "customer", 0.001, 0.001),
    Charge("D", "Discount", 5, "customer", 5, 80, -1),
    Charge("CRUK", "CRUK Commission", 4, "customer", 20, 600, -1),
    Charge("BANK CHARGES", "Bank Charges", 3, "anonymous", 20, 1000, -1),
)
SERVICES = (
    Charge("23444", "Next Day Carriage", 8, "customer", 15, 15),
    Charge("23574", "High Resolution Image", 1.5, "customer", 0.001, 0.001),
)
WRITE_OFF_NOTES = ("check", "damages", "?", "thrown away", "sold as set on dotcom", "wet pallet", "MISSING")


def add_oddities(
    lines: pd.DataFrame,
    spec: dict[str, Any],
    rng: Rng,
) -> pd.DataFrame:
    """Change what stays a purchase: a renamed product, a customer who moves abroad, codes in lower case."""
    lines = lines.copy()
    renamed = spec["renamed"]
    before = lines["at"] <= pd.Timestamp(renamed["until"])
    lines.loc[before & (lines["Description"] == renamed["name"]), "Description"] = renamed["was"]

    at_home = lines[(lines["Country"] == HOME) & lines["CustomerID"].notna()]
    mover = at_home.groupby("CustomerID")["document"].nunique().clip(upper=4).idxmax()
    of_mover = lines[lines["CustomerID"].isin([mover])]
    moved = of_mover.index[of_mover["at"] > of_mover["at"].median()]
    lines.loc[moved, "Country"] = list(spec["countries"])[1]

    lettered = lines.index[lines["StockCode"].str.len() > 5]
    lowered = rng.choice(lettered, min(40, len(lettered)), replace=False)
    lines.loc[lowered, "StockCode"] = lines.loc[lowered, "StockCode"].str.lower()
    return lines


def add_dirt(lines: pd.DataFrame, products: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    """Add every kind of line that cleaning has to find; a negative `document` means an invoice of its own."""
    known = lines[lines["CustomerID"].notna()]
    outliers = _outliers(products)
    return pd.concat(
        [
            lines,
            _pick(known, 0.012 * len(known), rng).assign(kind="exact_duplicate"),
            _pick(known, 0.0008 * len(known), rng).assign(UnitPrice=0.0, kind="zero_price"),
            _pick(known, 0.00015 * len(known), rng).assign(Description="", kind="missing_description"),
            *[_charges(lines, charge, "non_product_code", rng) for charge in CHARGES],
            *[_charges(lines, charge, "service_line", rng) for charge in SERVICES],
            _cancellations(lines, rng),
            _write_offs(lines, rng),
            _nameless(lines, rng),
            _bad_debts(lines),
            outliers,
            outliers.assign(
                prefix="C",
                at=outliers["at"] + pd.Timedelta(minutes=16),
                Quantity=-outliers["Quantity"],
                kind="outlier_cancellation",
            ),
        ],
        ignore_index=True,
    )


def _pick(lines: pd.DataFrame, count: float, rng: Rng) -> pd.DataFrame:
    """Take about `count` lines, one at least if there is any, in their order."""
    whole = min(len(lines), max(1, round(count)))
    picked: pd.DataFrame = lines.iloc[np.sort(rng.choice(len(lines), whole, replace=False))]
    return picked


def _charges(lines: pd.DataFrame, charge: Charge, kind: str, rng: Rng) -> pd.DataFrame:
    orders = lines.drop_duplicates("document")
    known = orders["CustomerID"].notna()
    of_buyer = {"customer": known, "abroad": known & (orders["Country"] != HOME), "anonymous": ~known}
    picked = _pick(orders[of_buyer[charge.buyer]], charge.per_thousand / 1000 * len(orders), rng)
    charges = picked.assign(
        StockCode=charge.code,
        Description=charge.description,
        Quantity=charge.sign,
        UnitPrice=rng.uniform(charge.low, charge.high, len(picked)).round(3 if charge.high < 1 else 2),
        kind=kind,
    )
    if charge.sign < 0:
        charges = charges.assign(prefix="C", document=-1)
    return charges


def _cancellations(lines: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    """Send back a few lines, in full or half, on an open day within a month."""
    days = open_days()
    sent_back = _pick(lines, 0.02 * len(lines), rng)
    delay = rng.integers(1, 30, lines["document"].max() + 1)[sent_back["document"]]
    day = np.searchsorted(days, sent_back["at"].to_numpy().astype("datetime64[D]") + delay)
    in_time = day < len(days)
    back: pd.DataFrame = sent_back[in_time]
    is_full = rng.random(len(back)) < 0.6
    return back.assign(
        document=back["document"] + 1_000_000,
        prefix="C",
        at=days[day[in_time]] + (back["at"] - back["at"].dt.normalize()).to_numpy(),
        Quantity=-np.where(is_full, back["Quantity"], (back["Quantity"] + 1) // 2),
        kind="cancellation",
    )


def _write_offs(lines: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    picked = _pick(lines, 0.0015 * len(lines), rng)
    return picked.assign(
        document=-1,
        Description=rng.choice(WRITE_OFF_NOTES, len(picked)),
        Quantity=-rng.integers(1, 300, len(picked)),
        UnitPrice=0.0,
        CustomerID=NOBODY,
        Country=HOME,
        kind="write_off",
    )


def _nameless(lines: pd.DataFrame, rng: Rng) -> pd.DataFrame:
    """Stock corrections with neither customer nor description, up or down."""
    picked = _pick(lines, 0.003 * len(lines), rng)
    return picked.assign(
        document=-1,
        Description="",
        Quantity=rng.integers(1, 150, len(picked)) * rng.choice([-1, 1], len(picked)),
        UnitPrice=0.0,
        CustomerID=NOBODY,
        Country=HOME,
        kind="missing_customer_and_description",
    )


def _bad_debts(lines: pd.DataFrame) -> pd.DataFrame:
    return lines.iloc[:3].assign(
        document=-1,
        prefix="A",
        at=pd.Timestamp("2011-08-12 14:50") + pd.to_timedelta([0, 1, 2], unit="min"),
        StockCode="B",
        Description="Adjust bad debt",
        Quantity=1,
        UnitPrice=[11062.06, -11062.06, -11062.06],
        CustomerID=NOBODY,
        Country=HOME,
        kind="bad_debt",
    )


def _outliers(products: pd.DataFrame) -> pd.DataFrame:
    product = products.set_index("name").loc[[outlier.product for outlier in OUTLIERS]]
    return pd.DataFrame(
        {
            "document": -1,
            "prefix": "",
            "at": pd.to_datetime([outlier.at for outlier in OUTLIERS]),
            "StockCode": product["stock_code"].to_numpy(),
            "Description": product.index,
            "Quantity": [outlier.quantity for outlier in OUTLIERS],
            "UnitPrice": product["price"].to_numpy(),
            "CustomerID": pd.array([outlier.customer for outlier in OUTLIERS], dtype="Int64"),
            "Country": HOME,
            "kind": "outlier_order",
        }
    )


def number_invoices(lines: pd.DataFrame) -> pd.DataFrame:
    """Order the lines by time and number their invoices, leaving gaps as a busy till does."""
    alone = (lines["document"] < 0).to_numpy()
    document = lines["document"].to_numpy().copy()
    document[alone] = document.max() + 1 + np.arange(alone.sum())
    lines = lines.assign(document=document).sort_values(["at", "document"], kind="stable", ignore_index=True)
    invoice = lines["document"].ne(lines["document"].shift()).cumsum().to_numpy()
    number = FIRST_INVOICE + invoice + invoice // 2
    return lines.assign(InvoiceNo=lines["prefix"] + pd.Series(number).astype(str))
