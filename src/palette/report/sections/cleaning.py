"""What was cleaned, and why."""

import pandas as pd

from palette.report.charts.sales import waterfall
from palette.report.frames import highest, rows
from palette.report.marts import FEWEST, Marts
from palette.report.sections.common import Drawing, Figure, Section, Table
from palette.report.words import Words


def build(marts: Marts, words: Words) -> Section:
    """Assemble the section."""
    steps = marts("cleaning_waterfall", order="step_number")
    steps = steps.assign(label=steps["step"].map(lambda step: words.term("step", step)))
    raw, kept = steps.iloc[0], steps.iloc[-1]
    dropped = steps.iloc[1:] if len(steps) > 1 else steps  # a shop may have no steps
    by_lines = highest(dropped, dropped["lines_dropped"])
    # What a few lines came to would be about single customers.
    in_lines_alone = marts.anonymous and dropped["lines_dropped"].between(1, FEWEST - 1).any()
    nothing = "" if dropped["lines_dropped"].any() else words("cleaning.nothing")
    source = ("cleaning_waterfall",)
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
            Figure(
                "lines",
                words("cleaning.by_lines"),
                nothing
                or words(
                    "cleaning.by_lines_sentence",
                    step=by_lines["label"],
                    lines=words.count(by_lines["lines_dropped"]),
                ),
                source,
                Drawing(waterfall(steps, "lines", words)),
            ),
            *([] if in_lines_alone else [_amounts(steps, nothing, words)]),
            Figure(
                "steps",
                words("cleaning.steps"),
                words("cleaning.steps_sentence"),
                (*source, "excluded_order_lines"),
                _table(steps, words, with_amounts=not in_lines_alone),
                wide=True,
            ),
        ],
    )


def _amounts(steps: pd.DataFrame, nothing: str, words: Words) -> Figure:
    dropped = steps.iloc[1:] if len(steps) > 1 else steps
    most = highest(dropped, dropped["amount_dropped"].abs())
    left = words.money(steps["amount_left"].iloc[-1])
    moved = (
        words(
            "cleaning.by_amount_sentence",
            step=most["label"],
            amount=words.money(most["amount_dropped"]),
            left=left,
        )
        if most["amount_dropped"]
        else words("cleaning.no_amount_sentence", left=left)
    )
    return Figure(
        "amounts",
        words("cleaning.by_amount"),
        nothing or moved,
        ("cleaning_waterfall",),
        Drawing(waterfall(steps, "amount", words)),
    )


def _table(steps: pd.DataFrame, words: Words, *, with_amounts: bool) -> Table:
    header = [words("cleaning.step"), words("cleaning.lines_dropped"), words("cleaning.lines_left")]
    cells = [[row.label, words.count(row.lines_dropped), words.count(row.lines_left)] for row in rows(steps)]
    if with_amounts:
        header += [words("cleaning.amount_dropped"), words("cleaning.amount_left")]
        for row, line in zip(rows(steps), cells, strict=True):
            line += [words.money(row.amount_dropped), words.money(row.amount_left)]
    return Table(header, cells, numeric=range(1, len(header)))
