"""Small helpers for data frames."""

from collections.abc import Iterator
from typing import Any

import pandas as pd


def rows(frame: pd.DataFrame) -> Iterator[Any]:
    """Iterate over the rows; columns are attributes."""
    yield from frame.itertuples(index=False)


def highest(frame: pd.DataFrame, by: pd.Series) -> Any:
    """Return the row with the highest value of a series on the frame's index, the first of several."""
    return frame.loc[by.sort_values(ascending=False, kind="stable").index[0]]


def sample(frame: pd.DataFrame, size: int, seed: int = 0) -> pd.DataFrame:
    """Draw so many rows, in their order, when there are more; the same ones every time."""
    return frame if len(frame) <= size else frame.sample(size, random_state=seed).sort_index()
