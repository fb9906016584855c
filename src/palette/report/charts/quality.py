"""Charts of whether the data keep their promises."""

import altair as alt
import pandas as pd

from palette.report.charts.common import ROW, base
from palette.report.theme import ACCENT, CONTRAST
from palette.report.words import Words


def states(results: pd.DataFrame, words: Words) -> alt.Chart:
    """Stack the expectations that hold and those that do not, a row a suite.

    Parameters
    ----------
    results
        Counts of ``quality_results``: ``suite_label``, ``state`` and ``expectations``.
    """
    kinds = [words("quality.holds"), words("quality.fails")]
    return (
        base(results)
        .mark_bar()
        .encode(
            y=alt.Y("suite_label:N", title=None, axis=alt.Axis(labelOverlap=False)),
            x=alt.X("expectations:Q", title=words("quality.expectations"), axis=alt.Axis(tickCount=5)),
            color=alt.Color("state:N", scale=alt.Scale(domain=kinds, range=[ACCENT, CONTRAST]), title=None),
            tooltip=[
                alt.Tooltip("suite_label:N", title=words("quality.suite")),
                alt.Tooltip("state:N", title=words("quality.state")),
                alt.Tooltip("expectations:Q", title=words("quality.expectations")),
            ],
        )
        .properties(height=(ROW + 6) * results["suite_label"].nunique())
    )


def history(builds: pd.DataFrame, words: Words) -> alt.Chart:
    """Stack the expectations of each build that held and that did not.

    Parameters
    ----------
    builds
        Counts of ``quality_history``, earliest first: ``build``, its time as written, ``state`` and
        ``expectations``.
    """
    kinds = [words("quality.holds"), words("quality.fails")]
    return (
        base(builds)
        .mark_bar(size=22)
        .encode(
            x=alt.X("build:O", sort=None, title=words("quality.build"), axis=alt.Axis(labelAngle=0)),
            y=alt.Y("expectations:Q", title=words("quality.expectations"), axis=alt.Axis(tickCount=4)),
            color=alt.Color("state:N", scale=alt.Scale(domain=kinds, range=[ACCENT, CONTRAST]), title=None),
            tooltip=[
                alt.Tooltip("build:O", title=words("quality.build")),
                alt.Tooltip("state:N", title=words("quality.state")),
                alt.Tooltip("expectations:Q", title=words("quality.expectations")),
            ],
        )
        .properties(height=200)
    )
