"""Demo online shop in the form of Kaggle's "Online Retail" file: planted bundles, every kind of dirty row.

What it sells and who buys there is in `online_retail.yml`. The lines are made in three steps: clean purchases
(`_purchases`), oddities in them that are no error (`_add_oddities`), dirt beside them (`_add_dirt`).
"""

import csv
from dataclasses import dataclass
from importlib.resources import files
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import yaml

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Times = npt.NDArray[np.datetime64]

FILE = "online_retail.csv"
HEADER = [
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
]
HOME = "United Kingdom"
NOBODY: Any = pd.NA
ANONYMOUS = "anonymous"

FIRST_DAY, LAST_DAY = np.datetime64("2010-12-01"), np.datetime64("2011-12-09")
CLOSED = np.arange("2010-12-24", "2011-01-04", dtype="datetime64[D]")
PEAK_DAY, PEAK_TRADE = np.datetime64("2011-11-24"), 4.0
MONTH_TRADE = np.array([0.9, 0.85, 0.9, 0.85, 0.95, 0.9, 0.9, 0.9, 1.15, 1.25, 1.45, 1.2])  # January first
WEEKDAY_TRADE = np.array([1.0, 1.05, 1.0, 1.1, 0.85, 0.0, 0.7])  # Monday first; never on a Saturday
HOURS = np.arange(6, 21)
HOUR_TRADE = np.array([0.1, 0.3, 2, 6, 9, 11, 15, 14, 12.5, 14, 10, 5, 1.5, 0.7, 0.2])

CASE_SIZES = np.array([1, 2, 3, 4, 6, 8, 10, 12, 16, 24, 36, 48, 72, 96])
DISCOUNT_FROM, DISCOUNT = 24, 0.85  # a case of this size and above is sold at this share of the price
WEBSITE_MARKUP = 1.96  # what visitors without an account pay

FAVOURITES, FAVOURITE_BOOST = 14, 11.0  # products a customer comes back for, and how much more often
FANS_AT_HOME, FANS_ELSEWHERE = (
    0.3,
    0.1,
)  # share of customers fond of a bundle, in its customer type and others
BUNDLE_RATE, BUNDLE_KEPT = 0.45, 0.92  # how often fans order it, and how often each product of it is in stock

MOST_ORDERS, MOST_LINES = 18, 90  # so that no single customer's habits make a rule
ORDERS_AT_ONCE = 5000  # bounds the memory of drawing baskets
FIRST_CUSTOMER, CUSTOMER_NUMBERS = 12347, 5941
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


@dataclass(frozen=True)
class CustomerType:
    """A kind of customer; the fields are explained in `online_retail.yml`."""

    name: str
    customers: int
    orders: float
    basket: float
    case: float
    last_seen: float | None
    spread: float
    window: int
    tastes: dict[str, float]


def write(folder: Path, truth: Path, seed: int, customers: int | None = None) -> None:
    """Write the shop's one file and the truth about it.

    Parameters
    ----------
    folder : Path
        Existing folder for `online_retail.csv` (latin-1, one line per product of an invoice).
    truth : Path
        Existing folder for `customers.csv`, `product_pairs.csv` and `dirty_lines.csv` (UTF-8).
    seed : int
        The same seed gives the same bytes.
    customers : int, optional
        About how many customers have an id, one of each type at least; visitors without one grow along.
        The shop's own number if None.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    spec = _read_spec()
    products = _catalogue(spec, rng)
    people = _people(spec, customers, rng)
    lines = _purchases(spec, products, people, rng)
    lines = _add_oddities(lines, spec, rng)
    lines = _number(_add_dirt(lines, products, rng))
    _write_lines(lines, folder / FILE)
    _write_table(_known_customers(people), truth / "customers.csv")
    _write_table(_product_pairs(spec, products), truth / "product_pairs.csv")
    _write_table(_dirty_lines(lines, spec), truth / "dirty_lines.csv")


def _read_spec() -> dict[str, Any]:
    text = files("palette.demo").joinpath("online_retail.yml").read_text(encoding="utf-8")
    spec: dict[str, Any] = yaml.safe_load(text)
    return spec


# ---------------------------------------------------------------- the shop


def _catalogue(spec: dict[str, Any], rng: np.random.Generator) -> pd.DataFrame:
    """One row per product: stock_code, name, theme, style, price, popularity; bundled ones sell less."""
    rows = []
    number, lettered = 20700, 84500
    for theme, items in spec["themes"].items():
        for item in items:
            number, lettered = number + 7, lettered + 7
            for index, style in enumerate(spec["styles"].get(str(item["of"]), item["of"])):
                number += 1
                code = f"{lettered}{chr(65 + index)}" if item["of"] == "colours" else str(number)
                rows.append((code, item["name"].format(style), theme, style, float(item["price"])))
    products = pd.DataFrame(rows, columns=["stock_code", "name", "theme", "style", "price"])
    bundled = products["name"].isin([name for bundle in spec["bundles"] for name in bundle["names"]])
    popularity = np.minimum(rng.lognormal(0, 0.6, len(products)), 3)
    return products.assign(popularity=np.where(bundled, 0.35, popularity))


def _open_days() -> Times:
    days: Times = np.arange(FIRST_DAY, LAST_DAY + 1)
    is_open = (_weekday(days) != 5) & ~np.isin(days, CLOSED)
    return np.compress(is_open, days)


def _weekday(days: Times) -> Ints:
    return (days.astype("datetime64[D]").astype(np.int64) + 3) % 7


def _month(days: Times) -> Ints:
    return days.astype("datetime64[M]").astype(np.int64) % 12


def _trade(days: Times) -> Floats:
    weights: Floats = MONTH_TRADE[_month(days)] * WEEKDAY_TRADE[_weekday(days)]
    return np.where(days == PEAK_DAY, weights * PEAK_TRADE, weights)


# ---------------------------------------------------------------- the customers


def _people(spec: dict[str, Any], customers: int | None, rng: np.random.Generator) -> pd.DataFrame:
    """One row per customer or nameless visit, with habits; `first` and `last` index the open days."""
    types = [CustomerType(**row) for row in spec["customer_types"]]
    named = sum(kind.customers for kind in types if kind.name != ANONYMOUS)
    scale = 1.0 if customers is None else customers / named
    people = pd.concat([_people_of(kind, max(1, round(kind.customers * scale)), rng) for kind in types])
    people = people.sample(frac=1, random_state=rng).reset_index(drop=True)

    known = (people["type"] != ANONYMOUS).to_numpy()
    span = max(CUSTOMER_NUMBERS, known.sum())
    people["customer"] = pd.array([pd.NA] * len(people), dtype="Int64")
    people.loc[known, "customer"] = FIRST_CUSTOMER + np.sort(rng.choice(span, known.sum(), replace=False))
    countries = spec["countries"]
    people["country"] = rng.choice(list(countries), len(people), p=_shares(list(countries.values())))
    people.loc[~known, "country"] = HOME
    return people


def _people_of(kind: CustomerType, count: int, rng: np.random.Generator) -> pd.DataFrame:
    days = _open_days()
    if kind.last_seen is None:
        last = rng.choice(len(days), count, p=_shares(_trade(days)))
    else:
        ago = np.minimum(kind.last_seen * rng.lognormal(0, kind.spread, count), 372).astype(np.int64)
        last = np.maximum(np.searchsorted(days, LAST_DAY - ago, side="right") - 1, 0)
    known_for = (kind.window * np.cbrt(rng.random(count))).astype(np.int64)
    first = np.searchsorted(days, days[last] - known_for)
    return pd.DataFrame(
        {
            "type": kind.name,
            "orders": np.minimum(1 + rng.poisson(kind.orders * rng.gamma(2, 0.5, count)), MOST_ORDERS),
            "basket": kind.basket * rng.lognormal(0, 0.4, count),
            "case": kind.case + rng.normal(0, 1, count),
            "first": np.minimum(first, last),
            "last": last,
        }
    )


def _fondness(
    spec: dict[str, Any], products: pd.DataFrame, people: pd.DataFrame, rng: np.random.Generator
) -> Floats:
    """Log weight of every product for every customer: (people, products)."""
    themes, styles = list(spec["themes"]), sorted(products["style"].unique())
    tastes = {kind["name"]: kind["tastes"] for kind in spec["customer_types"]}
    liking = np.array([[tastes[kind].get(theme, 1.0) for theme in themes] for kind in people["type"]])
    leaning = rng.standard_gamma(1.5 * liking) + 0.1
    theme_weight = np.log(leaning / leaning.sum(axis=1, keepdims=True))
    style_weight = rng.normal(0, 0.6, (len(people), len(styles)))
    weight: Floats = (
        theme_weight[:, pd.Index(themes).get_indexer(products["theme"])]
        + style_weight[:, pd.Index(styles).get_indexer(products["style"])]
        + np.log(products["popularity"].to_numpy())
    )
    is_favourite = _draw(weight, np.full(len(people), FAVOURITES), rng)
    return np.where(is_favourite, weight + np.log(FAVOURITE_BOOST), weight)


# ---------------------------------------------------------------- their purchases


def _purchases(
    spec: dict[str, Any], products: pd.DataFrame, people: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Clean lines of all orders by time, in the columns of the file; `document` stands for the invoice."""
    who, at = _orders(people, rng)
    chosen = _baskets(spec, products, people, who, at, rng)
    order, product = np.nonzero(chosen)
    shuffled = np.lexsort((rng.random(len(order)), order))
    order, product = order[shuffled], product[shuffled]

    buyer = people.iloc[who[order]].reset_index(drop=True)
    price = products["price"].to_numpy()[product]
    case = rng.normal(buyer["case"] - np.log(price / 2), 1.3).round().astype(np.int64)
    quantity = CASE_SIZES[case.clip(0, len(CASE_SIZES) - 1)]
    anonymous = (buyer["type"] == ANONYMOUS).to_numpy()
    price = np.where(quantity >= DISCOUNT_FROM, price * DISCOUNT, price)
    return pd.DataFrame(
        {
            "document": order,
            "prefix": "",
            "at": at[order],
            "StockCode": products["stock_code"].to_numpy()[product],
            "Description": products["name"].to_numpy()[product],
            "Quantity": quantity,
            "UnitPrice": np.where(anonymous, price * WEBSITE_MARKUP, price).round(2),
            "CustomerID": buyer["customer"],
            "Country": buyer["country"],
            "kind": np.where(anonymous, "missing_customer", ""),
        }
    )


def _orders(people: pd.DataFrame, rng: np.random.Generator) -> tuple[Ints, Times]:
    """Row in `people` and minute of every order, in order of time; everyone has one on their last day."""
    days = _open_days()
    who = np.repeat(np.arange(len(people)), people["orders"])
    closes = np.r_[True, who[1:] != who[:-1]]
    first, last = people["first"].to_numpy()[who], people["last"].to_numpy()[who]
    trade = np.r_[0.0, np.cumsum(_trade(days))]
    drawn = trade[first] + rng.random(len(who)) * (trade[last + 1] - trade[first])
    day = np.where(closes, last, np.searchsorted(trade, drawn, side="right") - 1)
    hour = rng.choice(HOURS, len(who), p=_shares(HOUR_TRADE))
    at = days[day].astype("datetime64[m]") + hour * 60 + rng.integers(0, 60, len(who))
    by_time = np.lexsort((who, at))
    return who[by_time], at[by_time]


def _baskets(
    spec: dict[str, Any],
    products: pd.DataFrame,
    people: pd.DataFrame,
    who: Ints,
    at: Times,
    rng: np.random.Generator,
) -> Bools:
    """Tell which order holds which product: (orders, products)."""
    weight = _fondness(spec, products, people, rng)
    season = _season(spec, products)
    size = people["basket"].to_numpy()[who] * rng.lognormal(0, 0.5, len(who))
    lines = size.round().clip(1, MOST_LINES).astype(np.int64)
    parts = np.array_split(np.arange(len(who)), 1 + len(who) // ORDERS_AT_ONCE)
    chosen = np.vstack(
        [_draw(weight[who[part]] + season[_month(at[part])], lines[part], rng) for part in parts]
    )
    for bundle in spec["bundles"]:
        share = np.where(people["type"] == bundle["type"], FANS_AT_HOME, FANS_ELSEWHERE)
        is_fan = rng.random(len(people)) < share
        orders = np.flatnonzero(is_fan[who] & (rng.random(len(who)) < BUNDLE_RATE))
        for product in np.flatnonzero(products["name"].isin(bundle["names"])):
            chosen[orders[rng.random(len(orders)) < BUNDLE_KEPT], product] = True
    return chosen


def _season(spec: dict[str, Any], products: pd.DataFrame) -> Floats:
    """Log weight of every product in every month: (12, products)."""
    even = [1.0] * 12
    season: Floats = np.log([spec["seasons"].get(theme, even) for theme in products["theme"]]).T
    return season


def _draw(log_weight: Floats, sizes: Ints, rng: np.random.Generator) -> Bools:
    """Draw `sizes` columns of every row without replacement, by weight (Gumbel top-k)."""
    keys = log_weight + rng.gumbel(size=log_weight.shape)
    best = np.argsort(-keys, axis=1, kind="stable")[:, : sizes.max()]
    drawn = np.zeros(log_weight.shape, dtype=bool)
    np.put_along_axis(drawn, best, np.arange(best.shape[1]) < sizes[:, None], axis=1)
    return drawn


# ---------------------------------------------------------------- oddities and dirt


def _add_oddities(
    lines: pd.DataFrame,
    spec: dict[str, Any],
    rng: np.random.Generator,
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


def _add_dirt(lines: pd.DataFrame, products: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
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


def _pick(lines: pd.DataFrame, count: float, rng: np.random.Generator) -> pd.DataFrame:
    """Take about `count` lines, one at least if there is any, in their order."""
    whole = min(len(lines), max(1, round(count)))
    picked: pd.DataFrame = lines.iloc[np.sort(rng.choice(len(lines), whole, replace=False))]
    return picked


def _charges(lines: pd.DataFrame, charge: Charge, kind: str, rng: np.random.Generator) -> pd.DataFrame:
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


def _cancellations(lines: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Send back a few lines, in full or half, on an open day within a month."""
    days = _open_days()
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


def _write_offs(lines: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
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


def _nameless(lines: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
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


def _number(lines: pd.DataFrame) -> pd.DataFrame:
    """Order the lines by time and number their invoices, leaving gaps as a busy till does."""
    alone = (lines["document"] < 0).to_numpy()
    document = lines["document"].to_numpy().copy()
    document[alone] = document.max() + 1 + np.arange(alone.sum())
    lines = lines.assign(document=document).sort_values(["at", "document"], kind="stable", ignore_index=True)
    invoice = lines["document"].ne(lines["document"].shift()).cumsum().to_numpy()
    number = FIRST_INVOICE + invoice + invoice // 2
    return lines.assign(InvoiceNo=lines["prefix"] + pd.Series(number).astype(str))


# ---------------------------------------------------------------- the truth


def _known_customers(people: pd.DataFrame) -> pd.DataFrame:
    known = people.loc[people["customer"].notna(), ["customer", "type"]]
    outliers = [(outlier.customer, "outlier") for outlier in OUTLIERS]
    table = pd.concat([known, pd.DataFrame(outliers, columns=known.columns)])
    return table.set_axis(["customer_id", "customer_type"], axis=1).sort_values("customer_id")


def _product_pairs(spec: dict[str, Any], products: pd.DataFrame) -> pd.DataFrame:
    code = products.set_index("name")["stock_code"]
    return pd.DataFrame(
        [
            (code[a], code[b], a, b, bundle["type"])
            for bundle in spec["bundles"]
            for a, b in combinations(bundle["names"], 2)
        ],
        columns=["stock_code_a", "stock_code_b", "name_a", "name_b", "customer_type"],
    )


def _dirty_lines(lines: pd.DataFrame, spec: dict[str, Any]) -> pd.DataFrame:
    """One row per line and kind of dirt; `cleaning_step` (1 to 5) is empty where the line is kept.

    `line_number` counts from 1 with the header, so that an editor finds the line.
    """
    lines = lines.assign(line_number=np.arange(2, len(lines) + 2), cleaning_step=_cleaning_step(lines))
    name, code = lines["Description"], lines["StockCode"]
    countries = lines.groupby("CustomerID")["Country"].transform("nunique")
    oddities = {
        "two_descriptions": name.isin([spec["renamed"]["was"]]),
        "two_countries": countries.gt(1).fillna(False),
        "lower_case_code": code.str.fullmatch(r"\d+[a-z]"),
        "latin1_character": name.str.contains(r"[^\x00-\x7f]"),
        "comma_or_quote": name.str.contains('[,"]'),
        "trailing_space": name.str.endswith(" "),
    }
    found = [lines[lines["kind"] != ""]]
    found += [lines[mask].assign(kind=kind) for kind, mask in oddities.items()]
    columns = ["line_number", "kind", "cleaning_step", "InvoiceNo", "StockCode", "CustomerID"]
    table = pd.concat(found)[columns].sort_values(["line_number", "kind"])
    return table.set_axis(
        ["line_number", "kind", "cleaning_step", "invoice_no", "stock_code", "customer_id"], axis=1
    )


def _cleaning_step(lines: pd.DataFrame) -> pd.Series:
    """First cleaning step to drop a line: 1 no ids, 2 duplicate, 3 no sale, 4 no product, 5 service."""
    conditions = [
        lines["CustomerID"].isna() | (lines["Description"] == ""),
        lines["kind"] == "exact_duplicate",
        (lines["Quantity"] <= 0) | (lines["UnitPrice"] <= 0),
        lines["kind"] == "non_product_code",
        lines["kind"] == "service_line",
    ]
    step = pd.Series(np.select(conditions, list(range(1, 6)), 0), index=lines.index, dtype="Int64")
    return step.mask(step == 0)


# ---------------------------------------------------------------- files


def _write_lines(lines: pd.DataFrame, path: Path) -> None:
    at = lines["at"].dt
    date = [
        f"{month}/{day}/{year} {hour}:{minute:02d}"
        for month, day, year, hour, minute in zip(at.month, at.day, at.year, at.hour, at.minute, strict=True)
    ]
    customer = lines["CustomerID"].astype("string").fillna("")
    price = [f"{value:.10g}" for value in lines["UnitPrice"]]
    table = lines.assign(InvoiceDate=date, UnitPrice=price, CustomerID=customer)
    with path.open("w", encoding="latin-1", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(zip(*[table[column].tolist() for column in HEADER], strict=True))


def _write_table(table: pd.DataFrame, path: Path) -> None:
    table.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")


def _shares(weights: npt.ArrayLike) -> Floats:
    values: Floats = np.asarray(weights, dtype=np.float64)
    shares: Floats = values / values.sum()
    return shares
