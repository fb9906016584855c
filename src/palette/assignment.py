"""Gives new customers their palette group from a file of their purchases, against a built warehouse.

The purchases go through the same models as the warehouse's own, in a scratch warehouse of nothing else:
what a feature means is written once. The forests learn from the built warehouse, which is only read.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pandas as pd

from palette.core.importing import import_files
from palette.core.inputs import sql_string
from palette.segments.palette import explain, fit_forests, predict, purchase_features
from palette.warehouse import BuildError, dbt

RETAILER = "lpoint"  # the retailer whose customers use two channels
FEATURES = ("customer_features", "customer_category_scores")


def assign_groups(warehouse: Path, file: Path, *, seed: int = 0) -> pd.DataFrame:
    """Score the customers of a file of purchases.

    Parameters
    ----------
    warehouse
        A built warehouse with palette groups.
    file
        Purchases in the form of the L.POINT transactions, CSV, Parquet or .xlsx. They are cleaned by the same
        steps; recency is counted from the last of them.
    seed
        Seed of the forests.

    Returns
    -------
    pandas.DataFrame
        One row a customer: ``customer_id``, ``behaviour``, ``consumption``, ``palette_group``,
        ``probability`` and ``because``, the features that lead to it.

    Raises
    ------
    InputError
        The file cannot be used; the message names file, column and row.
    BuildError
        The warehouse has no palette groups, or the purchases could not be scored.
    """
    features, category_scores, clusters = _read(warehouse, (*FEATURES, "customer_clusters"))
    clusters = clusters[clusters["clustering"].isin(["behaviour", "consumption"])]
    if clusters.empty:
        raise BuildError(f"{warehouse}: holds no palette groups to learn from")
    forests = fit_forests(purchase_features(features, category_scores), clusters, seed=seed)[RETAILER]
    purchases = purchase_features(*_scored(warehouse, file))
    reasons = explain(forests, purchases)
    reasons["because"] = [
        f"{row.feature} {row.value:,.3g} ({row.deviation:+.1f} sd)" for row in reasons.itertuples()
    ]
    because = reasons.groupby("customer_id")["because"].agg("; ".join).reset_index()
    groups = predict(forests, purchases).merge(because, on="customer_id")
    return groups[["customer_id", "behaviour", "consumption", "palette_group", "probability", "because"]]


def _scored(warehouse: Path, file: Path) -> list[pd.DataFrame]:
    """Build the features of the file's customers in a scratch warehouse."""
    with tempfile.TemporaryDirectory(prefix="palette-") as scratch:
        data, built = Path(scratch) / "data", Path(scratch) / "palette.duckdb"
        imported = import_files(RETAILER, [file], data, table_name="transactions").path
        classes = data / RETAILER / "product_classes.parquet"
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            connection.execute(f"""
                copy (
                    select product_id as pd_c, category as clac_nm1, category as clac_nm2,
                        subcategory as clac_nm3
                    from products where retailer = {sql_string(RETAILER)}
                ) to {sql_string(classes)}
            """)
        selected = ["--select", *(f"+{table}" for table in FEATURES)]
        untested = ["--resource-type", "model", "--resource-type", "seed"]
        folders = {"PALETTE_DATA": str(data), "DBT_TARGET_PATH": str(Path(scratch) / "target")}
        if dbt(["--quiet", "build", *selected, *untested], built, PALETTE_RETAILERS=RETAILER, **folders):
            raise BuildError(f"{file}: the purchases could not be scored")
        features, category_scores = _read(built, FEATURES)
        named = duckdb.sql(f"select count(distinct clnt_id) from {sql_string(imported)}").fetchone() or (0,)
        if lost := named[0] - len(features):
            print(f"{lost:,} of {named[0]:,} customers have no purchase left after cleaning, and no group")
        return [features, category_scores]


def _read(warehouse: Path, tables: Sequence[str]) -> list[pd.DataFrame]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return [
            connection.execute(f"select * from main.{table} where retailer = ?", [RETAILER]).df()
            for table in tables
        ]
