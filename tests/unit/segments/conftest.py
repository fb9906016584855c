"""What the tests of the segments share."""

import pytest

from palette.segments import forests, kmeans


@pytest.fixture(autouse=True)
def _few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw fewer groups to compare with: one test looks at what comes of it."""
    monkeypatch.setattr(kmeans, "DRAWS", 2)


@pytest.fixture(autouse=True)
def _small_forests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Grow fewer trees: what holds for 20 holds for 60."""
    monkeypatch.setattr(forests, "TREES", 20)
