"""The page of a suite of expectations in a real browser."""

import pandas as pd
import pytest
from browsing import chromium

from palette.quality.pages import page

FOUND = {
    "relation": "palette_prediction_importances",
    "rule": "Values for given compound columns must be unique together: retailer, clustering, feature",
    "severity": "critical",
    "success": False,
    "observed": None,
    "unexpected_count": 12,
    "element_count": 34_000,
}


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_beside_the_screen(tmp_path, width):
    why, example = "A row that is there twice counts twice.", "0123456789abcdef0123456789abcdef"
    (tmp_path / "marts.html").write_text(
        page("marts", "What people act on.", [why], [example], pd.DataFrame([FOUND]))
    )
    with chromium() as browser:
        opened = browser.new_page(viewport={"width": width, "height": 900}, is_mobile=width < 500)
        opened.goto((tmp_path / "marts.html").as_uri())
        assert opened.evaluate("[innerWidth, document.documentElement.scrollWidth]") == [width, width]
