"""basket_rules: binds palette.baskets.rules (tested in tests/unit/baskets)."""

from palette.baskets.rules import SCHEMA, basket_rules
from palette.core.tables import typed


def model(dbt, session):
    dbt.config(materialized="table")
    min_support = dbt.config.meta_get("min_support")
    min_confidence = dbt.config.meta_get("min_confidence")
    max_items = dbt.config.meta_get("max_items")
    min_orders = dbt.config.meta_get("min_orders")
    rules = basket_rules(
        dbt.ref("int_basket_items"),
        min_support=float(min_support),
        min_confidence=float(min_confidence),
        max_items=int(max_items),
        min_orders=int(min_orders),
    )
    return typed(rules, SCHEMA)
