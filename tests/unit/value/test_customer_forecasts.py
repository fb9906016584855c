from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from order_days import SEGMENTS, SHOP, START, Row, shop_of, town

from palette.core.tables import typed
from palette.value.customers import FIGURES, SCHEMA, Choice, all_forecasts, customer_forecasts
from palette.value.learning import Trials, learn
from palette.value.moments import HORIZONS, OrderDays

CHOICES = {28: Choice("trees", False), 90: Choice("bg_nbd", False)}


def forecast(rows: list[Row], choices: dict[int, Choice] | None = None, folds: int = 3) -> pd.DataFrame:
    known = shop_of(rows)
    today, trials = learn(known, SEGMENTS, folds=folds, seed=0)
    found = customer_forecasts(known, SEGMENTS, today, trials, choices or {})
    return typed(found, SCHEMA).to_pandas(date_as_object=False)


@pytest.fixture(scope="module")
def town_frame() -> pd.DataFrame:
    return forecast(town(), CHOICES)


def sound(frame: pd.DataFrame, customers: int) -> None:
    """What must hold in any shop."""
    assert len(frame) == customers * len(HORIZONS)
    assert np.isfinite(frame[[*FIGURES]].to_numpy()).all()
    for low, middle, high in (
        ("orders_low", "expected_orders", "orders_high"),
        ("revenue_low", "expected_revenue", "revenue_high"),
        ("probability_low", "purchase_probability", "probability_high"),
    ):
        assert (frame[low] >= 0).all()
        assert (frame[low] <= frame[middle]).all()
        assert (frame[middle] <= frame[high]).all()
    assert (frame["probability_high"] <= 1).all()
    grown = frame.sort_values("horizon_days").groupby("customer_code")[[*FIGURES]].diff().dropna()
    assert (grown >= 0).all(axis=None)
    dated = frame.dropna(subset="next_order_on")
    assert (dated["known_until"] < dated["next_order_from"]).all()
    assert (dated["next_order_from"] <= dated["next_order_on"]).all()
    assert (dated["next_order_on"] <= dated["next_order_to"]).all()


def test_every_customer_has_a_row_a_horizon(town_frame):
    sound(town_frame, 401)
    chosen = town_frame.groupby("horizon_days")[["model", "is_judged", "intervals_from"]].first()
    assert chosen["model"].tolist() == ["trees", "bg_nbd", "bg_nbd"]
    assert chosen["is_judged"].tolist() == [True, True, False]
    assert chosen["intervals_from"].tolist() == ["past_windows", "past_windows", "assumption"]
    assert town_frame["alive_probability"].between(0, 1).all()


def test_a_newcomer_has_the_cohorts_forecast(town_frame):
    rows = town_frame[town_frame["is_newcomer"] & (town_frame["horizon_days"] == 90)]
    assert len(rows) > 20
    same = rows.groupby("silence_days")["expected_orders"].nunique()  # known for as long
    assert (same == 1).all()
    assert (rows["alive_probability"] == 1).all()


def test_silence_is_unusual_from_its_date_on(town_frame):
    late = town_frame["known_until"] >= town_frame["silence_unusual_on"]
    assert late.equals(town_frame["is_silence_unusual"])
    assert 0.05 < late.mean() < 0.9


def test_the_order_of_the_rows_changes_nothing(town_frame):
    rows = town()
    turned = [rows[place] for place in np.random.default_rng(1).permutation(len(rows))]
    pd.testing.assert_frame_equal(forecast(turned, CHOICES), town_frame)


def test_without_a_backtest_intervals_are_said_to_be_assumed():
    found = forecast(town(), CHOICES, folds=0)
    sound(found, 401)
    assert set(found["intervals_from"]) == {"assumption"}
    assert found["is_judged"].groupby(found["horizon_days"]).first().tolist() == [True, True, False]


@pytest.mark.parametrize(
    ("choices", "model"),
    [
        ({}, "bg_nbd"),
        ({90: Choice("trees", False)}, "bg_nbd"),
        ({90: Choice("trees", True)}, "spent_before"),
        ({90: Choice("own_average", True)}, "own_average"),
        ({28: Choice("bg_nbd", False), 90: Choice("spent_before", True)}, "spent_before"),
    ],
)
def test_what_lost_on_a_shorter_horizon_makes_no_longer_one(choices, model):
    found = forecast(town(), choices)
    assert set(found.loc[found["horizon_days"] == 365, "model"]) == {model}


def test_a_model_that_cannot_tell_any_more_gives_way_to_what_they_spent_before():
    found = forecast(list(SHOP), {28: Choice("trees", False)})
    assert found.groupby("horizon_days")["model"].first().tolist() == ["spent_before"] * 3
    assert not found["is_judged"].any()


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([(0, 0, 10.0)], "nobody ordered on a second day yet, and no order is expected"),
        ([(code, 0, 5.0) for code in range(40)], "nobody ordered on a second day yet"),
        ([(code, code * 3, 5.0) for code in range(40)], "nobody ordered on a second day yet"),
        (list(SHOP), "BG/NBD is left out, 2 customers ordered again, and 20 are needed"),
        ([(0, 0, -5.0), (0, 9, -5.0), (1, 3, 2.0)], "BG/NBD is left out"),
        ([(code, day, -1.0) for code in range(30) for day in (0, 100, 200)], "of 0 customers the spend"),
        ([(code, day, 2.0) for code in range(30) for day in (0, 100, 200)], ""),
        ([(code, day, 2.0) for code in range(30) for day in range(100)], ""),
    ],
)
def test_a_shop_with_little_to_learn_from_is_told_so(rows, said, capsys):
    found = forecast(rows)
    sound(found, len({customer for customer, _, _ in rows}))
    assert said in capsys.readouterr().out
    if "second day" not in said:
        assert found["next_order_on"].notna().all()


def test_nobody_came_back_and_nothing_is_made_up():
    found = forecast([(code, code * 3, 5.0) for code in range(40)])
    assert (found["expected_orders"] == 0).all()
    assert (found["purchase_probability"] == 0).all()
    assert (found["probability_high"] > 0).all()
    columns = ["next_order_on", "rhythm_days", "silence_unusual_on", "alive_probability"]
    assert found[columns].isna().all(axis=None)


rows_of_shops = st.lists(
    st.tuples(st.integers(0, 8), st.integers(0, 130), st.floats(-50, 500).map(lambda spend: round(spend, 2))),
    min_size=1,
    max_size=40,
    unique_by=lambda row: row[:2],
)


@settings(max_examples=30, deadline=None)
@given(rows_of_shops)
def test_any_shop_can_be_forecast(rows):
    codes = {code: place for place, code in enumerate(sorted({row[0] for row in rows}))}
    sound(forecast([(codes[code], day, spend) for code, day, spend in rows]), len(codes))


def test_retailers_are_forecast_apart():
    def learned(known: OrderDays) -> tuple[dict, list[Trials]]:
        return learn(known, SEGMENTS, folds=1, seed=0)

    shops = [shop_of(town(60), "one"), shop_of(list(SHOP), "two")]
    told = {known.retailer: learned(known) for known in shops}
    choices = pd.DataFrame(
        [
            ("one", 28, "own_average", 2.0, 3.0, pd.Timestamp("2024-01-01")),
            ("two", 28, None, None, None, None),
        ],
        columns=["retailer", "horizon_days", "model", "bg_nbd_mae", "spent_before_mae", "judged_until"],
    )
    found = all_forecasts(
        iter(shops),
        SEGMENTS,
        {name: today for name, (today, _) in told.items()},
        {name: trials for name, (_, trials) in told.items()},
        choices,
    )
    models = found[found["horizon_days"] == 28].groupby("retailer")["model"].first()
    assert models.to_dict() == {"one": "own_average", "two": "own_average"}
    judged = found[found["is_judged"]]
    assert set(judged["retailer"]) == {"one"}
    assert (found["known_until"] <= pd.Timestamp(START + 400, unit="D")).all()


def test_sql_and_python_look_as_far_ahead():
    macro = Path(__file__).parents[3] / "macros" / "value" / "value_horizons.sql"
    assert str([*HORIZONS]) in macro.read_text("utf-8")
