"""The report's sections, in reading order: each reads marts, says what they show, hands them to charts."""

from palette.report.sections import (
    baskets,
    changes,
    cleaning,
    clusters,
    cohorts,
    offers,
    overview,
    palette,
    quality,
    rfm,
    sales,
    worth,
)

SECTIONS = (
    overview,
    cleaning,
    sales,
    changes,
    cohorts,
    worth,
    rfm,
    clusters,
    palette,
    baskets,
    offers,
    quality,
)

__all__ = ["SECTIONS"]
