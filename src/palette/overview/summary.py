"""What a warehouse holds, for the end of a build."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
from rich.console import RenderableType
from rich.table import Table

from palette.core.warehouses import open_warehouse
from palette.quality.results import failed
from palette.withholding import withheld


def summarise(warehouse: Path) -> Iterator[RenderableType]:
    """Yield what a reader wants to know of a finished warehouse, piece by piece.

    Parameters
    ----------
    warehouse
        A built warehouse file; it is only read.
    """
    with open_warehouse(warehouse) as connection:
        yield mart_table(connection)
        yield segment_table(connection)
        yield from cluster_lines(connection)
        yield offer_table(connection)
        yield from quality_lines(connection)
        for line in withheld(connection):
            yield f"Withheld from {line}"
    query = f"import duckdb; duckdb.connect('{warehouse}').table('customer_360').show()"
    if warehouse.is_dir():
        query = f"import duckdb; duckdb.sql('from \\'{warehouse}/main.db/customer_360/*.parquet\\'').show()"
    yield f"""Warehouse: {warehouse}
Next:
  query it      .venv/bin/python -c "{query}"
  see it        make report
  see lineage   make docs
  see quality   target/quality/core.html and its neighbours
  see this      .venv/bin/palette summary"""


def mart_table(connection: duckdb.DuckDBPyConnection) -> Table:
    """Count the rows of every table in the schema ``main``."""
    names = connection.sql(
        "select table_name from information_schema.tables where table_schema = 'main' order by table_name"
    ).fetchall()
    table = Table("mart", "rows", title="Marts")
    table.columns[1].justify = "right"
    for (name,) in names:
        table.add_row(name, f"{_value(connection, f'select count(*) from {name}'):,}")
    return table


def segment_table(connection: duckdb.DuckDBPyConnection) -> Table:
    """List customers and revenue of every RFM segment, best scores first."""
    rows = connection.sql("""
        select profiles.retailer, profiles.rfm_segment, profiles.customers, profiles.revenue_share
        from rfm_segment_profiles as profiles
        left join seeds.rfm_segments as segments on profiles.rfm_segment = segments.rfm_segment
        order by profiles.retailer, segments.score_from desc
    """).fetchall()
    table = Table("retailer", "segment", "customers", "revenue", title="RFM segments")
    table.columns[2].justify = table.columns[3].justify = "right"
    for retailer, segment, customers, share in rows:
        table.add_row(retailer, segment, f"{customers:,}", f"{share:.1%}")
    return table


def cluster_lines(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Yield a line for each clustering: how many clusters, and whether they stand apart."""
    chosen = connection.sql("""
        select retailer, clustering, k, silhouette, stands_apart from cluster_diagnostics
        where is_chosen order by retailer, clustering
    """).fetchall()
    for retailer, clustering, k, silhouette, apart in chosen:
        verdict = "stand apart" if apart else "do not stand apart, and are numbered"
        yield f"{retailer}: {k} clusters by {clustering} {verdict} (silhouette {silhouette:.3f})"


def offer_table(connection: duckdb.DuckDBPyConnection) -> Table:
    """Show whom each list is for, who makes it, and what it was worth beside the best of the others."""
    rows = connection.sql("""
        with offered as (
            select retailer, list_name, count(distinct customer_id) as customers
            from recommendations group by retailer, list_name
        )
        select retailer, list_name, offered.customers, model, ndcg, runner_up, runner_up_ndcg
        from offered join recommendation_choices using (retailer, list_name) order by all
    """).fetchall()
    table = Table("retailer", "list", "customers", "made by", "nDCG@10", "best of the others", title="Offers")
    table.columns[2].justify = table.columns[4].justify = "right"
    for retailer, name, customers, model, ndcg, rival, rival_ndcg in rows:
        judged = "not judged" if ndcg is None else f"{ndcg:.3f}"
        beside = "" if rival is None else f"{rival_ndcg:.3f} {rival.replace('_', ' ')}"
        table.add_row(retailer, name, f"{customers:,}", model.replace("_", " "), judged, beside)
    return table


def quality_lines(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Yield the verdict, then a line for each expectation that did not hold."""
    results = connection.sql("select * from quality_results").df()
    problems = failed(results)
    yield f"Quality: {len(results) - len(problems)} of {len(results)} expectations hold"
    yield from (f"  {problem}" for problem in problems)


def _value(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.sql(query).fetchone()
    assert row is not None
    return int(row[0])
