"""The report's colours can be read, and told apart with any colour vision."""

from itertools import combinations

import numpy as np
import pytest

from palette.report.theme import ACCENT, CATEGORIES, CONTRAST, INK, MUTED, QUIET

# Machado, Oliveira and Fernandes (2009): what linear RGB looks like to people without one kind of cones.
VISION = {
    "all cones": np.eye(3),
    "protanopia": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "deuteranopia": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "tritanopia": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
}
SRGB_TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(colour: str) -> np.ndarray:
    """Linear RGB of a colour such as #0072b2."""
    parts = np.array([int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIE L*a*b* of linear RGB, under daylight."""
    ratios = SRGB_TO_XYZ @ rgb / SRGB_TO_XYZ.sum(axis=1)
    x, y, z = np.where(ratios > 0.008856, np.cbrt(ratios), 7.787 * ratios + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def least_difference(colours: list[str], vision: str) -> float:
    """CIE 1976 difference of the two most alike; about 2 is just seen side by side."""
    seen = [lab(np.clip(np.array(VISION[vision]) @ linear(colour), 0, 1)) for colour in colours]
    return min(float(np.linalg.norm(one - other)) for one, other in combinations(seen, 2))


@pytest.mark.parametrize("colour", [INK, MUTED, ACCENT, CONTRAST])
def test_colours_of_text_can_be_read_on_white(colour):
    luminance = (SRGB_TO_XYZ @ linear(colour))[1]
    assert 1.05 / (luminance + 0.05) >= 4.5  # WCAG 2.2, 1.4.3


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("colours", [CATEGORIES, [ACCENT, CONTRAST, QUIET]], ids=["categories", "accents"])
def test_colours_are_told_apart_with_any_vision(colours, vision):
    assert least_difference(colours, vision) > 15


def test_colours_that_some_confuse_are_found():
    assert least_difference(["#d55e00", "#7a6a00"], "all cones") > 15
    assert least_difference(["#d55e00", "#7a6a00"], "protanopia") < 15
