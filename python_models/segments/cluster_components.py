"""cluster_components: binds palette.segments.clusters (tested in tests/unit/segments)."""

from palette.engine import frame, typed
from palette.segments.clusters import COMPONENTS_SCHEMA, components
from palette.segments.fits import read_fits


def model(dbt, session):
    dbt.config(materialized="table")
    return typed(components(read_fits(frame(dbt.ref("cluster_fits")))), COMPONENTS_SCHEMA)
