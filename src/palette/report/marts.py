"""Reads the public marts for the report, a retailer at a time."""

from collections.abc import Sequence
from typing import Any

import duckdb
import pandas as pd


class Marts:
    """The public marts of one retailer; each query runs once, however many languages ask for it.

    Parameters
    ----------
    connection
        An open warehouse; it is only read.
    retailer
        The retailer whose rows are read.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, retailer: str) -> None:
        self.retailer = retailer
        self.names: set[str] = set()
        self._connection = connection
        self._frames: dict[tuple[str, tuple[str, ...]], pd.DataFrame] = {}

    def __call__(
        self,
        name: str,
        columns: str = "*",
        where: str = "true",
        order: str = "all",
        customers: Sequence[str] | None = None,
    ) -> pd.DataFrame:
        """Read the retailer's rows of a mart; decimals become floats.

        Parameters
        ----------
        name
            A table of the schema ``main`` with a column ``retailer``.
        columns, where, order
            SQL of the select list, of a further condition and of the order.
        customers
            Ids of the customers to read; everybody when None.
        """
        values: dict[str, Any] = {"retailer": self.retailer}
        condition = f"retailer = $retailer and ({where})"
        if customers is not None:
            values["customers"] = list(customers)
            condition += " and customer_id in (select unnest($customers))"
        return self._read(name, f"select {columns} from {name} where {condition} order by {order}", values)

    def shared(self, name: str, columns: str = "*", order: str = "all") -> pd.DataFrame:
        """Read a mart that is the same for every retailer: strategies, results of checks."""
        return self._read(name, f"select {columns} from {name} order by {order}", {})

    def _read(self, name: str, query: str, values: dict[str, Any]) -> pd.DataFrame:
        self.names.add(name)
        key = (query, tuple(values.get("customers", ())))
        if key not in self._frames:
            self._frames[key] = self._connection.execute(query, values).df()
        return self._frames[key]
