"""Forecasts of whole warehouses: what ships, how far off it is, and that past segments are the mart's."""

import shutil

import duckdb
import pandas as pd
import pytest
from sandboxes import Sandbox

from palette.engine import frame
from palette.value.moments import HORIZONS, Moment
from palette.value.relations import read_order_days

WHOLE = "segment = 'all' and decile = 0"


@pytest.mark.parametrize("name", ["demo", "omnichannel", "real"])
def test_every_customer_has_a_forecast_a_horizon(name, request):
    warehouse: Sandbox = request.getfixturevalue(name)
    short = warehouse.query(f"""
        select retailer, customer_id from customers left join customer_value using (retailer, customer_id)
        group by all having count(horizon_days) <> {len(HORIZONS)}
    """)
    assert short.empty


@pytest.mark.parametrize("name", ["demo", "omnichannel", "real"])
def test_segments_at_the_last_moment_are_those_of_customer_rfm(name, request):
    warehouse: Sandbox = request.getfixturevalue(name)
    with duckdb.connect(str(warehouse.warehouse), read_only=True) as connection:
        segments = frame(connection.table("seeds.rfm_segments"))
        days, shops = connection.table("intermediate.int_order_days"), connection.table("retailers")
        known = list(read_order_days(days, shops))
        scores = connection.sql("""
            select retailer, customer_code, r_score, f_score, m_score, rfm_segment
            from customer_rfm join intermediate.int_customer_codes using (retailer, customer_id) order by all
        """).df()
    assert known
    for shop in known:
        own = scores[scores["retailer"] == shop.retailer]
        moment = Moment(shop)
        assert moment.customers.tolist() == own["customer_code"].tolist()
        assert moment.scores.tolist() == own[["r_score", "f_score", "m_score"]].to_numpy().tolist()
        assert moment.segments(segments).tolist() == own["rfm_segment"].tolist()


def test_the_real_file_is_forecast_better_than_by_what_they_spent_before(real):
    choices = real.query("from value_choices order by horizon_days").set_index("horizon_days")
    assert choices["model"].fillna("").tolist() == ["bg_nbd", "bg_nbd", ""]
    judged = choices.loc[[28, 90]]
    assert (judged["mae"] < judged["spent_before_mae"]).all()
    told = real.query("select horizon_days, bool_and(is_judged) as judged from customer_value group by all")
    assert dict(zip(told["horizon_days"], told["judged"], strict=True)) == {28: True, 90: True, 365: False}


def test_the_real_files_total_is_within_a_tenth_outside_christmas_and_the_rest_is_said(real):
    biases = real.query(f"""
        select horizon_days, fold, value, ci_low, ci_high from value_metrics
        where model = 'bg_nbd' and measure = 'revenue' and metric = 'bias' and {WHOLE}
    """).set_index(["horizon_days", "fold"])
    # From 12 June to 10 September; the 90 days after it are those before Christmas.
    assert abs(biases.loc[(90, 2), "value"]) < 0.1
    assert biases.loc[(90, 1), "value"] < -0.2
    assert not real.query("from value_choices where horizon_days = 90")["is_total_within_tenth"][0]


def test_a_silence_that_is_unusual_is_one(real):
    found = real.query("""
        select horizon_days, metric, value, ci_low, ci_high from value_metrics where measure = 'silence'
    """).set_index(["horizon_days", "metric"])
    for days in (28, 90):
        silent, others = found.loc[(days, "bought_if_unusual")], found.loc[(days, "bought_if_usual")]
        assert silent["ci_high"] < others["ci_low"]


@pytest.fixture
def planted(sandbox: Sandbox, demo: Sandbox) -> Sandbox:
    """The demo, of which the model that ships loses to what they spent before, in metrics written by hand."""
    shutil.copy(demo.warehouse, sandbox.warehouse)
    with duckdb.connect(str(sandbox.warehouse)) as connection:
        connection.execute(f"""
            update value_metrics set value = value + 1000, lead = -1000
            where measure = 'revenue' and metric = 'mae' and fold = 0 and {WHOLE}
                and (horizon_days, model) in (select horizon_days, model from value_choices)
                and model <> 'spent_before'
        """)
    return sandbox


def test_a_forecast_that_loses_does_not_ship(planted):
    gate = "assert_no_forecast_loses_to_what_they_spent_before"
    shipped = "select distinct horizon_days, model from customer_value where model <> 'spent_before'"
    lost = planted.query(shipped)
    assert len(lost)
    run = planted.dbt("test", "--select", gate)  # of the forecasts as they were built
    assert run.code == 1
    planted.build("--select", "value_choice_history+", gate)
    assert lost.merge(planted.query(shipped)).empty


def test_a_daily_run_keeps_the_choice_on_record(sandbox, demo):
    shutil.copy(demo.warehouse, sandbox.warehouse)
    sandbox.build("--select", "value_learning+", "--vars", "{palette_backtest: false}")
    assert sandbox.query("from value_metrics").empty
    choices = "select horizon_days, model, mae from value_choices order by all"
    pd.testing.assert_frame_equal(sandbox.query(choices), demo.query(choices))
    told = sandbox.query("select distinct intervals_from from customer_value")["intervals_from"]
    assert told.tolist() == ["assumption"]
