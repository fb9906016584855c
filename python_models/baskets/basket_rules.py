"""basket_rules: binds palette.baskets.rules (tested in tests/unit/baskets)."""

from palette.baskets.rules import SCHEMA, basket_rules
from palette.engine import settings_of, typed


def model(dbt, session):
    dbt.config(materialized="table")
    settings = settings_of(session)
    rules = basket_rules(
        dbt.ref("int_basket_items"),
        min_support=settings.basket_min_support,
        min_confidence=settings.basket_min_confidence,
        max_items=settings.basket_max_items,
        min_orders=settings.basket_min_orders,
    )
    return typed(rules, SCHEMA)
