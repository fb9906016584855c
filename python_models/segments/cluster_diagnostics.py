"""cluster_diagnostics: binds palette.segments.clusters (tested in tests/unit/segments)."""

from palette.engine import frame, typed
from palette.segments.clusters import DIAGNOSTICS_SCHEMA, diagnostics
from palette.segments.fits import read_fits


def model(dbt, session):
    dbt.config(materialized="table")
    return typed(diagnostics(read_fits(frame(dbt.ref("cluster_fits")))), DIAGNOSTICS_SCHEMA)
