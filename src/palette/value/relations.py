"""What the forecasts read from the warehouse: numbers alone, as Arrow."""

from collections.abc import Iterator

from duckdb import DuckDBPyRelation

from palette.core.inputs import sql_string
from palette.value.moments import OrderDays, order_days_of

ROWS = """
    customer_code, happened_on - date '1970-01-01' as happened_on,
    epoch(last_ordered_at)::bigint as last_ordered_at, orders, order_lines, revenue::double as revenue,
    money_back::double as money_back
"""


def read_order_days(rows: DuckDBPyRelation, retailers: DuckDBPyRelation) -> Iterator[OrderDays]:
    """Read the order days of each retailer that has any, by its key.

    Parameters
    ----------
    rows
        The model ``int_order_days``.
    retailers
        The mart ``retailers``.
    """
    scored = retailers.project("retailer, recency_unit, money").fetchall()
    for retailer, unit, money in sorted(scored):
        own = rows.filter(f"retailer = {sql_string(retailer)}").project(ROWS).to_arrow_table()
        if own["orders"].to_numpy().any():
            yield order_days_of(retailer, own, recency_unit=unit, money=money)
