"""Reads the public marts for the report, a retailer at a time: with its customers, or only in groups."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import duckdb
import pandas as pd

FEWEST = 5  # customers of a group that an anonymous report shows
TOLD_APART = ("clustering", "dimension", "target", "list_name")  # each value has groups of its own


class Marts:
    """The public marts of one retailer; each query runs once, however many languages ask for it.

    Parameters
    ----------
    connection
        An open warehouse; it is only read.
    retailer
        The retailer whose rows are read.
    """

    anonymous = False

    def __init__(self, connection: duckdb.DuckDBPyConnection, retailer: str) -> None:
        self.retailer = retailer
        self.names: dict[str, None] = {}  # marts read so far, the first ones first
        self.hidden: set[str] = set()  # marts that hold groups too small to be read
        self._notes = [self.names]
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

    @contextmanager
    def noting(self) -> Iterator[dict[str, None]]:
        """Give the names of the marts that are read within, as they are read, each once."""
        read: dict[str, None] = {}
        self._notes.append(read)
        try:
            yield read
        finally:
            self._notes.pop()

    def _read(self, name: str, query: str, values: dict[str, Any]) -> pd.DataFrame:
        for read in self._notes:
            read[name] = None
        key = (query, tuple(values.get("customers", ())))
        if key not in self._frames:
            self._frames[key] = self._connection.execute(query, values).df()
        return self._frames[key]


class Groups(Marts):
    """The public marts of one retailer without its customers, and without groups of a few of them.

    No row of a customer is read, and of a mart that counts ``customers`` only the rows with enough of them.
    What belongs to a cluster goes with the cluster's profile, and a change goes with the month before.
    """

    anonymous = True

    def _read(self, name: str, query: str, values: dict[str, Any]) -> pd.DataFrame:
        frame = super()._read(name, query, values)
        if "customer_id" in frame or "customers" in values:
            raise LookupError(f"{name}: an anonymous report reads no customers")
        if "customers" in frame and name != "group_advice":  # that names groups alone, which others count
            kept = enough(frame)
        elif "cluster_name" in frame and "retailer" in frame:
            shown = self("cluster_profiles", "clustering, cluster_name, customers")
            names = set(zip(shown["clustering"], shown["cluster_name"], strict=True))
            clusterings = frame["clustering"] if "clustering" in frame else ["rfm"] * len(frame)
            kept = pd.Series(
                [pair in names for pair in zip(clusterings, frame["cluster_name"], strict=True)],
                frame.index,
                dtype=bool,
            )
        else:
            return frame
        if "revenue_change" in frame:
            frame = frame.assign(revenue_change=frame["revenue_change"].where(kept.shift(fill_value=True)))
        if not kept.all():
            self.hidden.add(name)
        return frame[kept].reset_index(drop=True)


def enough(groups: pd.DataFrame) -> "pd.Series[bool]":
    """Say which groups may be shown: those of ``FEWEST`` customers or more, and those of none.

    Where the groups left out hold fewer than that together, they could be told from the sums of all; the
    next larger ones are left out as well.

    Parameters
    ----------
    groups
        A row a group, with ``customers``; groups of one of ``TOLD_APART`` are looked at by themselves.
    """
    by = [column for column in TOLD_APART if column in groups]
    sizes = groups["customers"]
    if by:
        parts = [enough(part.drop(columns=by)) for _, part in groups.groupby(by, sort=False)]
        return pd.concat(parts).reindex(groups.index) if parts else sizes.astype(bool)
    left_out = sizes[sizes < FEWEST].sum()
    most = sizes[sizes >= FEWEST].min() if 0 < left_out < FEWEST else FEWEST - 1
    return (sizes > most) | (sizes == 0)
