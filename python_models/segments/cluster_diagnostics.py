"""cluster_diagnostics: binds palette.segments.clusters (tested in tests/unit/segments)."""

from palette.core.tables import typed
from palette.segments.clusters import DIAGNOSTICS_SCHEMA, diagnostics
from palette.segments.fits import read_fits


def model(dbt, session):
    dbt.config(materialized="table")
    return typed(diagnostics(read_fits(dbt.ref("cluster_fits").df())), DIAGNOSTICS_SCHEMA)
