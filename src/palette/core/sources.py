"""What files each retailer has, as data: adding a retailer means adding declarations here, no code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "identifier", "timestamp", "integer", "decimal"]


@dataclass(frozen=True)
class Column:
    """One column of a source table.

    Attributes
    ----------
    name : str
        Canonical name, the one staging sees.
    aliases : tuple of str
        Further headers it is known under; case, spaces and underscores do not matter.
    kind : {"text", "identifier", "timestamp", "integer", "decimal"}
        What its values are; an identifier is text that some tools store as a number (``17850.0``).
    required : bool
        Whether an empty value is an error. A value that is not of its kind is an error in any column.
    """

    name: str
    aliases: tuple[str, ...]
    kind: Kind
    required: bool = True


@dataclass(frozen=True)
class SourceTable:
    """One table of a retailer: the files it may come in and the columns each of them must have.

    Attributes
    ----------
    retailer, name : str
        The table is called ``<retailer>.<name>``; its files lie in ``<data folder>/<retailer>/``.
    patterns : tuple of str
        File name patterns (``*``, ``?``), whatever the case; every matching file is a part of the table.
    columns : tuple of Column
        In the order in which the typed table has them.
    """

    retailer: str
    name: str
    patterns: tuple[str, ...]
    columns: tuple[Column, ...]


_TABLES = (
    SourceTable(
        retailer="online_retail",
        name="invoice_lines",
        patterns=("*.csv", "*.csv.gz", "*.parquet"),
        columns=(
            Column("invoice_no", ("InvoiceNo", "Invoice"), "text"),
            Column("stock_code", ("StockCode",), "text"),
            Column("description", ("Description",), "text", required=False),
            Column("quantity", ("Quantity",), "integer"),
            Column("invoice_date", ("InvoiceDate",), "timestamp"),
            Column("unit_price", ("UnitPrice", "Price"), "decimal"),
            Column("customer_id", ("CustomerID", "Customer ID"), "identifier", required=False),
            Column("country", ("Country",), "text", required=False),
        ),
    ),
)

SOURCES: dict[str, tuple[SourceTable, ...]] = {
    retailer: tuple(table for table in _TABLES if table.retailer == retailer)
    for retailer in dict.fromkeys(table.retailer for table in _TABLES)
}
