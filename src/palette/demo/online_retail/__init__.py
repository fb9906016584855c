"""Demo online shop in the form of Kaggle's "Online Retail" file: planted bundles, every kind of dirty row.

What it sells and who buys there is in `shop.yml`. The lines are made in three steps: clean purchases
(`purchases`), oddities in them that are no error, and dirt beside them (both in `dirt`). `truth` tells what
was planted.
"""

import csv
from pathlib import Path

import numpy as np
import pandas as pd

from palette.demo.online_retail.customers import draw_people
from palette.demo.online_retail.dirt import add_dirt, add_oddities, number_invoices
from palette.demo.online_retail.purchases import draw_purchases
from palette.demo.online_retail.shop import draw_catalogue, read_spec
from palette.demo.online_retail.truth import dirty_lines, known_customers, product_pairs
from palette.demo.tables import write_table

FILE = "online_retail.csv"
HEADER = [
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
]


def write(folder: Path, truth: Path, seed: int, customers: int | None = None) -> None:
    """Write the shop's one file and the truth about it.

    Parameters
    ----------
    folder : Path
        Existing folder for `online_retail.csv` (latin-1, one line per product of an invoice).
    truth : Path
        Existing folder for `customers.csv`, `product_pairs.csv` and `dirty_lines.csv` (UTF-8).
    seed : int
        The same seed gives the same bytes.
    customers : int, optional
        About how many customers have an id, one of each type at least; visitors without one grow along.
        The shop's own number if None.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    spec = read_spec()
    products = draw_catalogue(spec, rng)
    people = draw_people(spec, customers, rng)
    lines = draw_purchases(spec, products, people, rng)
    lines = add_oddities(lines, spec, rng)
    lines = number_invoices(add_dirt(lines, products, rng))
    _write_lines(lines, folder / FILE)
    write_table(known_customers(people), truth / "customers.csv")
    write_table(product_pairs(spec, products), truth / "product_pairs.csv")
    write_table(dirty_lines(lines, spec), truth / "dirty_lines.csv")


def _write_lines(lines: pd.DataFrame, path: Path) -> None:
    at = lines["at"].dt
    date = [
        f"{month}/{day}/{year} {hour}:{minute:02d}"
        for month, day, year, hour, minute in zip(at.month, at.day, at.year, at.hour, at.minute, strict=True)
    ]
    customer = lines["CustomerID"].astype("string").fillna("")
    price = [f"{value:.10g}" for value in lines["UnitPrice"]]
    table = lines.assign(InvoiceDate=date, UnitPrice=price, CustomerID=customer)
    with path.open("w", encoding="latin-1", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(zip(*[table[column].tolist() for column in HEADER], strict=True))
