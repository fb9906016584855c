"""What the report knows of each customer who can be looked up in it."""

import base64
import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from palette.report.frames import sample
from palette.report.marts import Marts

LISTED = 5  # items of each list
REASONS = {"en": "reason", "ko": "reason_ko"}  # columns of `recommendations`

FACTS = (
    *("country", "gender", "age_band", "favourite_category"),
    *("rfm_segment", "r_score", "f_score", "m_score"),
    *("recency_days", "orders", "revenue"),
    *("palette_group", "palette_is_predicted", "palette_probability"),
    *("value_class", "silence", "expected_revenue_90_days", "purchase_probability_90_days", "value_at_stake"),
)
DAYS = ("first_ordered_at", "last_ordered_at", "next_order_on", "silence_unusual_on")


@dataclass(frozen=True)
class LookUp:
    """The customers of one retailer that the file holds.

    Attributes
    ----------
    customers
        By customer id: facts of ``customer_360``, ``revenue_90_days`` as the interval (low, high),
        ``clusters`` by clustering, ``path`` as (first month end, segment) of every stay in one, ``advice``
        as keys of pieces, ``months`` as (month, revenue, orders), and ``lists`` by name, each item as (name,
        category, reason by language).
    all_customers
        How many the retailer has.
    """

    customers: dict[str, dict[str, Any]]
    all_customers: int

    @property
    def packed(self) -> str:
        """The customers as JSON, gzipped and in base64: text that no browser takes for markup."""
        plain = json.dumps(self.customers, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return base64.b64encode(gzip.compress(plain.encode(), compresslevel=6, mtime=0)).decode()


def look_up(marts: Marts, *, most: int, seed: int) -> LookUp:
    """Gather the customers that can be looked up.

    Parameters
    ----------
    marts
        One retailer's.
    most
        How many customers to hold; when there are more, a sample.
    seed
        Seed of the sample.
    """
    everybody = marts("customer_360", "customer_id")
    chosen = sample(everybody, most, seed)["customer_id"].tolist()
    facts = marts("customer_360", ", ".join(["customer_id", *FACTS, *DAYS]), customers=chosen)
    clusters = marts("customer_clusters", "customer_id, clustering, cluster_name", customers=chosen)
    intervals = marts(
        "customer_value",
        "customer_id, revenue_low, revenue_high",
        where="horizon_days = 90",
        customers=chosen,
    )
    path = marts(
        "customer_rfm_history",
        "customer_id, cast(month_end as varchar) as month_end, rfm_segment",
        order="customer_id, month_end",
        customers=chosen,
    )
    months = marts(
        "customer_monthly",
        "customer_id, strftime(month_start, '%Y-%m') as month, revenue, orders",
        order="customer_id, month_start",
        customers=chosen,
    )
    offers = marts(
        "recommendations",
        ", ".join(["customer_id", "list_name", "item_name", "category", *REASONS.values()]),
        where=f"rank <= {LISTED}",
        order="customer_id, list_name, rank",
        customers=chosen,
    )
    advice = marts(
        "customer_advice",
        "customer_id, grouping_name, group_name || ':' || advice_number as piece",
        order="customer_id, case grouping_name when 'segment' then 1 when 'palette' then 3 else 2 end, "
        "grouping_name desc, advice_number",
        customers=chosen,
    )
    customers = {str(row["customer_id"]): _facts(row) for row in _plain(facts)}
    for row in _plain(intervals):
        customers[row["customer_id"]]["revenue_90_days"] = [row["revenue_low"], row["revenue_high"]]
    for row in _plain(_stays(path)):
        customers[row["customer_id"]]["path"].append([row["month_end"], row["rfm_segment"]])
    for row in _plain(clusters):
        customers[row["customer_id"]]["clusters"][row["clustering"]] = row["cluster_name"]
    for row in _plain(advice):
        customers[row["customer_id"]]["advice"].append(f"{row['grouping_name']}:{row['piece']}")
    for row in _plain(months):
        customers[row["customer_id"]]["months"].append(
            [row["month"], round(row["revenue"], 2), row["orders"]]
        )
    for row in _plain(offers):
        reasons = {language: row[column] for language, column in REASONS.items()}
        item = [row["item_name"], row["category"], reasons]
        customers[row["customer_id"]]["lists"].setdefault(row["list_name"], []).append(item)
    return LookUp(customers, len(everybody))


def _facts(row: dict[str, Any]) -> dict[str, Any]:
    days = {name: row[name].date().isoformat() for name in DAYS if row[name] is not None}
    known = {name: row[name] for name in FACTS if row[name] is not None and row[name] != "unknown"}
    return known | days | {"clusters": {}, "path": [], "advice": [], "months": [], "lists": {}}


def _stays(path: pd.DataFrame) -> pd.DataFrame:
    """Keep the first month of every stay in a segment, of months in order."""
    groups = path[["customer_id", "rfm_segment"]]
    stays: pd.DataFrame = path[(groups != groups.shift()).any(axis=1)]
    return stays


def _plain(frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield rows of plain Python values, None for what is missing."""
    whole = frame.astype(object).where(frame.notna(), None)
    for values in whole.itertuples(index=False, name=None):
        yield dict(zip(whole.columns, values, strict=True))
