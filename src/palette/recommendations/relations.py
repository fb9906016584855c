"""What the recommenders read from the warehouse: numbers alone of lines, as Arrow."""

from collections.abc import Iterator

from duckdb import DuckDBPyRelation

from palette.core.settings import Settings
from palette.recommendations.history import PUBLISHED, Clusters, Purchases, purchases_of

LINES = """
    customer_code, order_code, item_code, epoch(ordered_at)::bigint as ordered_at, units::double as units,
    amount::double as amount, order_lines, channel = 'online' as is_online, is_day_off
"""


def read_purchases(
    purchases: DuckDBPyRelation, items: DuckDBPyRelation, retailers: DuckDBPyRelation, settings: Settings
) -> Iterator[Purchases]:
    """Read the purchases of each retailer that has any, by its key.

    Parameters
    ----------
    purchases, items, retailers
        The models ``int_item_purchases`` and ``int_items``, and the mart ``retailers``.
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
    units = dict(retailers.project("retailer, recency_unit").fetchall())
    for (retailer,) in purchases.project("retailer").distinct().order("retailer").fetchall():
        own = f"retailer = '{retailer}'"
        yield purchases_of(
            retailer,
            purchases.filter(own).project(LINES).to_arrow_table(),
            items.filter(own).df(),
            recency_unit=units[retailer],
            clusters=clusters,
        )
