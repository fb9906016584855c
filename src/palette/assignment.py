"""Gives new customers their palette group from a file of their purchases, against a built warehouse.

The purchases go through the same models as the warehouse's own, in a scratch warehouse of nothing else:
what a feature means is written once. The forests are those that the built warehouse keeps; nothing is fitted.
"""

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import yaml

from palette.core.declarations import FILE, Declared
from palette.core.inputs import matches
from palette.core.learned import LearnedError
from palette.core.retailers import data_folder, find_retailers
from palette.core.shop_rows import TABLES
from palette.core.warehouses import open_warehouse
from palette.engine import HERE
from palette.publishing import BuildError
from palette.segments.palette_groups import explain, predict, purchase_features, read_forests
from palette.warehouse import dbt

FEATURES = ("customer_features", "customer_category_scores")


def assign_groups(warehouse: Path, file: Path, *, retailer: str | None = None) -> pd.DataFrame:
    """Score the customers of a file of purchases.

    Parameters
    ----------
    warehouse
        A built warehouse with palette groups.
    file
        Purchases in the form of the retailer's own. They are cleaned by the same steps; recency is counted
        from the last of them.
    retailer
        Whose newcomers they are; may be left out where one retailer alone has palette groups.

    Returns
    -------
    pandas.DataFrame
        One row a customer: ``customer_id``, ``behaviour``, ``consumption``, ``palette_group``,
        ``probability`` and ``because``, the features that lead to it.

    Raises
    ------
    InputError
        The file cannot be used; the message names file, column and row. Or the warehouse is of a version
        that kept no forests.
    BuildError
        The warehouse has no palette groups, or forests of another version, or the purchases could not be
        scored.
    """
    (kept,) = _read(warehouse, "intermediate", ["palette_forests"])
    try:
        forests = read_forests(kept)
    except LearnedError as error:
        raise BuildError(f"{warehouse}: {error}") from error
    grouped = sorted(forests)
    if not grouped:
        raise BuildError(f"{warehouse}: holds no palette groups to learn from")
    if retailer is None and len(grouped) > 1:
        raise BuildError(f"say whose newcomers they are: --retailer {' or --retailer '.join(grouped)}")
    retailer = retailer or grouped[0]
    if retailer not in grouped:
        raise BuildError(f"{warehouse}: '{retailer}' has no palette groups (there are: {', '.join(grouped)})")
    purchases = purchase_features(*_scored(retailer, file))
    reasons = explain(forests[retailer], purchases)
    reasons["because"] = [
        f"{row.feature} {row.value:,.3g} ({row.deviation:+.1f} sd)" for row in reasons.itertuples()
    ]
    because = reasons.groupby("customer_id")["because"].agg("; ".join).reset_index()
    groups = predict(forests[retailer], purchases).merge(because, on="customer_id")
    return groups[["customer_id", "behaviour", "consumption", "palette_group", "probability", "because"]]


def _scored(retailer: str, file: Path) -> list[pd.DataFrame]:
    """Build the features of the file's customers in a scratch warehouse."""
    (shop,) = find_retailers(data_folder(), [retailer]).retailers
    with tempfile.TemporaryDirectory(prefix="palette-") as scratch:
        data, built = Path(scratch) / "data", Path(scratch) / "palette.duckdb"
        _copy_shop(shop, file, data / retailer)
        selected = [
            "--select",
            *(
                f"+{name}"
                for name in ("customer_features", "customer_category_scores", "int_order_lines__unioned")
            ),
        ]
        untested = ["--resource-type", "model", "--resource-type", "seed"]
        environment = {
            "PALETTE_DATA": str(data),
            "PALETTE_RETAILERS": retailer,
            "DBT_TARGET_PATH": str(Path(scratch) / "target"),
        }
        if dbt(["--quiet", "build", *selected, *untested], built, environment | HERE):
            raise BuildError(f"{file}: the purchases could not be scored")
        features, category_scores = _read(built, "main", FEATURES)
        with open_warehouse(built) as connection:
            named = connection.execute(
                "select count(distinct customer_id) from intermediate.int_order_lines__unioned"
            ).fetchone() or (0,)
        if lost := named[0] - len(features):
            print(f"{lost:,} of {named[0]:,} customers have no purchase left after cleaning, and no group")
        return [features, category_scores]


def _copy_shop(shop: Declared, file: Path, folder: Path) -> None:
    """Make a folder of the shop's declaration, its descriptions of products and customers, and the file."""
    folder.mkdir(parents=True)
    purchases = shop.form.purchases
    described = {column.name for column in purchases.columns}
    patterns = {
        table.name: shop.retailer.files.get(table.name, list(table.patterns))
        for table in shop.form.tables.values()
        if table.key and set(table.key) <= described
    }
    for path in shop.folder.iterdir():
        wanted = path.suffix == ".csv" and path.stem in TABLES
        if path.is_file() and (wanted or any(matches(path, each) for each in patterns.values())):
            (folder / path.name).symlink_to(path.absolute())
    name = f"newcomers{''.join(file.suffixes[-2:])}"
    shutil.copy(file, folder / name)
    declared = shop.retailer.model_dump(exclude_defaults=True) | {
        "form": shop.form.name,
        "files": {purchases.name: name}
        | {key: each for key, each in shop.retailer.files.items() if key in patterns},
    }
    (folder / FILE).write_text(yaml.safe_dump(declared, allow_unicode=True), encoding="utf-8")


def _read(warehouse: Path, schema: str, tables: Sequence[str]) -> list[pd.DataFrame]:
    with open_warehouse(warehouse) as connection:
        return [connection.execute(f"select * from {schema}.{table}").df() for table in tables]
