"""What a check found: the table of results, and its words. Light to import, unlike the checks themselves."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import pyarrow as pa

CUSTOM_SQL = "unexpected_rows_expectation"
ERROR = "error: "  # how ``observed`` starts when an expectation could not run
RESULTS_SCHEMA = pa.schema(
    [
        pa.field("suite", pa.string(), nullable=False),
        pa.field("relation", pa.string(), nullable=False),
        pa.field("column_name", pa.string()),
        pa.field("expectation", pa.string(), nullable=False),
        pa.field("rule", pa.string(), nullable=False),
        pa.field("severity", pa.string(), nullable=False),
        pa.field("success", pa.bool_(), nullable=False),
        pa.field("unexpected_count", pa.int64(), nullable=False),
        pa.field("element_count", pa.int64(), nullable=False),
        pa.field("observed", pa.string()),
    ]
)


def failed(results: pd.DataFrame) -> list[str]:
    """One line for each expectation that failed, critical ones first.

    Parameters
    ----------
    results
        What ``run_suite`` returned; several suites may be concatenated.
    """
    rows = [row for row in records(results) if not row["success"]]
    return [line(row) for row in sorted(rows, key=lambda row: row["severity"] != "critical")]


def records(results: pd.DataFrame) -> list[dict[Any, Any]]:
    """Rows of the results, with None for whatever pandas holds instead of it."""
    return results.astype(object).where(results.notna(), None).to_dict("records")


def line(row: Mapping[Any, Any]) -> str:
    """Say of one result what was checked, where, and what came of it."""
    about = row["rule"] if row["expectation"] == CUSTOM_SQL else row["column_name"] or ""
    place = f"{row['suite']}.{row['relation']}"
    return f"{row['severity'].upper()} {place}: {row['expectation']}({about}): {verdict(row)}"


def verdict(row: Mapping[Any, Any]) -> str:
    """Say what came of a check that did not hold."""
    observed = row["observed"]
    if observed is None:
        return f"{row['unexpected_count']:,} of {row['element_count']:,} unexpected"
    if observed.startswith(ERROR):
        return f"could not run: {observed.removeprefix(ERROR)}"
    return f"observed {observed}"
