"""Small tables of the demo retailers, as files."""

from pathlib import Path

import pandas as pd


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV, whatever the platform's line ends."""
    table.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")
