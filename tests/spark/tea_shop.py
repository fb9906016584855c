"""A shop of the form `orders`, of the demo's lines and with what the demo's forms do not have."""

from pathlib import Path

import duckdb
import yaml

NAME = "teeladen"
DECLARATION = {
    "form": "orders",
    "money": "net",
    "currency": "EUR",
    "country": "DE",
    "date_order": "month_first",
    "cleaning_steps": [
        {"rule": "missing_customer"},
        {"rule": "non_positive_quantity_or_amount"},
        {"rule": "amount_outlier", "parameter": 4},
    ],
}
FILES = {
    "order_lines": """
        select
            InvoiceNo as order_id, CustomerID as customer_id, InvoiceDate as ordered_at,
            StockCode as product_id, Description as product_name,
            Quantity as quantity, UnitPrice as unit_price,
            case when line % 5 = 0 then 0.25 end as discount,
            case when line % 2 = 0 then 'Seoul' else 'it''s "north"' end as store,
            case when customer % 2 = 0 or order_number % 3 = 0 then 'online' else 'offline' end as channel
        from lines
        where customer is null or customer % 2 = 0
    """,
    "products": """
        select
            StockCode as product_id, left(min(Description), 1) as category, count(*) as stock,
            case when count(*) % 2 = 0 then 0.6 end as unit_cost
        from lines group by StockCode
    """,
    "customers": """
        select
            CustomerID as customer_id, case when customer % 4 = 0 then 'f' else 'm' end as gender,
            1950 + customer % 50 as birth_year
        from lines where customer is not null group by CustomerID, customer
    """,
    "visits": """
        select
            line as visit_id, CustomerID as customer_id, InvoiceDate as started_at, line % 30 as page_views,
            line % 600 as seconds
        from lines where line % 4 = 0
    """,
}


def write_shop(data: Path) -> None:
    """Add the shop to a data folder that has the demo's online shop."""
    folder = data / NAME
    folder.mkdir()
    (folder / "retailer.yml").write_text(yaml.safe_dump(DECLARATION), "utf-8")
    with duckdb.connect() as connection:
        connection.execute(f"""
            create view lines as
            select
                *, row_number() over () as line, try_cast(CustomerID as integer) as customer,
                try_cast(InvoiceNo as integer) as order_number
            from read_csv('{data}/online_retail/online_retail.csv', all_varchar = true, encoding = 'latin-1')
        """)
        for name, query in FILES.items():
            connection.execute(f"copy ({query}) to '{folder}/{name}.csv' (header)")
