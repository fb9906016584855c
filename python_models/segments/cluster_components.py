"""cluster_components: binds palette.segments.clusters (tested in tests/unit/segments)."""

from palette.core.tables import typed
from palette.segments.clusters import COMPONENTS_SCHEMA, components
from palette.segments.fits import read_fits


def model(dbt, session):
    dbt.config(materialized="table")
    return typed(components(read_fits(dbt.ref("cluster_fits").df())), COMPONENTS_SCHEMA)
