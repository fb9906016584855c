import re
import threading
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from great_expectations.expectations.registry import list_registered_expectation_implementations

from palette.core.tables import typed
from palette.quality.expectations import (
    SUITES,
    Check,
    Suite,
    SuiteError,
    load_suite,
    parse_suite,
    run_staging_suites,
    run_suite,
)
from palette.quality.results import CUSTOM_SQL, RESULTS_SCHEMA, failed

ORDERS = """
    create table orders (order_id varchar, customer_id varchar, quantity bigint, price decimal(18, 4));
    insert into orders values ('1', 'a', 1, 2.5), ('2', 'a', 2, 2.5), ('3', 'b', -3, 1), ('3', null, 4, 1);
"""

# Three customers, one for each channel group: everything the real suites look at, and nothing wrong with it.
WAREHOUSE = """
    create table order_lines as
    select
        'shop' as retailer, order_id || '-' || product_id as order_line_id, order_id, customer_id, product_id,
        cast(ordered_at as timestamp) as ordered_at, cast(quantity as bigint) as quantity,
        cast(unit_price as decimal(18, 4)) as unit_price,
        cast(quantity * unit_price as decimal(18, 4)) as amount, channel
    from (values
        ('1', 'a', 'P1', '2024-01-05 10:00', 2, 1.25, 'offline'),
        ('1', 'a', 'P2', '2024-01-05 10:00', 1, 9.95, 'offline'),
        ('2', 'b', 'P1', '2024-01-06 11:00', 6, 1.25, 'online'),
        ('3', 'b', 'P3', '2024-01-07 12:00', 1, 4.00, 'online'),
        ('5', 'c', 'P1', '2024-01-06 20:00', 3, 1.25, 'offline')
    ) as t (order_id, customer_id, product_id, ordered_at, quantity, unit_price, channel);

    create table excluded_order_lines as
    select
        * replace ('4-P9' as order_line_id, '4' as order_id, -1 as quantity, -amount as amount),
        'quantity or price not above zero' as exclusion_reason
    from order_lines where order_line_id = '1-P1';

    create table customers as
    select
        retailer, customer_id, 'Korea' as country, 'F' as gender, '30' as age_band,
        min(ordered_at) as first_ordered_at,
        max(ordered_at) as last_ordered_at, count(distinct order_id) as orders, count(*) as order_lines,
        cast(sum(quantity) as bigint) as units, sum(amount) as revenue
    from order_lines group by all;

    create table products as
    select distinct
        retailer, product_id, 'Product ' || product_id as product_name, 'Toy' as category,
        if(product_id = 'P2', 'Other Products', 'Toys') as super_category
    from order_lines;

    create table dates as
    select distinct
        retailer, cast(ordered_at as date) as date_day, isodow(ordered_at) in (6, 7) as is_weekend,
        false as is_holiday
    from order_lines;

    create table sessions as
    select
        'shop' as retailer, customer_id, '1' as session_id, timestamp '2024-01-05 09:00' as started_at,
        2 as hits, 3 as last_hit_number, seconds as session_seconds
    from (values ('a', 60), ('b', 61), ('nobody', 62), ('nobody else', 63), ('no time', null)) as t (
        customer_id, seconds
    );

    create table stg_online_retail__order_lines as
    select
        order_id, customer_id, product_id, 'Product' as product_name, 'Korea' as country, ordered_at,
        quantity, unit_price, channel
    from order_lines;

    create table stg_lpoint__order_lines as
    select
        retailer, order_id, row_number() over (partition by order_id order by product_id) as line_number,
        customer_id, product_id, if(channel = 'online', 'A01', 'B01') as store, channel, ordered_at,
        quantity, unit_price
    from order_lines;

    create table stg_lpoint__hits as
    select
        retailer, customer_id, session_id, 1 as hit_number, 2 as action_type, started_at as hit_at,
        session_seconds
    from sessions;

    create table stg_lpoint__customers as
    select distinct retailer, customer_id, 'M' as gender, '30' as age_band from sessions;

    create table stg_lpoint__products as select distinct retailer, product_id from order_lines;

    create table stg_orders__order_lines as
    select
        retailer, order_id, cast(null as bigint) as line_number, product_id, customer_id, ordered_at,
        cast(quantity as decimal(18, 4)) as quantity, unit_price, amount
    from order_lines;

    create table stg_orders__products as select distinct retailer, product_id from order_lines;

    create table stg_orders__customers as select distinct retailer, customer_id from order_lines;

    create table stg_orders__visits as select retailer, session_id, customer_id from sessions;

    create table customer_rfm as
    select 'shop' as retailer, *, 100 * r_score + 10 * f_score + m_score as rfm_score
    from (values
        ('a', 3, 2, 12.45, 1, 3, 5, 'At-Risk'), ('b', 1, 9, 11.50, 5, 5, 3, 'VIP'),
        ('c', 2, 1, 3.75, 3, 1, 1, 'Promising')
    ) as t (
        customer_id, recency_days, frequency, monetary, r_score, f_score, m_score, rfm_segment
    );

    create table customer_clusters as
    select retailer, 'rfm' as clustering, customer_id, 'cluster ' || customer_id as cluster_name
    from customer_rfm;

    create table basket_rules as
    select
        'shop' as retailer, 'cluster a' as cluster_name, 'P1' as antecedents, 'P2' as consequents,
        0.25::double as support, 0.5::double as confidence, 2.0::double as lift;

    create table recommendations as
    select
        'shop' as retailer, customer_id, 'next' as list_name, rank, 'P' || rank as product_id,
        1.0 / rank as score, 'bought together' as reason, 'P1' as evidence
    from (values ('a'), ('b')) as customer (customer_id), (values (1), (2)) as ranks (rank);

    create table customer_360 as select * from customer_rfm;

    create table customer_features as
    select 'shop' as retailer, *, 1 - r_weekend as r_weekday, 1 - r_dawn - r_dinner as r_afternoon
    from (values
        ('a', 'both', 0.25::double, 0.1::double, 0.2::double, 6.0, 3.0, 6.0),
        ('b', 'online_only', 1, 0, 0, 0, 4.5, 14.0), ('c', 'offline_only', 1, 0, 1, 1.7, 0, 1.7)
    ) as t (
        customer_id, channel_group, r_weekend, r_dawn, r_dinner, offline_vitality, online_vitality,
        purchase_vitality
    );

    create table rfm_weights as
    select 'shop' as retailer, *
    from (values ('recency', 0.5::double), ('frequency', 0.3), ('monetary', 0.2)) as t (
        dimension, weight
    );

    create table customer_category_scores as
    select
        'shop' as retailer, *, 0.5 * r_class + 0.3 * f_class + 0.2 * m_class as rfm_index,
        unit_share * (0.5 * r_class + 0.3 * f_class + 0.2 * m_class) as pf_score
    from (values
        ('a', 'Toys', 2 / 3, 1, 1, 1), ('a', 'Other Products', 1 / 3, 1, 5, 7), ('b', 'Toys', 1, 9, 9, 9),
        ('c', 'Toys', 1, 9, 5, 4)
    ) as t (customer_id, super_category, unit_share, r_class, f_class, m_class);

    create table customer_palette as
    select 'shop' as retailer, *, behaviour || ' / ' || consumption as palette_group
    from (values
        ('a', 'weekday offline', 'YOLO', false, 1), ('b', 'weekend online', 'YOLO', true, 0.6),
        ('c', 'weekend offline', 'homemaker', true, 0.35)
    ) as t (customer_id, behaviour, consumption, is_predicted, probability);

    create table palette_prediction_metrics as
    select 'shop' as retailer, *
    from (values
        ('palette_group', 'accuracy', 0.5), ('palette_group', 'majority_baseline', 0.25),
        ('behaviour', 'accuracy', 0.5), ('behaviour', 'majority_baseline', 0.4)
    ) as t (target, metric, value);

    create table returns as
    select
        retailer, order_line_id = '1-P1' as is_matched,
        if(is_matched, ordered_at, null) as purchased_at, ordered_at + interval 1 hour as returned_at
    from order_lines where order_line_id in ('1-P1', '3-P3');

    create table segment_migrations as
    select 'shop' as retailer, date '2024-01-31' as month_end, *
    from (values
        ('segment', 'up', 1, true), ('segment', 'down', 2, true), ('segment', 'same', 1, true),
        ('segment', 'down', 9, false), ('rfm', null, 3, true)
    ) as t (grouping_name, direction, customers, is_complete);

    create table revenue_bridge as
    select 'shop' as retailer, *
    from (values (10, 1, true), (10, 0, false)) as t (previous_revenue, revenue, is_complete);

    create table customer_value as
    select
        retailer, customer_id, horizon_days, horizon_days / 10 as expected_orders,
        horizon_days as expected_revenue, 0.5 as purchase_probability
    from customer_rfm, (values (28), (90)) as horizons (horizon_days);

    create table value_metrics as
    select 'shop' as retailer, *
    from (values
        ('coverage', 'revenue', 100, 0.8), ('coverage', 'orders', 100, 0.1), ('coverage', 'revenue', 99, 0.1),
        ('mae', 'revenue', 100, 0.1)
    ) as t (metric, measure, customers, value);
"""

# What makes each custom SQL rule fail, by the beginning of the rule.
BREAKS = {
    "Every line was ordered": "update {} set ordered_at = timestamp '2999-01-01' where order_id = '1'",
    "At most 5 % of the lines": "insert into {0} select * from {0}",
    "At most 5 % of a shop's lines are exact": "insert into {0} select * from {0}",
    "At most 5 % of a shop's lines are of": "delete from stg_orders__products where product_id = 'P2'",
    "An order has one customer": "update {} set customer_id = 'b' where product_id = 'P2'",
    "An order was made on one day": "update {} set ordered_at = '2024-01-07' where product_id = 'P2'",
    "A retailer knows the country": "update {} set country = null where customer_id = 'a'",
    "At most 1 %": "delete from stg_lpoint__products where product_id = 'P1'",
    "At most 5 % of the hits": "delete from stg_lpoint__customers where customer_id = 'a'",
    "The amount of a line": "update {} set amount = amount + 0.01 where order_line_id = '1-P1'",
    "No line is both": "insert into excluded_order_lines select *, 'other' from order_lines limit 1",
    "The customer of every line": "delete from customers where customer_id = 'a'",
    "The day of every line": "delete from dates where date_day = '2024-01-05'",
    "The product of every line": "delete from products where product_id = 'P1'",
    "At most 40 %": "delete from order_lines where order_line_id <> '1-P1'",
    "The customers of a retailer": "update customers set revenue = revenue + 1 where customer_id = 'a'",
    "At least 40 %": "update products set category = 'Other Products' where product_id <> 'P1'",
    "At most 20 %": "update products set super_category = 'Other Products' where product_id = 'P1'",
    "Every Saturday": "update dates set is_weekend = false",
    "No day is missing": "delete from dates where date_day = '2024-01-06'",
    "The RFM score": "update {} set rfm_score = 0 where customer_id = 'a'",
    "A higher R score": "update {} set recency_days = 100 where customer_id = 'b'",
    "A higher F score": "update {} set frequency = 9",
    "A higher M score": "update {} set monetary = 1 where customer_id = 'a'",
    "No RFM segment": "update {} set rfm_segment = 'VIP'",
    "No cluster holds": "update {} set cluster_name = 'everybody'",
    "The ranks of a list": "update {} set rank = 3 where rank = 2 and customer_id = 'a'",
    "Every scored customer is there": "delete from customer_360 where customer_id = 'a'",
    "The customers are exactly": "delete from {} where customer_id = 'a'",
    "The shares of weekday": "update {} set r_weekend = r_weekend + 1e-8 where customer_id = 'a'",
    "The shares of dawn": "update {} set r_dinner = r_dinner + 1e-8 where customer_id = 'a'",
    "Customers of one channel": "update {} set offline_vitality = 1, online_vitality = 1",
    "Every retailer with scored customers": "update {} set dimension = 'size' where dimension = 'recency'",
    "The weights of a retailer": "update {} set weight = weight + 0.01 where dimension = 'recency'",
    "The unit shares": "delete from {} where super_category = 'Other Products'",
    "Every scored customer of a retailer": "delete from {} where customer_id = 'a'",
    "The palette group is behaviour": "update {} set behaviour = 'weekend online' where customer_id = 'a'",
    "Groups that were not predicted": "update {} set probability = 0.99 where customer_id = 'a'",
    "Nothing comes back": "update {} set returned_at = purchased_at - interval 1 second",
    "At least half of the lines": "delete from {} where is_matched",
    "At most half of the customers": "delete from {} where direction = 'same'",
    "A whole month": "update {} set revenue = 0",
    "Every scored customer has a forecast": "delete from {} where customer_id = 'a' and horizon_days = 90",
    "A longer horizon": "update {} set expected_revenue = 27 where customer_id = 'a' and horizon_days = 90",
    "At least 80 %": "update {} set value = 0.7 where metric = 'coverage'",
    "The palette group is predicted": "update {} set value = 0.26 where metric = 'majority_baseline'",
}

REAL = {name: load_suite(name) for name in SUITES}  # read once: their YAML takes longer than a check
REAL_CHECKS = [pytest.param(name, check) for name, suite in REAL.items() for check in suite.checks]


class Elements(HTMLParser):
    """What a browser finds in a page: names of its elements, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, _: object) -> None:
        self.names.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(ORDERS)
    return connection


@pytest.fixture(scope="module")
def warehouse() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(WAREHOUSE)
    return connection


def tables(con: duckdb.DuckDBPyConnection, *names: str) -> dict[str, duckdb.DuckDBPyRelation]:
    return {name: con.query(f"select * from {name}") for name in names}


def run(con: duckdb.DuckDBPyConnection, docs: Path, *entries: str, suite: str = "tiny") -> pd.DataFrame:
    """Run expectations given as inline YAML on the table orders."""
    content = "description: d\nrelations:\n  orders:\n" + "".join(f"    - {entry}\n" for entry in entries)
    return run_suite(con, parse_suite(suite, content), tables(con, "orders"), pages=docs)


def not_null(column: str, severity: str = "critical", mostly: float = 1) -> str:
    return (
        f"{{type: expect_column_values_to_not_be_null, severity: {severity}, why: it counts,"
        f" kwargs: {{column: {column}, mostly: {mostly}}}}}"
    )


def custom(query: str) -> str:
    return (
        f"{{type: {CUSTOM_SQL}, rule: Nothing is found., severity: critical, why: it counts,"
        f" kwargs: {{unexpected_rows_query: {query!r}}}}}"
    )


ROW_COUNT = (
    "{type: expect_table_row_count_to_be_between, kwargs: {max_value: 3}, severity: warning, why: too many}"
)


# ---------------------------------------------------------------------------------------- results


def test_a_passing_suite_has_a_row_for_each_expectation(con, tmp_path):
    unique = (
        "{type: ExpectCompoundColumnsToBeUnique, kwargs: {column_list: [order_id, quantity]},"
        " severity: warning, why: key}"
    )
    positive = custom("select * from {batch} where price < 0")
    results = run(con, tmp_path, not_null("order_id"), unique, positive)
    same = {"suite": "tiny", "relation": "orders", "success": True, "unexpected_count": 0, "element_count": 4}
    assert typed(results, RESULTS_SCHEMA).to_pylist() == [
        same
        | {
            "column_name": "order_id",
            "expectation": "expect_column_values_to_not_be_null",
            "rule": "order_id values must never be null.",
            "severity": "critical",
            "observed": None,
        },
        same
        | {
            "column_name": "order_id, quantity",
            "expectation": "expect_compound_columns_to_be_unique",
            "rule": "Values for given compound columns must be unique together: order_id, quantity",
            "severity": "warning",
            "observed": None,
        },
        same
        | {
            "column_name": None,
            "expectation": CUSTOM_SQL,
            "rule": "Nothing is found.",
            "severity": "critical",
            "observed": None,
        },
    ]
    assert failed(results) == []


def test_failures_have_exact_counts_and_critical_ones_come_first(con, tmp_path):
    results = run(
        con,
        tmp_path,
        not_null("customer_id", "warning"),
        "{type: expect_column_values_to_be_between, columns: [quantity], kwargs: {min_value: 2},"
        " severity: critical, why: returns}",
        ROW_COUNT,
        custom("select * from {batch} where quantity > 1 and price > 0"),
    )
    assert results["unexpected_count"].tolist() == [1, 2, 1, 2]
    assert results["element_count"].tolist() == [4, 4, 4, 4]
    assert results["observed"].fillna("").tolist() == ["", "", "4", ""]
    assert failed(results) == [
        "CRITICAL tiny.orders: expect_column_values_to_be_between(quantity): 2 of 4 unexpected",
        f"CRITICAL tiny.orders: {CUSTOM_SQL}(Nothing is found.): 2 of 4 unexpected",
        "WARNING tiny.orders: expect_column_values_to_not_be_null(customer_id): 1 of 4 unexpected",
        "WARNING tiny.orders: expect_table_row_count_to_be_between(): observed 4",
    ]


def test_what_mostly_tolerates_is_counted_all_the_same(con, tmp_path):
    (row,) = run(con, tmp_path, not_null("customer_id", mostly=0.75)).to_dict("records")
    assert (row["success"], row["unexpected_count"]) == (True, 1)
    assert row["rule"] == "customer_id values must not be null, at least 75 % of the time."


def test_a_missing_column_has_failed_and_takes_no_other_expectation_with_it(con, tmp_path):
    results = run(con, tmp_path, not_null("order_id"), not_null("nope"), custom("select nope from {batch}"))
    assert results["success"].tolist() == [True, False, False]
    lines = failed(results)
    assert lines[0] == (
        "CRITICAL tiny.orders: expect_column_values_to_not_be_null(nope): "
        'could not run: The column "nope" in BatchData does not exist.'
    )
    assert "could not run" in lines[1]
    assert '"nope" not found' in lines[1]


def test_the_same_tables_give_the_same_results(con, tmp_path):
    entries = (not_null("customer_id"), not_null("nope"), ROW_COUNT)
    first, second = (typed(run(con, tmp_path, *entries), RESULTS_SCHEMA) for _ in range(2))
    assert first.equals(second)


def test_custom_sql_may_look_at_the_other_relations(con, tmp_path):
    con.execute("create table known as select 'a' as customer_id")
    suite = parse_suite(
        "two",
        f"""
        description: d
        relations:
          orders:
            - {custom("select * from {batch} as o anti join {known} as k using (customer_id)")}
          known:
            - {not_null("customer_id")}
        """,
    )
    results = run_suite(con, suite, tables(con, "known", "orders"), pages=tmp_path)
    assert results["relation"].tolist() == ["orders", "known"]
    assert results["unexpected_count"].tolist() == [2, 0]


@pytest.mark.parametrize(("condition", "times"), [("true", 2), ("false", 1)])
def test_custom_sql_runs_once_where_it_finds_nothing(con, tmp_path, condition, times):
    calls: list[str] = []
    con.create_function("looked_at", lambda order: calls.append(order) or True, ["VARCHAR"], "BOOLEAN")
    query = f"select * from (from {{batch}} where order_id = '1') where looked_at(order_id) = {condition}"
    results = run(con, tmp_path, custom(query))
    assert results["unexpected_count"].tolist() == [times - 1]
    assert calls == ["1"] * times


# --------------------------------------------------------------------------- session and machinery


def test_the_sessions_open_transaction_is_seen_and_left_open(tmp_path):
    path = str(tmp_path / "warehouse.duckdb")
    con = duckdb.connect(path)
    con.execute("begin")
    con.execute(ORDERS)
    results = run(con, tmp_path, not_null("order_id"))
    assert results["element_count"].tolist() == [4]
    con.execute("rollback")
    assert con.execute("select count(*) from duckdb_tables()").fetchone() == (0,)


def test_an_expectation_that_breaks_the_transaction_is_named(con, tmp_path):
    con.execute("begin")
    with pytest.raises(
        SuiteError, match=r"(?s)transaction is lost: .*string 'a'.*Nothing is found.*could not"
    ):
        run(con, tmp_path, custom("select cast(customer_id as int) as n from {batch} where n > 0"))


def test_two_suites_at_once_in_two_threads(tmp_path):
    con = duckdb.connect()
    con.execute(ORDERS)
    results: dict[str, pd.DataFrame] = {}

    def work(name: str, column: str) -> None:
        for _ in range(5):
            entries = (not_null(column), custom("select * from {batch} where quantity < 0"))
            results[name] = run(con.cursor(), tmp_path, *entries, suite=name)

    threads = [threading.Thread(target=work, args=a) for a in [("x", "order_id"), ("y", "customer_id")]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert results["x"]["unexpected_count"].tolist() == [0, 1]
    assert results["y"]["unexpected_count"].tolist() == [1, 1]


def test_nothing_is_printed(con, tmp_path, capfd):
    run(con, tmp_path, not_null("customer_id"), not_null("nope"))
    assert capfd.readouterr() == ("", "")


def test_a_page_stands_alone_and_says_what_came_of_each_expectation_failed_ones_first(con, tmp_path):
    con.execute("update orders set price = -2.5 where order_id = '1'")
    run(
        con,
        tmp_path,
        ROW_COUNT.replace("3", "4"),
        not_null("customer_id"),
        custom("select * from {batch} where price < 0"),
        "{type: expect_column_values_to_be_between, severity: warning, why: no loss,"
        " kwargs: {column: price, min_value: 0}}",
    )
    page = (tmp_path / "tiny.html").read_text()
    assert not re.search(r"<(script|link|img|a)\b", page)
    rows = re.findall(r"<tr.*</tr>", page)
    assert [re.findall(r"<t[hd]>(.*?)</t[hd]>", row) for row in rows] == [
        ["Relation", "Expectation", "Why", "Severity", "Result", "For example"],
        [
            "orders",
            "customer_id values must never be null.",
            "it counts",
            "critical",
            "1 of 4 unexpected",
            "",
        ],
        ["orders", "Nothing is found.", "it counts", "critical", "1 of 4 unexpected", ""],
        [
            *("orders", "price values must be greater than or equal to 0.", "no loss", "warning"),
            *("1 of 4 unexpected", "-2.5000"),
        ],
        ["orders", "Must have less than or equal to 4 rows.", "too many", "warning", "passed", ""],
    ]
    assert [row.startswith('<tr class="failed">') for row in rows[1:]] == [True, True, True, False]


@pytest.mark.parametrize("part", ["gender", "name"])
def test_markup_in_the_data_is_text_on_the_page(con, tmp_path, part):
    hostile = "<svg onload=alert(1)>&amp;\"'$x</script>"
    con.execute("create table orders_of as select 'F' as gender, 'a' as name")
    con.execute(f"update orders_of set {part} = ?", [hostile])
    suite = parse_suite(
        "tiny",
        f"""
        description: d
        relations:
          orders_of:
            - type: expect_column_values_to_be_in_set
              severity: warning
              why: w
              kwargs: {{column: {part}, value_set: [G]}}
            - type: expect_column_most_common_value_to_be_in_set
              severity: warning
              why: w
              kwargs: {{column: {part}, value_set: [G]}}
            - {custom("select * from {batch}")}
            - {custom(f"select cast({part} as int) as number from {{batch}}")}
        """,
    )
    run_suite(con, suite, tables(con, "orders_of"), pages=tmp_path)
    seen = Elements((tmp_path / "tiny.html").read_text())
    assert not seen.names & {"svg", "script"}
    assert hostile in seen.text


def test_pages_go_to_the_target_folder_by_default(con, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    suite = Suite(
        "tiny", "d", (Check("orders", "expect_column_to_exist", {"column": "price"}, "critical", "w"),)
    )
    run_suite(con, suite, tables(con, "orders"))
    assert Path("target/quality/tiny.html").exists()


# ------------------------------------------------------------------------------------------ errors


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (
            not_null("a", "fatal"),
            r"bad\.yml: relations, orders, entry 1, severity: Input should be 'critical' or 'warning'",
        ),
        (
            "{type: expect_wonders, severity: critical, why: w}",
            r"bad\.yml: orders, entry 1 \(expect_wonders\): .*not found",
        ),
        (
            "{type: expect_column_to_exist, severity: critical, why: w}",
            r"entry 1 \(expect_column_to_exist\): .*column",
        ),
        (
            "{type: expect_column_to_exist, kwargs: {column: a, colour: b}, severity: critical, why: w}",
            r"entry 1 \(expect_column_to_exist\): .*colour",
        ),
        ("{type: expect_column_to_exist, severity: critical}", r"orders, entry 1, why: Field required"),
        (custom("select 1"), r"must select from \{batch\}"),
        (custom("select * from {batch}, {nowhere}"), r"no relation nowhere"),
        (
            custom("select * from {batch}").replace("rule", "_rule").replace("_rule: Nothing is found.,", ""),
            "needs a rule",
        ),
        ("[", r"bad\.yml is not YAML"),
    ],
)
def test_an_invalid_file_is_refused_with_its_place(entry, message):
    with pytest.raises(SuiteError, match=f"(?s){message}"):
        parse_suite("bad", f"description: d\nrelations:\n  orders:\n    - {entry}\n")


def test_an_unknown_suite_is_refused():
    with pytest.raises(
        SuiteError, match=r"no suite 'cores'; known suites: core, lpoint_staging, marts, online_"
    ):
        load_suite("cores")


def test_relations_must_be_those_of_the_suite(con, tmp_path):
    with pytest.raises(
        SuiteError, match=r"core\.yml: customers was not handed in; .*orders has no expectations"
    ):
        run_suite(con, "core", tables(con, "orders"), pages=tmp_path)


# ------------------------------------------------------------------------------------- real suites


@pytest.mark.parametrize("name", SUITES)
def test_a_sound_warehouse_passes(warehouse, tmp_path, name):
    results = run_suite(warehouse, REAL[name], tables(warehouse, *REAL[name].relations), pages=tmp_path)
    assert failed(results) == []


@pytest.mark.parametrize("name", SUITES)
def test_empty_tables_pass_what_is_critical(tmp_path, name):
    con = duckdb.connect()
    con.execute(WAREHOUSE)
    relations = REAL[name].relations
    for relation in relations:
        con.execute(f"delete from {relation}")
    results = run_suite(con, REAL[name], tables(con, *relations), pages=tmp_path)
    assert [line for line in failed(results) if "row_count" not in line] == []
    assert results["element_count"].eq(0).all()


@pytest.mark.parametrize("name", ["core", "marts"])
def test_a_retailer_without_sessions_and_palette_passes(tmp_path, name):
    con = duckdb.connect()
    con.execute(WAREHOUSE)
    relations = REAL[name].relations
    for relation in set(relations) - {"sessions", "customer_palette", "palette_prediction_metrics"}:
        con.execute(f"insert into {relation} select * replace ('web shop' as retailer) from {relation}")
    results = run_suite(con, REAL[name], tables(con, *relations), pages=tmp_path)
    assert failed(results) == []


def test_a_retailer_without_categories_and_countries_passes(tmp_path):
    con = duckdb.connect()
    con.execute(WAREHOUSE)
    con.execute("update products set category = 'Other Products', super_category = 'Other Products'")
    con.execute("update customers set country = null")
    results = run_suite(con, REAL["core"], tables(con, *REAL["core"].relations), pages=tmp_path)
    assert failed(results) == []


@pytest.mark.parametrize("name", ["lpoint_staging", "orders_staging"])
def test_two_retailers_may_have_the_same_ids(tmp_path, name):
    con = duckdb.connect()
    con.execute(WAREHOUSE)
    relations = REAL[name].relations
    for relation in relations:
        con.execute(f"insert into {relation} select * replace ('web shop' as retailer) from {relation}")
    assert failed(run_suite(con, REAL[name], tables(con, *relations), pages=tmp_path)) == []


def test_the_suites_of_the_retailers_forms_run(warehouse, tmp_path):
    every = [relation for name in SUITES if "staging" in name for relation in REAL[name].relations]
    forms = ["orders", "lpoint", "orders", "form without a suite"]
    results = run_staging_suites(warehouse, forms, tables(warehouse, *every), pages=tmp_path)
    assert results["suite"].unique().tolist() == ["lpoint_staging", "orders_staging"]
    assert failed(results) == []
    none = run_staging_suites(warehouse, [], tables(warehouse, *every), pages=tmp_path)
    assert typed(none, RESULTS_SCHEMA).num_rows == 0


@pytest.mark.parametrize(("name", "check"), REAL_CHECKS)
def test_every_expectation_can_fail(warehouse, tmp_path, name, check):
    assert check.type in list_registered_expectation_implementations()
    query = check.kwargs.get("unexpected_rows_query", "")
    others = [other for other in REAL[name].relations if f"{{{other}}}" in query]
    bystanders = [
        Check(other, "expect_table_row_count_to_be_between", {"min_value": 0}, "warning", "-")
        for other in others
    ]
    suite = Suite(name, "one check", (check, *bystanders))
    warehouse.execute("begin")
    try:
        warehouse.execute(harm(check))
        results = run_suite(warehouse, suite, tables(warehouse, *suite.relations), pages=tmp_path)
    finally:
        warehouse.execute("rollback")
    assert results["success"].tolist() == [False] + [True] * len(others)
    assert not str(results["observed"].iloc[0]).startswith("error")
    assert results["unexpected_count"].iloc[0] > 0


def harm(check: Check) -> str:
    """SQL that makes one expectation fail."""
    kwargs, table = check.kwargs, check.relation
    match check.type:
        case "expect_column_values_to_not_be_null":
            return f"update {table} set {kwargs['column']} = null"
        case "expect_compound_columns_to_be_unique" | "expect_column_values_to_be_unique":
            return f"insert into {table} select * from {table} limit 1"
        case "expect_column_values_to_be_between":
            return f"update {table} set {kwargs['column']} = {kwargs['min_value']} - 1"
        case "expect_column_values_to_be_in_set":
            return f"update {table} set {kwargs['column']} = 'by telegraph'"
        case "expect_column_pair_values_a_to_be_greater_than_b":
            step = "interval 1 day" if kwargs["column_A"].endswith("_at") else "1"
            return f"update {table} set {kwargs['column_B']} = {kwargs['column_A']} + {step}"
        case "expect_table_row_count_to_be_between" if "min_value" in kwargs:
            return f"delete from {table}"
        case "expect_table_row_count_to_be_between":
            return f"insert into {table} select {table}.* from {table}, range({kwargs['max_value']})"
    (sql,) = (sql for rule, sql in BREAKS.items() if check.rule.startswith(rule))
    return sql.format(table)
