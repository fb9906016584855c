"""What files each retailer has, as data: adding a retailer means adding declarations here, no code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "identifier", "timestamp", "date", "time_of_day", "integer", "decimal"]


@dataclass(frozen=True)
class Column:
    """One column of a source table.

    Attributes
    ----------
    name : str
        Canonical name, the one staging sees.
    aliases : tuple of str
        Further headers it is known under; case, spaces and underscores do not matter.
    kind : {"text", "identifier", "timestamp", "date", "time_of_day", "integer", "decimal"}
        What its values are; an identifier is text that some tools store as a number (``17850.0``), a time of
        day is read as ``HH:MM``.
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
    required : bool
        Whether the retailer cannot do without it; a table that is left out has no rows.
    """

    retailer: str
    name: str
    patterns: tuple[str, ...]
    columns: tuple[Column, ...]
    required: bool = True


def _named(*stems: str) -> tuple[str, ...]:
    return tuple(f"*{stem}*.{ending}" for stem in stems for ending in ("csv", "csv.gz", "parquet"))


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
    # The L.POINT delivery: names as delivered, and plain English ones.
    SourceTable(
        retailer="lpoint",
        name="transactions",
        patterns=_named("거래 정보", "transactions"),
        columns=(
            Column("clnt_id", (), "identifier", required=False),
            Column("trans_id", (), "identifier"),
            Column("trans_seq", (), "integer"),
            Column("biz_unit", (), "text"),
            Column("pd_c", (), "identifier", required=False),
            Column("de_dt", (), "date"),
            Column("de_tm", (), "time_of_day"),
            Column("buy_am", (), "decimal", required=False),
            Column("buy_ct", (), "integer", required=False),
        ),
    ),
    SourceTable(
        retailer="lpoint",
        name="online_behaviour",
        patterns=_named("온라인 행동 정보", "online_behaviour", "online_behavior"),
        columns=(
            Column("clnt_id", (), "identifier"),
            Column("sess_id", (), "identifier"),
            Column("hit_seq", (), "integer"),
            Column("action_type", (), "integer"),
            Column("biz_unit", (), "text"),
            Column("sess_dt", (), "date"),
            Column("hit_tm", (), "time_of_day"),
            Column("hit_pss_tm", (), "integer", required=False),
            Column("trans_id", (), "identifier", required=False),
            Column("sech_kwd", (), "text", required=False),
            Column("tot_pag_view_ct", (), "integer", required=False),
            Column("tot_sess_hr_v", (), "integer", required=False),
            Column("trfc_src", (), "text", required=False),
            Column("dvc_ctg_nm", (), "text", required=False),
        ),
        required=False,
    ),
    SourceTable(
        retailer="lpoint",
        name="demographics",
        patterns=_named("고객 demographic 정보", "demographics"),
        columns=(
            Column("clnt_id", (), "identifier"),
            Column("clnt_gender", (), "text", required=False),
            Column("clnt_age", (), "text", required=False),
        ),
        required=False,
    ),
    SourceTable(
        retailer="lpoint",
        name="product_classes",
        patterns=_named("상품분류 정보", "product_classes"),
        columns=(
            Column("pd_c", (), "identifier"),
            Column("clac_nm1", (), "text"),
            Column("clac_nm2", (), "text"),
            Column("clac_nm3", (), "text"),
        ),
    ),
    SourceTable(
        retailer="lpoint",
        name="weather",
        patterns=_named("weather"),
        columns=(
            Column("observed_on", ("date",), "date"),
            Column("mean_temperature", (), "decimal", required=False),
            Column("rainfall", (), "decimal", required=False),
        ),
        required=False,
    ),
)

SOURCES: dict[str, tuple[SourceTable, ...]] = {
    retailer: tuple(table for table in _TABLES if table.retailer == retailer)
    for retailer in dict.fromkeys(table.retailer for table in _TABLES)
}
