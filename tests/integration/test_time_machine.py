"""What the history says of a past month is what a build of that day says, customer by customer."""

from pathlib import Path

import pytest
from sandboxes import UNTESTED, Sandbox

from palette.demo import write_demo

# shop, its retailer, and month ends
PAST = [
    ("real", "online_retail", "2010-12-31"),
    ("real", "online_retail", "2011-04-30"),  # a Saturday, on which the shop was closed
    ("real", "online_retail", "2011-09-30"),
    ("few_customers", "lpoint", "2019-07-31"),
    ("few_customers", "lpoint", "2019-08-31"),
]
SCORES = (
    "customer_id, snapshot_at, last_ordered_at, recency_days, frequency, monetary, r_score, f_score, m_score"
)
SCORED = f"select {SCORES}, rfm_score, rfm_segment"
FEATURED = """
    select customer_id, channel_group, r_weekday, r_weekend, r_dawn, r_afternoon, r_dinner, offline_vitality,
        online_vitality, purchase_vitality, recency_days, frequency, monetary
"""


@pytest.fixture(scope="module")
def few_customers(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """A shop that drops outliers, so small that one of them moves its bounds."""
    data: Path = tmp_path_factory.mktemp("few customers")
    write_demo(data, ["lpoint"], customers=400)
    place = Sandbox(tmp_path_factory.mktemp("built"), data, retailers="lpoint")
    return place.build("--select", "+customer_rfm_history", *UNTESTED)


@pytest.mark.parametrize(("shop", "retailer", "day"), PAST)
def test_a_past_month_is_what_a_build_of_its_last_day_says(shop, retailer, day, request, tmp_path):
    built = request.getfixturevalue(shop)
    as_of = Sandbox(tmp_path, built.data, retailers=retailer).leave_landed(built)
    as_of.build(
        "--select", "+customer_rfm", "+customer_features", "--vars", f"{{as_of_date: {day}}}", *UNTESTED
    )
    expected = as_of.query(f"{SCORED} from customer_rfm order by customer_id")
    found = built.query(f"""
        {SCORED} from customer_rfm_history where retailer = '{retailer}' and month_end = '{day}'
        order by customer_id
    """)
    assert len(expected) > 100
    assert found.equals(expected)
    if shop == "real":  # of the other, lines that were outliers by then count in the features of today
        features = as_of.query(f"{FEATURED} from customer_features order by customer_id")
        past = f"from intermediate.int_customer_feature_history where last_day(month_start) = '{day}'"
        assert built.query(f"{FEATURED} {past} order by customer_id").equals(features)


def test_bounds_of_outliers_that_moved_are_among_what_is_compared(few_customers):
    assert not few_customers.query("from intermediate.int_borderline_lines where not is_kept").empty


@pytest.mark.parametrize("shop", ["real", "omnichannel"])
def test_the_last_month_is_today(shop, request):
    built = request.getfixturevalue(shop)
    now = f"{SCORED}, retailer from customer_rfm"
    last = f"""
        {SCORED}, retailer from customer_rfm_history
        qualify month_end = max(month_end) over (partition by retailer)
    """
    assert built.query(f"({now}) except all ({last})").empty
    assert built.query(f"({last}) except all ({now})").empty


def test_every_month_of_the_real_file_is_there(real):
    months = real.query("""
        select month_end::varchar as month_end, bool_and(is_complete) as is_complete, count(*) as customers
        from customer_rfm_history group by all order by all
    """)
    assert len(months) == 13
    assert months["is_complete"].tolist() == 12 * [True] + [False]
    assert months["month_end"].iloc[-1] == "2011-12-09"
    assert months["customers"].is_monotonic_increasing


@pytest.mark.parametrize("shop", ["real", "omnichannel"])
def test_the_last_month_has_todays_clusters_and_palette_groups(shop, request):
    built = request.getfixturevalue(shop)
    last = "(from customer_rfm_history qualify month_end = max(month_end) over (partition by retailer))"
    other = built.query(f"""
        select customer_id, rfm_cluster, cluster_name, last.palette_group
        from {last} as last
        full join (from customer_clusters where clustering = 'rfm') as clusters using (retailer, customer_id)
        left join customer_palette as today using (retailer, customer_id)
        where rfm_cluster is distinct from cluster_name
            or last.behaviour is distinct from today.behaviour
            or last.consumption is distinct from today.consumption
            or last.palette_group is distinct from today.palette_group
            or last.palette_is_predicted is distinct from today.is_predicted
    """)
    assert other.empty
    assert not built.query("from customer_palette limit 1").empty
