"""cluster_history: binds palette.segments.past (tested in tests/unit/segments)."""

from palette.engine import frame, streamed
from palette.segments.clusterings import KEYS, read_populations
from palette.segments.fits import read_fits
from palette.segments.palette_groups import read_forests
from palette.segments.past import HISTORY_SCHEMA, centres_today, past_clusters, read_months


def model(dbt, session):
    dbt.config(materialized="table")
    clusters = frame(dbt.ref("customer_clusters"), [*KEYS, "clustering", "cluster_name"])
    clustered = read_populations(
        dbt.ref("customer_rfm"), dbt.ref("customer_features"), dbt.ref("customer_category_scores")
    )
    today = centres_today(clustered, clusters, read_fits(frame(dbt.ref("cluster_fits"))))
    forests = read_forests(frame(dbt.ref("palette_forests")))
    features, scores = dbt.ref("int_customer_feature_history"), dbt.ref("int_category_score_history")
    months = read_months(features, scores, dbt.ref("int_months"))
    # All are read before the first is written: the connection is busy by then.
    return streamed(list(past_clusters(months, today, forests)), HISTORY_SCHEMA)
