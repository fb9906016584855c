"""What a build of the demo shop gives, whoever builds it, in whatever order its lines come."""

import json
import re
import shutil
from pathlib import Path

import duckdb
import pytest
import yaml
from deliveries import add_german, differing, rows_of_demo
from sandboxes import DEMO_FILE, UNTESTED, Sandbox, any_row_apart, identical, parsed

from palette.core.settings import Settings

# mart: the columns that others build on
PUBLIC = """
    order_lines: retailer order_line_id order_id customer_id product_id ordered_at quantity unit_price amount
        channel
    excluded_order_lines: retailer order_line_id order_id customer_id product_id ordered_at quantity
        unit_price amount channel exclusion_reason
    cleaning_waterfall: retailer step_number step lines_dropped lines_left amount_left
    orders: retailer order_id customer_id ordered_at
    customers: retailer customer_id
    products: retailer product_id product_name category
    dates: retailer date_day is_weekend is_holiday mean_temperature rainfall
    retailer_overview: retailer retailer_name country_code currency as_of_date first_ordered_on
        last_ordered_on customers orders order_lines products units revenue revenue_per_order
        revenue_per_customer orders_per_customer
    sales_daily: retailer date_day orders order_lines revenue holiday_name mean_temperature rainfall
    sales_monthly: retailer month_start orders order_lines revenue is_complete revenue_change
    customer_monthly: retailer customer_id month_start orders order_lines units revenue
    sales_by_weekday_hour: retailer weekday hour_of_day orders order_lines revenue
    sales_by_country: retailer country orders order_lines revenue
    cohorts: retailer cohort_month months_since customers active_customers active_share orders net_revenue
        net_revenue_per_customer is_complete is_before_data
    revenue_bridge: retailer month_start previous_revenue new_revenue kept_revenue more_revenue less_revenue
        lost_revenue won_back_revenue revenue is_complete
    customers_by_orders: retailer orders customers customer_share
    order_intervals: retailer rfm_segment days_from days_to intervals days_p50
    product_sales: retailer product_id rank_by_lines rank_by_units
    sales_peaks: retailer peak_start peak_revenue mean_revenue
    customer_rfm: retailer customer_id recency_days frequency monetary r_score f_score m_score rfm_score
        rfm_segment
    customer_rfm_history: retailer customer_id month_end is_complete recency_days frequency monetary r_score
        f_score m_score rfm_score rfm_segment rfm_cluster behaviour consumption
        palette_group
    segment_migrations: retailer month_end grouping_name from_group to_group customers revenue_before
        revenue_after revenue_at_risk
    customer_changes: retailer customer_id rfm_segment previous_segment changed_on direction
    rfm_segment_profiles: retailer rfm_segment customers
    rfm_grid: retailer r_score f_score customers customer_share revenue revenue_share monetary_mean
    cluster_diagnostics: retailer clustering k inertia silhouette is_chosen
    customer_clusters: retailer clustering customer_id cluster_name component_1 component_2
    cluster_components: retailer clustering component feature loading variance_share
    cluster_centres: retailer clustering cluster_name feature mean overall_mean standardised_mean
    cluster_drift: retailer month_end clustering cluster_name customers mean_distance centre_distance
    cluster_profiles: retailer clustering cluster_name customers revenue units favourite_products
        segment_shares
    basket_rules: retailer cluster_name antecedents consequents support confidence lift leverage conviction
        zhangs_metric
    recommendations: retailer customer_id list_name rank product_id score reason evidence
    recommendation_metrics: retailer list_name model metric k value ci_low ci_high
    recommendation_choices: retailer list_name model reason ndcg hybrid_ndcg runner_up customers judged_until
    recommendation_choice_history: build_id built_at retailer list_name model ndcg hybrid_ndcg judged_until
    recommendation_rule_costs: retailer list_name rule metric k value_without value_with change
    customer_value: retailer customer_id horizon_days expected_orders expected_revenue purchase_probability
        next_order_on silence_unusual_on model is_judged
    customer_priorities: retailer customer_id revenue_12_months value_class silence purchase_probability
        value_at_stake priority
    value_risk_matrix: retailer value_class silence customers revenue_12_months value_at_stake
    value_deciles: retailer horizon_days value_decile customers expected_revenue revenue_share
    segment_outlook: retailer rfm_segment customers fallen_customers fallen_from value_at_stake
    value_metrics: retailer horizon_days model segment measure metric value ci_low ci_high
    value_choices: retailer horizon_days model reason mae spent_before_mae bias
    value_choice_history: build_id built_at retailer horizon_days model mae spent_before_mae judged_until
    customer_360: retailer customer_id previous_segment changed_on
    quality_results: suite relation expectation severity success unexpected_count element_count
    quality_history: build_id built_at suite relation column_name expectation rule severity success
        unexpected_count element_count
"""
MARTS = {mart: columns.split() for mart, columns in yaml.safe_load(PUBLIC).items()}

# What is made of the recommender's lists.
LISTS = (
    "customer_360",
    "newcomer_offers",
    "recommendation_choices",
    "recommendation_metrics",
    "recommendation_rule_costs",
    "recommendations",
)

OTHER_SETTINGS = {
    "as_of_date": "2000-01-01",
    "rfm_clusters": 3,
    "behaviour_clusters": 3,
    "consumption_clusters": 2,
    "cluster_seed": 1,
    "silhouette_sample": 100,
    "basket_min_support": 0.5,
    "basket_min_confidence": 0.9,
    "basket_max_items": 2,
    "basket_min_orders": 2,
    "recommendations_per_customer": 2,
    "recommendation_window_days": 7,
    "recommendation_models": "popularity",
    "recommendation_seed": 1,
    "recommendation_rules_enabled": False,
    "palette_backtest": False,
    "recommendation_folds": 1,
    "value_folds": 1,
}


@pytest.mark.parametrize("mart", MARTS)
def test_a_mart_has_its_public_columns_and_rows(demo, mart):
    assert set(MARTS[mart]) <= set(demo.columns()[mart])
    assert len(demo.query(f"from main.{mart} limit 1")) == 1


def test_every_segment_and_cluster_is_there(demo):
    assert len(demo.query("from rfm_segment_profiles")) == 10
    names = demo.query("select cluster_name from cluster_profiles where clustering = 'rfm' order by all")
    assert names["cluster_name"].tolist() == [
        "bulk regulars",
        "champions",
        "drifting away",
        "recent small baskets",
    ]


def test_every_kind_of_dirty_line_is_excluded_with_a_reason(demo):
    reasons = demo.query("select distinct exclusion_reason, step_number from excluded_order_lines order by 2")
    assert reasons["exclusion_reason"].tolist() == [
        "customer or description missing",
        "exact duplicate",
        "quantity or price not above zero",
        "not a product code",
        "service line",
    ]


def test_every_customer_has_full_lists_and_a_strategy(demo):
    short = demo.query("""
        select customers.customer_id, lists.list_name, count(recommendations.rank) as listed
        from customers
        cross join (values ('discover'), ('next')) as lists (list_name)
        left join recommendations using (retailer, customer_id, list_name)
        group by all having listed <> 10
    """)
    assert short.empty
    assert demo.query("from customer_360 where segment_actions_en is null or offered_products is null").empty


def test_every_build_adds_to_the_quality_history(demo, sandbox):
    shutil.copy(demo.warehouse, sandbox.warehouse)
    sandbox.build("--select", "quality_history")
    sandbox.build("--select", "quality_history", "--full-refresh")
    builds = sandbox.query("select count(*) as found from quality_history group by built_at, build_id")
    assert builds["found"].tolist() == 3 * [len(demo.query("from quality_results"))]
    first = "from quality_history qualify built_at = min(built_at) over () order by all"
    assert sandbox.query(first).equals(demo.query(first))


def test_a_retailer_is_the_same_beside_another(demo, omnichannel):
    """Every mart, row for row, as when it is alone."""
    assert identical(demo, omnichannel, where="retailer = 'online_retail'") == []
    assert len(omnichannel.query("select distinct retailer from customer_360")) == 2


@pytest.mark.parametrize(("other", "apart"), [("1, 2, 1", False), ("1, 2", True), ("1, 1, 3", True)])
def test_rows_apart_are_told_from_the_same_in_another_order(other, apart):
    first, second = (f"select unnest([{rows}])" for rows in ("2, 1, 1", other))
    with duckdb.connect() as connection:
        assert any_row_apart(connection, first, second) is apart
        assert any_row_apart(connection, second, first) is apart


@pytest.fixture(scope="module")
def set_otherwise(demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """The demo shop, and the same purchases as a shop of another form, built with other settings."""
    folder = tmp_path_factory.mktemp("set otherwise")
    place = Sandbox(folder, folder / "data", retailers="")
    shutil.copytree(demo_data / DEMO_FILE.parent, place.data / DEMO_FILE.parent)
    add_german(place, rows_of_demo(demo_data / DEMO_FILE))
    variables = {
        "rfm_clusters": "auto",
        "basket_min_confidence": 0.9,
        "recommendations_per_customer": 3,
        "recommendation_folds": 1,
        "recommendation_models": "popularity, als, goes_with",
        "value_folds": 1,
    }
    read = ("+cluster_diagnostics", "+basket_rules", *(f"+{mart}" for mart in LISTS))
    return place.build("--select", *read, "--vars", json.dumps(variables), *UNTESTED)


def test_settings_reach_the_models(set_otherwise):
    best = set_otherwise.query("""
        select is_chosen from cluster_diagnostics where retailer = 'online_retail'
        order by silhouette desc limit 1
    """)
    assert best["is_chosen"].tolist() == [True]
    assert set_otherwise.query("select min(confidence) as least from basket_rules")["least"][0] >= 0.9
    assert set_otherwise.query("select max(rank) as most from recommendations")["most"][0] == 3
    judged = set_otherwise.query("""
        select distinct model, fold from recommendation_metrics where list_name <> 'preference'
    """)
    # the recent popularity always takes part: it is what is known of an item of yesterday
    assert set(judged["model"]) == {"popularity", "recent_popularity", "als", "goes_with", "hybrid"}
    assert set(judged["fold"]) == {0, 1}


def test_the_same_purchases_in_another_form_give_the_same_lists(set_otherwise):
    compared, different = differing(set_otherwise, set_otherwise, "teeladen")
    assert compared >= len(LISTS)
    assert different == []
    offered = set_otherwise.query(
        "select retailer, count(distinct list_name) as n from recommendations group by 1"
    )
    assert sorted(offered["retailer"]) == ["online_retail", "teeladen"]
    assert (offered["n"] > 5).all()


def reading_settings() -> set[str]:
    """Models whose SQL reads a setting, itself or by macros."""
    known = parsed()
    assert known
    macros = {each.name: each.macro_sql for each in known.macros.values() if each.package_name == "palette"}
    reading = {"var"}

    def reads(sql: str) -> bool:
        return any(re.search(rf"\b{name}\(", sql) for name in reading)

    while more := {name.split("__")[-1] for name, sql in macros.items() if reads(sql)} - reading:
        reading |= more
    models = [each for each in known.nodes.values() if each.resource_type == "model"]
    return {model.name for model in models if reads(model.raw_code)}


def test_the_unit_tests_hold_whatever_the_settings(demo, sandbox):
    """Of the models that read any; the `dbt build` of `omnichannel` has all of them, as set by default."""
    defaults = {name: field.default for name, field in Settings.model_fields.items()}
    assert OTHER_SETTINGS.keys() == defaults.keys()
    assert not OTHER_SETTINGS.items() & defaults.items()
    models = reading_settings()
    assert {"int_basket_items", "recommendations", "stg_orders__order_lines"} <= models
    shutil.copy(demo.warehouse, sandbox.warehouse)
    selected = [f"{model},test_type:unit" for model in sorted(models)]
    run = sandbox.dbt("test", "--select", *selected, "--vars", json.dumps(OTHER_SETTINGS))
    assert run.code == 0, run.output
    assert "recommendations::" in run.output


def test_no_setting_changes_what_is_parsed(demo, sandbox):
    """So the tests parse once, see `parsed`, and dbt may keep what it parsed."""
    run = sandbox.dbt("parse", "--no-partial-parse", "--vars", json.dumps(OTHER_SETTINGS), artefacts=True)
    assert run.code == 0, run.output
    found, default = (
        json.loads((place.target / "manifest.json").read_text())["nodes"] for place in (sandbox, demo)
    )
    assert found.keys() == default.keys()
    for part in ("raw_code", "refs", "config", "columns"):
        for name, node in found.items():
            assert node.get(part) == default[name].get(part), name


def test_a_past_before_the_first_purchase_is_empty_not_broken(sandbox):
    sandbox.build("--vars", "{as_of_date: 2000-01-01}")
    assert sandbox.query("from customer_360").empty
    types = sandbox.query(
        "select column_name, data_type from duckdb_columns() where table_name = 'basket_rules'"
    )
    assert types.set_index("column_name")["data_type"]["lift"] == "DOUBLE"


def test_a_handful_of_customers_is_enough_and_a_failed_warning_is_reported(sandbox, tmp_path):
    """Most lines without a customer: odd, but possible."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    anonymous = [f"{number},10001,RED MUG,1,2011-01-04 11:00:00,2.5,,France\n" for number in range(4, 11)]
    (folder / "tiny.csv").write_text(
        "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\n"
        "1,10001,RED MUG,1,2011-01-03 10:00:00,2.5,1,United Kingdom\n"
        "2,10002,BLUE MUG,2,2011-01-04 10:00:00,2.5,2,United Kingdom\n"
        "3,10001,RED MUG,3,2011-01-05 10:00:00,2.5,3,France\n" + "".join(anonymous)
    )
    tiny = type(sandbox)(sandbox.folder, folder).build()
    assert len(tiny.query("from customer_360")) == 3
    failed = tiny.query("select severity from quality_results where not success")
    assert set(failed["severity"]) == {"warning"}
    assert "WARNING online_retail_staging" in tiny.palette("summary").output
