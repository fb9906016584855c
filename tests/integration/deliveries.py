"""The purchases of Online Retail as another shop would deliver them, and what a warehouse makes of both."""

from pathlib import Path

import duckdb
from sandboxes import Sandbox, any_row_apart

# What to take the rows from is left open: the real file, or the demo's.
GERMAN = """
    select
        InvoiceNo as "Belegnr", StockCode as "Artikelnr", Description as "Bezeichnung", Quantity as "Menge",
        strftime(cast(InvoiceDate as timestamp), '%d.%m.%Y %H:%M') as "Belegdatum",
        replace(cast(cast(UnitPrice as decimal(18, 4)) as varchar), '.', ',') as "Einzelpreis",
        cast(cast(CustomerID as bigint) as varchar) as "Kundennr", Country as "Land"
    from {rows}
"""
THE_STUDYS = {
    **dict.fromkeys(
        ("cleaning_steps", "service_lines", "product_themes", "super_categories", "recommendation_rules"),
        "online_retail",
    ),
    "country": "GB",
    "subdivision": "ENG",
    "currency": "GBP",
    "channel": "online",
    "recency_unit": "elapsed_days",
}
SETTINGS = [part for key, value in THE_STUDYS.items() for part in ("--set", f"{key}={value}")]
NOT_THE_SAME = {
    "retailers": {"form", "retailer_name"},
    "retailer_overview": {"retailer_name"},
    "returns": {"purchase_line_id"},
}


def add_german(place: Sandbox, rows: str) -> None:
    """Add the shop `teeladen`, of a German CSV with these rows."""
    file = place.folder / "bestellungen.csv"
    duckdb.sql(f"copy ({GERMAN.format(rows=rows)}) to '{file}' (header, delim ';')")
    run = place.palette("add", "teeladen", file, "--yes", *SETTINGS)
    assert run.code == 0, run.output


def rows_of_demo(file: Path) -> str:
    """Return the demo's file as a table whose columns have the types of the real one's."""
    return f"""(
        from read_csv('{file}', all_varchar = true, encoding = 'latin-1')
        select * replace (strptime(InvoiceDate, '%m/%d/%Y %H:%M') as InvoiceDate)
    )"""


def differing(first: Sandbox, second: Sandbox, shop: str) -> tuple[int, list[str]]:
    """Count the second one's marts, and name those whose rows of a shop are not `online_retail`'s."""
    place = {first.warehouse: "first", second.warehouse: "second"}
    with duckdb.connect() as connection:
        for warehouse, name in place.items():
            connection.execute(f"attach '{warehouse}' as {name} (read_only)")
        columns = connection.execute("""
            select table_name, list(column_name) from duckdb_columns()
            where database_name = 'second' and schema_name = 'main'
            group by table_name having bool_or(column_name = 'retailer')
        """).fetchall()
        different = []
        for table, names in columns:
            left_out = {"retailer", "order_line_id"} | NOT_THE_SAME.get(table, set())
            compared = ", ".join(f'"{name}"' for name in names if name not in left_out)
            rows = [
                f"select {compared} from {place[warehouse]}.main.{table} where retailer = '{retailer}'"
                for warehouse, retailer in ((first.warehouse, "online_retail"), (second.warehouse, shop))
            ]
            if any_row_apart(connection, *rows):
                different.append(table)
    return len(columns), different
