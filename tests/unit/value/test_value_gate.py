"""The gate `tests/data/assert_no_forecast_loses_to_what_they_spent_before.sql` is seen to close."""

import re
from pathlib import Path

import duckdb
import pytest

GATE = Path(__file__).parents[2] / "data" / "assert_no_forecast_loses_to_what_they_spent_before.sql"


def found(*, model: str = "bg_nbd", lead: float = 0.5, low: float = -1.0, customers: int = 30, fold: int = 0):
    """Return the models that the gate objects to: BG/NBD leads over what they spent before by `lead`."""
    query = re.sub(r"\{\{ ref\('(\w+)'\) \}\}", r"\1", GATE.read_text("utf-8"))
    with duckdb.connect() as connection:
        connection.execute(
            "create table value_forecasts as select 'shop' as retailer, 28 as horizon_days, ? as model",
            [model],
        )
        connection.execute(
            """
            create table value_metrics as
            select 'shop' as retailer, 28 as horizon_days, 'revenue' as measure, 'mae' as metric,
                'all' as segment, 0 as decile, $fold as fold, $customers as customers, *
            from (values
                ('spent_before', 4.0, null, 'bg_nbd', $lead, $low),
                ('bg_nbd', 4.0 - $lead, $lead, 'trees', 0.25, $low)
            ) as judged (model, value, lead, rival, rival_lead, rival_lead_low)
            """,
            {"fold": fold, "customers": customers, "lead": lead, "low": low},
        )
        return [str(row[2]) for row in connection.execute(query).fetchall()]


def test_the_gate_is_open_while_the_forecast_beats_what_they_spent_before():
    assert found() == []
    assert found(lead=0) == []


def test_the_gate_closes_on_a_forecast_that_loses():
    assert found(lead=-0.001) == ["bg_nbd"]
    assert found(model="spent_before", lead=-0.001) == []


def test_the_gate_closes_on_a_forecast_that_another_is_significantly_better_than():
    assert found(low=0.125) == ["bg_nbd"]


@pytest.mark.parametrize("given", [{"customers": 29}, {"fold": 1}])
def test_the_gate_looks_at_enough_customers_of_all_windows(given):
    assert found(lead=-1, **given) == []


def test_the_gate_closes_on_a_model_that_was_not_judged_beside_the_others():
    assert found(model="oracle") == ["oracle"]
