"""What was cleaned, and why."""

import pandas as pd

from palette.report.charts.sales import waterfall
from palette.report.frames import highest, rows
from palette.report.marts import FEWEST, Marts
from palette.report.sections.common import Drawing, Figure, Section, Table, traced
from palette.report.words import Words


def build(marts: Marts, words: Words) -> Section:
    """Assemble the section."""
    steps = _steps(marts, words)
    raw, kept = steps.iloc[0], steps.iloc[-1]
    return Section(
        "cleaning",
        words("cleaning.title"),
        words(
            "cleaning.sentence",
            raw=words.count(raw["lines_left"]),
            kept=words.count(kept["lines_left"]),
            share=words.percent(kept["lines_left"] / max(raw["lines_left"], 1)),
        ),
        [
            _by_lines(marts, words),
            *([] if _in_lines_alone(marts, steps) else [_by_amount(marts, words)]),
            _step_by_step(marts, words),
        ],
    )


def _steps(marts: Marts, words: Words) -> pd.DataFrame:
    """Return ``cleaning_waterfall`` from the raw lines on, with ``label``, the step's name."""
    steps = marts("cleaning_waterfall", order="step_number")
    return steps.assign(label=steps["step"].map(lambda step: words.term("step", step)))


def _dropping(steps: pd.DataFrame) -> pd.DataFrame:
    """Leave out the raw lines; a shop may have no steps, and then they are all there is."""
    return steps.iloc[1:] if len(steps) > 1 else steps


def _in_lines_alone(marts: Marts, steps: pd.DataFrame) -> bool:
    """Say whether amounts may not be told: what a few lines came to would be about single customers."""
    few: pd.Series[bool] = _dropping(steps)["lines_dropped"].between(1, FEWEST - 1)
    return marts.anonymous and bool(few.any())


@traced
def _by_lines(marts: Marts, words: Words) -> Figure:
    steps = _steps(marts, words)
    most = highest(_dropping(steps), _dropping(steps)["lines_dropped"])
    sentence = (
        words("cleaning.by_lines_sentence", step=most["label"], lines=words.count(most["lines_dropped"]))
        if most["lines_dropped"]
        else words("cleaning.nothing")
    )
    drawing = Drawing(waterfall(steps, "lines", words))
    return Figure("lines", words("cleaning.by_lines"), sentence, drawing)


@traced
def _by_amount(marts: Marts, words: Words) -> Figure:
    steps = _steps(marts, words)
    dropped = _dropping(steps)
    most = highest(dropped, dropped["amount_dropped"].abs())
    left = words.money(steps["amount_left"].iloc[-1])
    sentence = (
        words("cleaning.nothing")
        if not dropped["lines_dropped"].any()
        else words(
            "cleaning.by_amount_sentence",
            step=most["label"],
            amount=words.money(most["amount_dropped"]),
            left=left,
        )
        if most["amount_dropped"]
        else words("cleaning.no_amount_sentence", left=left)
    )
    drawing = Drawing(waterfall(steps, "amount", words))
    return Figure("amounts", words("cleaning.by_amount"), sentence, drawing)


@traced
def _step_by_step(marts: Marts, words: Words) -> Figure:
    steps = _steps(marts, words)
    header = [words("cleaning.step"), words("cleaning.lines_dropped"), words("cleaning.lines_left")]
    cells = [[row.label, words.count(row.lines_dropped), words.count(row.lines_left)] for row in rows(steps)]
    if not _in_lines_alone(marts, steps):
        header += [words("cleaning.amount_dropped"), words("cleaning.amount_left")]
        for row, line in zip(rows(steps), cells, strict=True):
            line += [words.money(row.amount_dropped), words.money(row.amount_left)]
    table = Table(header, cells, numeric=range(1, len(header)))
    return Figure("steps", words("cleaning.steps"), words("cleaning.steps_sentence"), table, wide=True)
