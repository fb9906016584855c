"""recommendation_learning: binds palette.recommendations.learning (tested in tests/unit/recommendations)."""

from functools import partial

from palette.core.learned import SCHEMA, table
from palette.core.settings import models_of
from palette.engine import frame, gather, local, settings_of, typed
from palette.recommendations.learning import TRIED, learn
from palette.recommendations.lists import LEARNED
from palette.recommendations.relations import read_purchases
from palette.recommendations.rules import read_rules


def model(dbt, session):
    dbt.config(materialized="table")
    settings = settings_of(session)
    rules = read_rules(frame(dbt.ref("int_recommendation_rules")))
    bought, items = local(dbt.ref("int_item_purchases")), local(dbt.ref("int_items"))
    shops, segments = local(dbt.ref("retailers")), local(dbt.ref("rfm_segments"))
    strategies, back = local(dbt.ref("strategy_lists")), local(dbt.ref("int_money_back"))
    learned = {}
    for known in read_purchases(bought, items, back, shops, segments, strategies, settings):
        own, folds = learn(
            known,
            [rule for rule in rules if rule.retailer == known.retailer],
            frame(segments),
            folds=settings.recommendation_folds if settings.palette_backtest else 0,
            days=settings.recommendation_window_days,
            length=settings.recommendations_per_customer,
            seed=settings.recommendation_seed,
            models=models_of(settings.recommendation_models),
            spread=partial(gather, session),
        )
        learned[known.retailer, LEARNED] = own
        learned[known.retailer, TRIED] = [fold.learned() for fold in folds]
    return typed(table(learned), SCHEMA)
