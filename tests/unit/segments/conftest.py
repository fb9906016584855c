"""What the tests of the segments share."""

import pytest

from palette.segments import kmeans


@pytest.fixture(autouse=True)
def _few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw fewer groups to compare with: one test looks at what comes of it."""
    monkeypatch.setattr(kmeans, "DRAWS", 2)
