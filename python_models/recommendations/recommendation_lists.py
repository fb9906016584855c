"""recommendation_lists: binds palette.recommendations.lists (tested in tests/unit/recommendations)."""

from palette.core.learned import objects
from palette.core.settings import settings_of
from palette.core.tables import streamed
from palette.recommendations.lists import LEARNED, SCHEMA, all_lists
from palette.recommendations.relations import read_purchases
from palette.recommendations.rules import read_rules


def model(dbt, session):
    dbt.config(materialized="table")
    settings = settings_of(session)
    rules = read_rules(dbt.ref("int_recommendation_rules").df())
    codes = dbt.ref("int_customer_codes")
    palette = codes.join(dbt.ref("customer_palette"), "retailer, customer_id")
    clusters = codes.join(dbt.ref("customer_clusters").filter("clustering = 'rfm'"), "retailer, customer_id")
    bought, items, shops = dbt.ref("int_item_purchases"), dbt.ref("int_items"), dbt.ref("retailers")
    segments, strategies = dbt.ref("rfm_segments"), dbt.ref("strategy_lists")
    back = dbt.ref("int_money_back")
    # Read before the first list is asked for: the connection is busy while lists are written.
    purchases = list(read_purchases(bought, items, back, shops, segments, strategies, settings))
    lists = all_lists(
        purchases,
        objects(dbt.ref("recommendation_learning").filter(f"learned = '{LEARNED}'").df()),
        rules if settings.recommendation_rules_enabled else [],
        dbt.ref("recommendation_choices").df(),
        {
            "palette": palette.project("retailer, customer_code, palette_group").df(),
            "clusters": clusters.project("retailer, customer_code, cluster_name").df(),
        },
        {
            "preferences": dbt.ref("palette_category_preferences").df(),
            "baskets": dbt.ref("basket_rules").df(),
        },
        length=settings.recommendations_per_customer,
        days=settings.recommendation_window_days,
        seed=settings.recommendation_seed,
    )
    return streamed(lists, SCHEMA)
