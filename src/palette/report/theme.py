"""Colours, type and lines that all charts share.

The categorical colours are Okabe and Ito's (2008), which people with any colour vision tell apart, their
yellow last since white swallows it. Order is shown in one hue from light to dark, difference in two that no
common colour blindness confuses.
"""

from typing import Any

INK = "#1b2733"
MUTED = "#5b6875"
LINE = "#d9dfe5"
QUIET = "#b7c1cb"
ACCENT = "#0b5d8f"
CONTRAST = "#c2570c"

CATEGORIES = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#2b2b2b", "#f0e442"]
SHAPES = [
    "circle",
    "square",
    "triangle-up",
    "diamond",
    "cross",
    "triangle-down",
    "triangle-right",
    "triangle-left",
]
SEQUENCE = ["#f3f7fa", "#c5dcec", "#86b9da", "#3f8dbd", "#0b5d8f", "#063a5b"]
DIFFERENCE = ["#a1450a", "#e0894a", "#f5d3b5", "#f7f7f7", "#bcd7e8", "#5ea0c9", "#0b5d8f"]

FONT = (
    "system-ui, -apple-system, 'Segoe UI', 'Noto Sans KR', 'Apple SD Gothic Neo', 'Malgun Gothic', sans-serif"
)

CONFIG: dict[str, Any] = {
    "font": FONT,
    "background": "transparent",
    "padding": {"left": 0, "right": 6, "top": 6, "bottom": 8},
    "view": {"stroke": None},
    "axis": {
        "labelColor": MUTED,
        "titleColor": MUTED,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "titlePadding": 8,
        "gridColor": "#eaeef2",
        "domain": False,
        "ticks": False,
        "labelPadding": 6,
        "labelOverlap": True,
        "labelSeparation": 6,
    },
    "legend": {
        "orient": "top",
        "direction": "horizontal",
        "labelColor": INK,
        "titleColor": MUTED,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "labelLimit": 220,
        "titleLimit": 0,
        "columns": 3,
        "symbolSize": 90,
        "gradientLength": 140,
        "gradientThickness": 10,
    },
    "range": {"category": CATEGORIES, "symbol": SHAPES},
    "bar": {"color": ACCENT},
    "line": {"color": ACCENT, "strokeWidth": 1.8},
    "point": {"filled": True, "color": ACCENT, "size": 60},
    "rule": {"color": QUIET},
    "text": {"color": INK, "fontSize": 12},
}
