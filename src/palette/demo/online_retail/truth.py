"""What was planted in the demo shop: its customers' types, its pairs, its dirty lines."""

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from palette.demo.online_retail.dirt import OUTLIERS


def known_customers(people: pd.DataFrame) -> pd.DataFrame:
    """One row per customer who has an id, with the type."""
    known = people.loc[people["customer"].notna(), ["customer", "type"]]
    outliers = [(outlier.customer, "outlier") for outlier in OUTLIERS]
    table = pd.concat([known, pd.DataFrame(outliers, columns=known.columns)])
    return table.set_axis(["customer_id", "customer_type"], axis=1).sort_values("customer_id")


def product_pairs(spec: dict[str, Any], products: pd.DataFrame) -> pd.DataFrame:
    """One row per pair of products of a bundle, with the customer type that is fond of it."""
    code = products.set_index("name")["stock_code"]
    return pd.DataFrame(
        [
            (code[a], code[b], a, b, bundle["type"])
            for bundle in spec["bundles"]
            for a, b in combinations(bundle["names"], 2)
        ],
        columns=["stock_code_a", "stock_code_b", "name_a", "name_b", "customer_type"],
    )


def dirty_lines(lines: pd.DataFrame, spec: dict[str, Any]) -> pd.DataFrame:
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
