"""recommendation_lists: binds palette.recommendations.lists (tested in tests/unit/recommendations)."""

import pyarrow as pa

from palette.core.learned import objects
from palette.core.settings import settings_of
from palette.recommendations.bundles import with_sets
from palette.recommendations.learning import LEARNED
from palette.recommendations.lists import SCHEMA, recommendations
from palette.recommendations.relations import read_purchases
from palette.recommendations.rules import read_rules


def model(dbt, session):
    dbt.config(materialized="table")
    settings = settings_of(session)
    rules = dbt.ref("int_recommendation_rules").df()
    enabled = read_rules(rules) if settings.recommendation_rules_enabled else []
    choices = dbt.ref("recommendation_choices").df()
    preferences = dbt.ref("palette_category_preferences").df()
    codes = dbt.ref("int_customer_codes")
    palette = codes.join(dbt.ref("customer_palette"), "retailer, customer_id")
    palette = palette.project("retailer, customer_code, palette_group").df()
    clusters = codes.join(dbt.ref("customer_clusters"), "retailer, customer_id")
    clusters = clusters.filter("clustering = 'rfm'").project("retailer, customer_code, cluster_name").df()
    rules_of_baskets = dbt.ref("basket_rules").df()
    learned = objects(dbt.ref("recommendation_learning").filter(f"learned = '{LEARNED}'").df())
    shops = read_purchases(
        dbt.ref("int_item_purchases"),
        dbt.ref("int_items"),
        dbt.ref("retailers"),
        dbt.ref("rfm_segments"),
        dbt.ref("strategy_lists"),
        settings,
    )

    def own(table, retailer):
        return table[table["retailer"] == retailer]

    # Read before the first list is asked for: the connection is busy while lists are written.
    made = [
        recommendations(
            with_sets(known, own(clusters, known.retailer), own(rules_of_baskets, known.retailer)),
            learned[known.retailer, LEARNED],
            [rule for rule in enabled if rule.retailer == known.retailer],
            dict(own(choices, known.retailer)[["list_name", "model"]].itertuples(index=False)),
            own(palette, known.retailer),
            own(preferences, known.retailer),
            length=settings.recommendations_per_customer,
            days=settings.recommendation_window_days,
            seed=settings.recommendation_seed,
        )
        for known in shops
    ]
    batches = (batch for shop in made for part in shop for batch in part.to_batches())
    return pa.RecordBatchReader.from_batches(SCHEMA, batches)
