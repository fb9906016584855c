"""The real file as other shops would deliver it gives the same marts; another kind of shop has its own."""

from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from adbc_driver_postgresql import dbapi
from deliveries import SETTINGS, add_german, differing
from postgres import PASSWORD, throw_away_server
from sandboxes import UNTESTED, Sandbox

from outside import CDNOW, ONLINE_RETAIL, outside
from palette.demo import write_demo

PURCHASES = CDNOW / "CDNOW_master.txt"
FEW = 4_000  # lines of it, of 1,300 customers

IN_A_DATABASE = """
    select
        InvoiceNo as belegnr, StockCode as artikelnr, Description as bezeichnung, Quantity as menge,
        cast(InvoiceDate as timestamp) as belegdatum, cast(UnitPrice as decimal(18, 4)) as einzelpreis,
        cast(CustomerID as bigint) as kundennr, Country as land
    from '{file}'
"""
READ = ("order_lines", "excluded_order_lines", "products", "cleaning_waterfall", "rfm_segment_profiles")
# Made of lists or forecasts, which are compared on a smaller shop, or of all marts.
LEARNED = ("recommendation_learning+", "preference_errors+", "value_learning+", "quality_marts+")
SIMPLY = ("--vars", "{palette_backtest: false, recommendation_models: popularity}")


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """The real file as a German CSV and from PostgreSQL, CDNOW and its first customers: shops to be built."""
    file, purchases = outside(ONLINE_RETAIL), outside(PURCHASES)
    folder = tmp_path_factory.mktemp("shops")
    place = Sandbox(folder, folder / "data", retailers="")
    add_german(place, f"'{file}'")
    with throw_away_server() as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGPASSWORD", PASSWORD)
        with closing(dbapi.connect(server.uri)) as connection, connection.cursor() as cursor:
            lines = duckdb.sql(IN_A_DATABASE.format(file=file)).to_arrow_table()
            cursor.adbc_ingest("belege", lines)
            connection.commit()
        run = place.palette(
            "add",
            "datenbank",
            "--from",
            server.uri,
            "--table",
            "public.belege",
            "--yes",
            *SETTINGS,
        )
        assert run.code == 0, run.output
        assert PASSWORD not in run.output + (place.data / "datenbank" / "retailer.yml").read_text()
        before = (place.data / "datenbank" / "order_lines.parquet").read_bytes()
        run = place.palette("refresh", "datenbank")
        assert run.code == 0, run.output
        assert (place.data / "datenbank" / "order_lines.parquet").read_bytes() == before
    few = folder / "CDNOW_few.txt"
    few.write_text("".join(purchases.read_text().splitlines(keepends=True)[:FEW]))
    for shop, file in (("cdnow", purchases), ("cdnow_few", few)):
        run = place.palette("add", shop, file, "--yes", "--set", "currency=USD")
        assert run.code == 0, run.output
    return place


@pytest.fixture(scope="module")
def added(delivered: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """The German file, as far as nothing is recommended or forecast."""
    place = replace(delivered, folder=tmp_path_factory.mktemp("added"), retailers="teeladen")
    return place.build("--exclude", *LEARNED, *UNTESTED)


@pytest.fixture(scope="module")
def fetched(delivered: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """The shop from PostgreSQL, and CDNOW, as far as to lines and what the study said of its customers."""
    place = replace(delivered, folder=tmp_path_factory.mktemp("fetched"), retailers="datenbank,cdnow")
    return place.build("--select", *(f"+{mart}" for mart in (*READ, "retailer_overview")), *UNTESTED)


@pytest.fixture(scope="module")
def without_products(delivered: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """The first customers of CDNOW: a whole warehouse, tests and all."""
    place = replace(delivered, folder=tmp_path_factory.mktemp("without products"), retailers="cdnow_few")
    return place.build(*SIMPLY)


def test_the_same_purchases_give_the_same_marts(added: Sandbox, real: Sandbox) -> None:
    """Row for row as the real file's own form, but for the shop's name and its keys."""
    compared, different = differing(real, added, "teeladen")
    assert compared > 40
    assert different == []


def test_the_same_purchases_from_a_database_give_the_same_lines(fetched: Sandbox, real: Sandbox) -> None:
    """All that the marts of a shop are made from."""
    compared, different = differing(real, fetched, "datenbank")
    assert compared > len(READ)
    assert different == []


def test_the_published_figures_come_out_of_each(added: Sandbox, fetched: Sandbox) -> None:
    for place, shop in ((added, "teeladen"), (fetched, "datenbank")):
        found = place.query(f"""
            select max(lines_left) as raw, min(lines_left) as kept from cleaning_waterfall
            where retailer = '{shop}'
        """)
        assert found.to_numpy().tolist() == [[541_909, 391_068]]
        vips = place.query(f"""
            select customers, recency_days_sum, frequency_sum, round(monetary_sum)::bigint as amount
            from rfm_segment_profiles where rfm_segment = 'VIP' and retailer = '{shop}'
        """)
        assert vips.to_numpy().tolist() == [[469, 2794, 161416, 4018366]]


def test_a_shop_without_products_has_customers(fetched: Sandbox) -> None:
    """CDNOW: 23,570 customers, 69,659 purchases, 80 of them of nothing (Fader and Hardie)."""
    lines = [line.split() for line in PURCHASES.read_text().splitlines()[1:]]
    paid = sum(Decimal(amount) for *_, amount in lines)
    assert (len({customer for customer, *_ in lines}), len(lines)) == (23_570, 69_659)
    steps = fetched.query("""
        select lines_left, amount_left::decimal(18, 2)::varchar as amount from cleaning_waterfall
        where retailer = 'cdnow' order by step_number
    """)
    assert steps.iloc[0].tolist() == [69_659, str(paid)]
    assert steps.iloc[-1].tolist() == [69_659 - 80, str(paid)]
    overview = fetched.query("from retailer_overview where retailer = 'cdnow'").iloc[0]
    assert str(overview["first_ordered_on"])[:10] == "1997-01-01"
    (units,) = fetched.query("select sum(quantity) from order_lines where retailer = 'cdnow'").iloc[0]
    assert overview["units"] == units
    assert overview["customers"] == 23_502


def test_a_shop_without_products_has_no_lists_and_every_customer(without_products: Sandbox) -> None:
    for table in ("recommendations", "basket_rules"):
        assert without_products.query(f"from {table}").empty
    customers, scored = (
        without_products.query(f"select count(*) as n from {table}")["n"][0]
        for table in ("customers", "customer_360")
    )
    assert customers == scored > 500


def test_every_expectation_holds_without_products(without_products: Sandbox) -> None:
    failed = without_products.query("select relation, rule, observed from quality_results where not success")
    assert failed.empty, failed.to_string()


def test_the_report_of_a_shop_without_products_says_nothing_of_products(without_products: Sandbox) -> None:
    run = without_products.palette("report", "--customers", "50")
    assert run.code == 0, run.output
    page = (without_products.target / "report" / "index.html").read_text()
    article = next(part for part in page.split("<article") if 'id="cdnow_few-en"' in part)
    article = article.split('id="cdnow_few-en-quality"')[0]  # whose rules name what they look for
    for word in ("Christmas", "Other Products", "basket rule"):
        assert word not in article


def test_newcomers_of_an_added_shop_get_their_palette_group(tmp_path: Path) -> None:
    """The demo's omnichannel retailer, with its purchases as a general shop would deliver them."""
    write_demo(tmp_path / "demo", ["lpoint"], customers=400)
    lines, products = tmp_path / "orders.csv", tmp_path / "products.csv"
    files = {path.name.split("-")[-1]: path for path in (tmp_path / "demo" / "lpoint").iterdir()}
    duckdb.sql(f"""
        copy (
            select trans_id as "order", trans_seq as line, clnt_id as customer,
                strptime(de_dt::varchar, '%Y%m%d')::date as day, de_tm as time, lpad(pd_c, 4, '0') as sku,
                buy_ct as quantity, buy_am as unit_price,
                case when biz_unit like 'A%' then 'web' else 'store' end as channel
            from read_csv('{files["02.거래 정보.csv"]}', all_varchar = true)
            where clnt_id is not null
        ) to '{lines}' (header)
    """)
    duckdb.sql(f"""
        copy (
            select lpad(pd_c, 4, '0') as sku, clac_nm1 as category, clac_nm3 as subcategory
            from read_csv('{files["04.상품분류 정보.csv"]}', all_varchar = true)
        ) to '{products}' (header)
    """)
    place = Sandbox(tmp_path, tmp_path / "data", retailers="")
    names = (
        "order_id=order",
        "line_number=line",
        "customer_id=customer",
        "ordered_on=day",
        "ordered_time=time",
    )
    settings = [part for name in names for part in ("--set", name)]
    run = place.palette("add", "chain", lines, products, "--yes", *settings)
    assert run.code == 0, run.output
    place.build("--select", "+palette_forests", "+customers", *UNTESTED)
    groups = tmp_path / "groups.csv"
    run = place.palette("assign", lines, "--retailer", "chain", "--out", groups)
    assert run.code == 0, run.output
    found = duckdb.sql(f"select count(*), count(palette_group), count(because) from '{groups}'").fetchone()
    assert found[0] == place.query("select count(*) as n from customers")["n"][0]
    assert found[0] == found[1] == found[2]
