"""The gate itself, `tests/data/assert_chosen_model_is_not_worse_than_another.sql`, is seen to close."""

import re
from pathlib import Path

import duckdb
import pytest

GATE = Path(__file__).parents[2] / "data" / "assert_chosen_model_is_not_worse_than_another.sql"


def found(*, choice: str = "hybrid", customers: int = 30, low: float = -0.125, fold: int = 0) -> list[str]:
    """Return the models that the gate objects to; `low` is the bound of the lead of ALS over the hybrid."""
    query = re.sub(r"\{\{ ref\('(\w+)'\) \}\}", r"\1", GATE.read_text("utf-8"))
    with duckdb.connect() as connection:
        connection.execute(
            """
            create table recommendation_choices as
            select 'shop' as retailer, 'next' as list_name, ? as model
            """,
            [choice],
        )
        connection.execute(
            """
            create table recommendation_metrics as
            select 'shop' as retailer, 'next' as list_name, 'ndcg' as metric, 10 as k, 'all' as segment,
                'all' as part, $fold as fold, $customers as customers, *
            from (values ('hybrid', 0.25, 'als', 0.25, $low), ('als', 0.5, 'hybrid', -0.25, -0.5))
                as judged (model, value, rival, rival_lead, rival_lead_low)
            """,
            {"fold": fold, "customers": customers, "low": low},
        )
        return [str(row[2]) for row in connection.execute(query).fetchall()]


def test_the_gate_is_open_while_nothing_is_significantly_better():
    assert found(low=-0.125) == []
    assert found(low=0) == []


def test_the_gate_closes_on_a_model_that_another_is_significantly_better_than():
    assert found(low=0.125) == ["hybrid"]
    assert found(choice="als", low=0.125) == []


@pytest.mark.parametrize("given", [{"customers": 29}, {"fold": 1}])
def test_the_gate_looks_at_enough_customers_of_all_folds(given):
    assert found(low=0.125, **given) == []


def test_the_gate_closes_on_a_model_that_was_not_judged_beside_the_others():
    assert found(choice="ease") == ["ease"]
