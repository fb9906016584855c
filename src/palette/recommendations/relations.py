"""What the recommenders read from the warehouse: numbers alone of lines, as Arrow."""

from collections.abc import Iterator

import pandas as pd
from duckdb import DuckDBPyRelation

from palette.baskets.rules import Thresholds
from palette.core.inputs import sql_string
from palette.core.settings import Settings
from palette.recommendations.purchases import PUBLISHED, Clusters, Purchases, purchases_of

LINES = """
    customer_code, order_code, item_code, epoch(ordered_at)::bigint as ordered_at, units::double as units,
    amount::double as amount, order_lines, channel = 'online' as is_online, is_day_off
"""
MONEY_BACK = "customer_code, epoch(returned_at)::bigint as returned_at, amount::double as amount"


def read_purchases(
    purchases: DuckDBPyRelation,
    items: DuckDBPyRelation,
    money_back: DuckDBPyRelation,
    retailers: DuckDBPyRelation,
    segments: DuckDBPyRelation,
    strategies: DuckDBPyRelation,
    settings: Settings,
) -> Iterator[Purchases]:
    """Read the purchases of each retailer that has any, by its key.

    Parameters
    ----------
    purchases, items, money_back, retailers
        The models ``int_item_purchases``, ``int_items`` and ``int_money_back``, and the mart ``retailers``.
    segments, strategies
        The seeds ``rfm_segments`` and ``strategy_lists``.
    settings
        The build's.
    """
    clusters = Clusters(
        *(
            published if k == "auto" else k
            for k, published in zip(
                (settings.rfm_clusters, settings.behaviour_clusters, settings.consumption_clusters),
                PUBLISHED,
                strict=True,
            )
        )
    )
    thresholds = Thresholds(
        settings.basket_min_support,
        settings.basket_min_confidence,
        settings.basket_max_items,
        settings.basket_min_orders,
    )
    meant_for = audiences(segments.df(), strategies.df())
    units = dict(retailers.project("retailer, recency_unit").fetchall())
    for (retailer,) in purchases.project("retailer").distinct().order("retailer").fetchall():
        own = f"retailer = {sql_string(retailer)}"
        yield purchases_of(
            retailer,
            purchases.filter(own).project(LINES).to_arrow_table(),
            items.filter(own).df(),
            recency_unit=units[retailer],
            clusters=clusters,
            audiences=meant_for,
            thresholds=thresholds,
            money_back=money_back.filter(own).project(MONEY_BACK).to_arrow_table(),
        )


def audiences(segments: pd.DataFrame, strategies: pd.DataFrame) -> dict[str, tuple[tuple[int, int], ...]]:
    """Return for which RFM scores each list is meant that the strategy of a segment names, by its name.

    Parameters
    ----------
    segments
        ``rfm_segment``, ``score_from`` and ``score_to``.
    strategies
        ``grouping_name``, ``group_name`` and ``list_name``.
    """
    of_segments = strategies[strategies["grouping_name"] == "segment"]
    named = of_segments.merge(segments, left_on="group_name", right_on="rfm_segment")
    return {
        str(name): tuple(sorted(zip(own["score_from"], own["score_to"], strict=True)))
        for name, own in named.groupby("list_name")
    }
