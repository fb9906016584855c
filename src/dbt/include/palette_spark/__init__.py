"""Macros of the adapter, of which those of dbt-spark are what it falls back on."""

from pathlib import Path

PACKAGE_PATH = str(Path(__file__).parent)
