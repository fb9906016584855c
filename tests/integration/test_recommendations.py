"""The lists of whole warehouses: true to their names, rules and reasons, and worth sending."""

import json
import math
import shutil

import duckdb
import pandas as pd
import pytest
from sandboxes import UNTESTED

from palette.core.catalogue import model_names

WEEKS = 28
SAMPLE = 150
JUDGED = ("again", "bundle", "discover", "next", "premium", "push", "win_back")
# How well clusters stand apart does not matter to the lists.
NO_RULES = "{recommendation_rules_enabled: false, palette_backtest: false, silhouette_sample: 100}"


@pytest.fixture(scope="module")
def weeks_ago(real, tmp_path_factory):
    """The real file as it was 28 days before its last line, built without rules."""
    folder = tmp_path_factory.mktemp("weeks ago")
    (folder / "online_retail").mkdir()
    file = next(real.data.rglob("*.parquet"))
    lines = pd.read_parquet(file)
    at = pd.to_datetime(lines["InvoiceDate"])
    cut = at.max() - pd.Timedelta(days=WEEKS)
    lines[at <= cut].to_parquet(folder / "online_retail" / "then.parquet")
    past = type(real)(folder, folder)
    return past.build("--select", "+recommendations", "--vars", NO_RULES, *UNTESTED), cut


def ndcg_at_10(listed: list[str], relevant: set[str]) -> float:
    gain = sum(1 / math.log2(rank + 1) for rank, item in enumerate(listed[:10], 1) if item in relevant)
    return gain / sum(1 / math.log2(rank + 1) for rank in range(1, min(10, len(relevant)) + 1))


@pytest.mark.parametrize(
    ("list_name", "customers", "least"), [("discover", 1204, 0.135), ("next", 1317, 0.375)]
)
def test_the_lists_of_four_weeks_ago_foretold_what_was_bought(real, weeks_ago, list_name, customers, least):
    past, cut = weeks_ago
    known = past.query("select distinct customer_id, product_id from order_lines")
    items = set(known["product_id"])
    bought = known.groupby("customer_id")["product_id"].agg(set)
    later = real.query(f"select customer_id, product_id from order_lines where ordered_at > '{cut}'")
    relevant = later[later["product_id"].isin(items)].groupby("customer_id")["product_id"].agg(set)
    lists = past.query(f"""
        select customer_id, list(product_id order by rank) as listed
        from recommendations where list_name = '{list_name}' group by customer_id
    """).set_index("customer_id")["listed"]
    values = []
    for customer, wanted in relevant.items():
        if customer not in bought.index:
            continue
        wanted = wanted - bought[customer] if list_name == "discover" else wanted
        if wanted:
            values.append(ndcg_at_10(list(lists[customer]), wanted))
    assert len(values) == customers
    value = sum(values) / len(values)
    print(f"{list_name}: nDCG@10 {value:.4f} for {len(values):,} customers")
    assert value >= least


def test_the_backtest_agrees_with_the_lists_of_four_weeks_ago(real):
    metrics = real.query("""
        select list_name, model, customers, value from recommendation_metrics
        where metric = 'ndcg' and k = 10 and fold = 1 and segment = 'all' and part = 'all'
    """).set_index(["list_name", "model"])
    assert metrics.loc[("discover", "hybrid"), "customers"] == 1204
    assert metrics.loc[("next", "hybrid"), "customers"] == 1317
    # measured by a script outside the project
    published = {
        ("discover", "popularity"): 0.033,
        ("next", "popularity"): 0.078,
        ("next", "own_then_popular"): 0.335,
    }
    for key, value in published.items():
        assert metrics.loc[key, "value"] == pytest.approx(value, abs=0.0006)
    assert metrics.loc[("discover", "hybrid"), "value"] >= 0.135
    assert metrics.loc[("next", "hybrid"), "value"] >= 0.375


def test_the_hybrid_beats_every_other_model_on_the_real_file(real):
    rivals = real.query("""
        select list_name, model, hybrid_lead_low from recommendation_metrics
        where metric = 'ndcg' and k = 10 and fold = 0 and segment = 'all' and part = 'all'
            and model <> 'hybrid' and list_name in ('discover', 'again', 'next')
    """)
    assert len(rivals) >= 3 * 10
    assert rivals[rivals["hybrid_lead_low"] <= 0].empty


def test_every_list_is_judged_in_full(omnichannel):
    judged = omnichannel.query("""
        select retailer, list_name, count(distinct model) as models, count(distinct metric) as metrics,
            list(distinct k order by k) as ks
        from recommendation_metrics where list_name <> 'preference' and segment = 'all' and part = 'all'
        group by all order by all
    """)
    assert judged[["retailer", "list_name"]].to_records(index=False).tolist() == [
        *(("lpoint", name) for name in sorted({*JUDGED, "online_offers"})),
        *(("online_retail", name) for name in sorted(JUDGED)),
    ]
    assert (judged["models"] == len(model_names("hybrid", "component", "baseline"))).all()
    assert (judged["metrics"] == 8).all()
    assert all(list(ks) == [5, 10, 20] for ks in judged["ks"])
    outside = omnichannel.query("""
        from recommendation_metrics
        where not (ci_low <= ci_high) or metric not in ('novelty', 'rmse') and not value between 0 and 1
    """)
    assert outside.empty
    segments = omnichannel.query("select count(distinct segment) as n from recommendation_metrics")["n"][0]
    assert segments > 5


@pytest.mark.parametrize(("built", "retailer"), [("omnichannel", "lpoint"), ("real", "online_retail")])
def test_the_hybrid_knows_preferences_better_than_others(request, built, retailer):
    errors = request.getfixturevalue(built).query(f"""
        select model, value from recommendation_metrics where metric = 'rmse' and retailer = '{retailer}'
    """)
    value = errors.set_index("model")["value"]
    assert value["hybrid"] < value[["mean", "item_cosine", "als"]].min()


def test_lists_hold_what_their_names_say(omnichannel):
    wrong = omnichannel.query("""
        with bought as (
            select retailer, customer_id, item_id, max(ordered_at)::date as last_on
            from intermediate.int_item_purchases group by all
        ),
        last_day as (select retailer, max(last_on) as day from bought group by retailer)
        select recommendations.* from recommendations
        left join bought using (retailer, customer_id, item_id)
        left join customer_features using (retailer, customer_id)
        left join intermediate.int_items using (retailer, item_id)
        left join last_day using (retailer)
        where (list_name = 'discover' and bought.item_id is not null)
            or (list_name = 'again' and bought.item_id is null)
            or (list_name = 'again') <> (expected_on is not null)
            or (list_name = 'again' and expected_on > last_day.day + interval 28 days)
            or (list_name = 'push' and coalesce(bought.last_on = last_day.day, false))
            or (list_name = 'online_offers' and channel_group <> 'offline_only')
            or (list_name = 'online_offers' and not int_items.sells_online)
    """)
    assert wrong.empty
    offline_only = omnichannel.query("""
        select count(*) as n from customer_features where channel_group = 'offline_only'
    """)["n"][0]
    offered = omnichannel.query("""
        select customer_id, count(*) as n from recommendations where list_name = 'online_offers' group by 1
    """)
    assert len(offered) == offline_only > 0
    assert (offered["n"] == 10).all()


def test_online_offers_are_in_the_order_of_the_group_s_preference(omnichannel):
    orders = omnichannel.query("""
        select customer_id, rank, preferred.preference_rank,
            lag(preferred.preference_rank) over (partition by customer_id order by rank) as before
        from recommendations
        inner join customer_palette using (retailer, customer_id)
        inner join palette_category_preferences as preferred using (retailer, palette_group, super_category)
        where list_name = 'online_offers'
    """)
    assert len(orders) > 1000
    assert orders[orders["before"] > orders["preference_rank"]].empty


def test_the_rules_are_obeyed(omnichannel):
    broken = omnichannel.query("""
        with popular as (
            select retailer, item_id, row_number() over (
                partition by retailer order by count(distinct customer_id) desc, item_id
            ) as place, count(*) over (partition by retailer) as items
            from intermediate.int_item_purchases group by retailer, item_id
        ),
        lately as (
            select distinct purchases.retailer, purchases.customer_id, purchases.item_id
            from intermediate.int_item_purchases as purchases
            inner join (
                select retailer, max(ordered_at) as moment
                from intermediate.int_item_purchases group by retailer
            ) using (retailer)
            where ordered_at >= moment - interval 7 days
        ),
        crowded as (
            select retailer, customer_id, list_name, category, count(*) as n
            from recommendations group by all
        )
        select 'most popular' as rule, count(*) as n from recommendations
        inner join popular using (retailer, item_id)
        where list_name in ('discover', 'online_offers') and place <= ceil(items / 100)
        union all
        select 'bought lately', count(*) from recommendations
        inner join lately using (retailer, customer_id, item_id)
        where list_name in ('again', 'next', 'online_offers')
        union all
        select 'never', count(*) from recommendations where retailer = 'lpoint' and category = 'Tobacco'
        union all
        select 'per category', count(*) from crowded
        where (retailer = 'lpoint' and list_name in ('discover', 'next') and n > 3)
            or (retailer = 'online_retail' and list_name = 'discover' and n > 5)
    """)
    assert broken["n"].tolist() == [0] * 4


def test_rules_can_be_switched_off_and_their_cost_is_known(weeks_ago, omnichannel):
    past, _ = weeks_ago
    top = past.query("""
        with popular as (
            select product_id, row_number() over (
                order by count(distinct customer_id) desc, product_id
            ) as place, count(*) over () as items from order_lines group by product_id
        )
        select count(*) as n from recommendations inner join popular using (product_id)
        where list_name = 'discover' and place <= ceil(items / 100)
    """)["n"][0]
    assert top > 0
    costs = omnichannel.query("""
        select list_name, rule, metric, change, value_with, value_without
        from recommendation_rule_costs where retailer = 'lpoint' and k = 10
    """)
    assert set(costs["metric"]) >= {"ndcg", "coverage", "novelty"}
    assert {"leave_out_most_popular_percent: 1", "never_category: Tobacco", "all rules"} <= set(
        costs.loc[costs["list_name"] == "discover", "rule"]
    )
    popular = costs[costs["rule"] == "leave_out_most_popular_percent: 1"].set_index(["list_name", "metric"])
    assert popular.loc[("discover", "novelty"), "change"] > 0


@pytest.mark.parametrize("retailer", ["online_retail", "lpoint"])
def test_reasons_are_true(omnichannel, retailer):
    """Recompute a sample of the evidence from the purchases, with other code than the recommender's."""
    purchases = omnichannel.query(f"""
        select customer_id, order_id, item_id, ordered_at
        from intermediate.int_item_purchases where retailer = '{retailer}'
    """)
    buyers = purchases.groupby("item_id")["customer_id"].agg(set)
    holding = purchases.groupby("item_id")["order_id"].agg(set)
    orders_of = purchases.groupby("customer_id")["order_id"].nunique()
    moment = purchases["ordered_at"].max()
    recent = purchases[purchases["ordered_at"] > moment - pd.Timedelta(days=28)]
    recent_buyers = recent.groupby("item_id")["customer_id"].nunique()
    pairs = purchases.set_index(["customer_id", "item_id"]).sort_index()
    rows = omnichannel.query(f"from recommendations where retailer = '{retailer}'")
    seen = set()
    for _, listed in rows.groupby("list_name"):
        for row in listed.sample(min(SAMPLE, len(listed)), random_state=0).itertuples():
            evidence = json.loads(row.evidence)
            seen.add(evidence["rests_on"])
            assert evidence["buyers"] == len(buyers[row.item_id])
            assert evidence["buyers_28_days"] == recent_buyers.get(row.item_id, 0)
            match evidence["rests_on"]:
                case "neighbours":
                    for near in evidence["neighbours"]:
                        assert (row.customer_id, near["item_id"]) in pairs.index
                        assert near["buyers"] == len(buyers[near["item_id"]])
                        both = buyers[near["item_id"]] & buyers[row.item_id]
                        assert near["buyers_of_both"] == len(both)
                        assert f"({len(both)} of its {near['buyers']} buyers took both)" in row.reason
                case "own_purchases":
                    own = pairs.loc[[(row.customer_id, row.item_id)]]
                    last = own["ordered_at"].max()
                    assert evidence["orders"] == own["order_id"].nunique()
                    assert evidence["customer_orders"] == orders_of[row.customer_id]
                    assert evidence["last_bought_on"] == str(last.date())
                    if row.list_name == "again":
                        due = last + pd.Timedelta(days=evidence["interval_days"])
                        assert abs((due.normalize() - pd.Timestamp(row.expected_on)).days) <= 1
                case "last_order":
                    trigger = pairs.loc[[(row.customer_id, evidence["trigger_item_id"])]]
                    assert trigger["ordered_at"].max().date() == moment.date()
                    assert evidence["orders"] == len(holding[evidence["trigger_item_id"]])
                    both = holding[evidence["trigger_item_id"]] & holding[row.item_id]
                    assert evidence["orders_of_both"] == len(both) > 0
                case "popularity":
                    first = purchases.loc[purchases["item_id"] == row.item_id, "ordered_at"].min()
                    assert evidence["first_sold_on"] == str(first.date())
    assert {"neighbours", "own_purchases", "last_order"} <= seen


def test_newcomers_are_offered_something_for_every_palette_group(omnichannel):
    groups = omnichannel.query("""
        select customer_group, count(*) as n from newcomer_offers where retailer = 'lpoint' group by 1
    """).set_index("customer_group")["n"]
    palette = omnichannel.query("""
        select distinct palette_group from customer_palette where retailer = 'lpoint'
    """)["palette_group"]
    assert set(groups.index) == {"everybody", *palette}
    assert (groups == 10).all()


def test_a_daily_run_can_skip_the_backtest(sandbox, demo):
    """With no choice on record either; what does not follow from judging is taken as it was built."""
    shutil.copy(demo.warehouse, sandbox.warehouse)
    with duckdb.connect(str(sandbox.warehouse)) as connection:
        connection.execute("drop table recommendation_choice_history")
    judging = ("recommendation_learning+", "preference_errors+")
    sandbox.build("--select", *judging, "--vars", "{palette_backtest: false}")
    assert sandbox.query("from recommendation_metrics").empty
    assert sandbox.query("from recommendation_rule_costs").empty
    assert "not judged" in sandbox.run("palette", "summary").output
    by_hybrid = demo.query("select list_name from recommendation_choices where model = 'hybrid'")["list_name"]
    assert {"again", "discover"} <= {*by_hybrid}
    assert sandbox.query("select distinct model from recommendations")["model"].tolist() == ["hybrid"]
    lists = f"from recommendations where list_name in {(*by_hybrid,)} order by all"
    pd.testing.assert_frame_equal(sandbox.query(lists), demo.query(lists))


def test_a_list_that_the_hybrid_loses_is_made_by_what_beats_it(sandbox, demo):
    """Metrics that say so, written by hand; what is built on them follows, also without a backtest."""
    shutil.copy(demo.warehouse, sandbox.warehouse)
    with duckdb.connect(str(sandbox.warehouse)) as connection:
        connection.execute("""
            update intermediate.recommendation_backtest
            set value = if(model = 'own_then_popular', 0.99, value), rival = 'own_then_popular',
                rival_lead = 0.2, rival_lead_low = if(model = 'own_then_popular', -0.2, 0.1)
            where list_name = 'next' and metric = 'ndcg' and k = 10 and fold = 0 and segment = 'all'
                and part = 'all' and rule = 'none'
        """)
    gate = "assert_chosen_model_is_not_worse_than_another"
    built = ("recommendation_metrics", "recommendation_choice_history", "recommendation_choices")
    sandbox.build("--select", *built, gate)
    made_by = "select model from recommendation_choices where list_name = 'next'"
    assert sandbox.query(made_by)["model"].tolist() == ["own_then_popular"]
    with duckdb.connect(str(sandbox.warehouse)) as connection:
        connection.execute("update recommendation_choices set model = 'als' where list_name = 'next'")
    run = sandbox.dbt("test", "--select", gate)
    assert run.code == 1
    assert "Got 1 result, configured to fail if != 0" in run.output
    sandbox.build("--select", "recommendation_learning+", "--vars", "{palette_backtest: false}")
    assert sandbox.query(made_by)["model"].tolist() == ["own_then_popular"]
    rows = sandbox.query("select list_name, rank, model from recommendations")
    assert (rows.loc[rows["list_name"] == "next", "model"] == "own_then_popular").all()
    assert (rows.loc[rows["list_name"] == "discover", "model"] == "hybrid").all()
    listed = "own then popular"
    assert listed in sandbox.run("palette", "summary").output


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("online_retail,discovr,never_product,22423", "column list_name: unknown list 'discovr'"),
        ("online_retail,discover,at_most_per_category,few", "column value"),
        (",discover,never_product,22423", "column preset: the value is empty"),
    ],
)
def test_a_wrong_rule_stops_before_anything_is_built(broken_project, row, message):
    file = broken_project.project / "seeds" / "recommendations" / "recommendation_rules.csv"
    lines = file.read_text("utf-8").splitlines()
    file.write_text("\n".join([*lines, row, ""]), "utf-8")
    run = broken_project.dbt("build")
    assert run.code == 1
    assert f"recommendation_rules.csv: line {len(lines) + 1}, {message}" in run.output
    assert not broken_project.warehouse.exists() or "order_lines" not in broken_project.columns()
