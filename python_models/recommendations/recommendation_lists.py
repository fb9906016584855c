"""recommendation_lists: binds palette.recommendations.lists (tested in tests/unit/recommendations)."""

from palette.core.learned import objects
from palette.engine import frame, local, settings_of, spread
from palette.recommendations.lists import LEARNED, SCHEMA, all_lists
from palette.recommendations.relations import read_purchases
from palette.recommendations.rules import read_rules


def model(dbt, session):
    dbt.config(materialized="table")
    settings = settings_of(session)
    rules = read_rules(frame(dbt.ref("int_recommendation_rules")))
    codes = local(dbt.ref("int_customer_codes"))
    palette = codes.join(local(dbt.ref("customer_palette")), "retailer, customer_id")
    clusters = local(dbt.ref("customer_clusters").filter("clustering = 'rfm'"))
    clusters = codes.join(clusters, "retailer, customer_id")
    bought, items = local(dbt.ref("int_item_purchases")), local(dbt.ref("int_items"))
    shops, segments = local(dbt.ref("retailers")), local(dbt.ref("rfm_segments"))
    strategies, back = local(dbt.ref("strategy_lists")), local(dbt.ref("int_money_back"))
    # Read before the first list is asked for: the connection is busy while lists are written.
    purchases = list(read_purchases(bought, items, back, shops, segments, strategies, settings))
    lists = all_lists(
        purchases,
        objects(frame(dbt.ref("recommendation_learning").filter(f"learned = '{LEARNED}'"))),
        rules if settings.recommendation_rules_enabled else [],
        frame(dbt.ref("recommendation_choices")),
        {
            "palette": frame(palette, ["retailer", "customer_code", "palette_group"]),
            "clusters": frame(clusters, ["retailer", "customer_code", "cluster_name"]),
        },
        {
            "preferences": frame(dbt.ref("palette_category_preferences")),
            "baskets": frame(dbt.ref("basket_rules")),
        },
        length=settings.recommendations_per_customer,
        days=settings.recommendation_window_days,
        seed=settings.recommendation_seed,
    )
    return spread(session, lists, SCHEMA)
