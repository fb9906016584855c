"""What was cleaned, and why."""

from palette.report.charts.sales import waterfall
from palette.report.frames import highest, rows
from palette.report.marts import Marts
from palette.report.sections.common import Drawing, Figure, Section, Table
from palette.report.words import Words


def build(marts: Marts, words: Words) -> Section:
    """Assemble the section."""
    steps = marts("cleaning_waterfall", order="step_number")
    steps = steps.assign(label=steps["step"].map(lambda step: words.term("step", step)))
    raw, kept = steps.iloc[0], steps.iloc[-1]
    dropped = steps.iloc[1:] if len(steps) > 1 else steps  # a shop may have no steps
    by_amount = highest(dropped, dropped["amount_dropped"].abs())
    by_lines = highest(dropped, dropped["lines_dropped"])
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
            Figure(
                "amounts",
                words("cleaning.by_amount"),
                nothing
                or (
                    words(
                        "cleaning.by_amount_sentence",
                        step=by_amount["label"],
                        amount=words.money(by_amount["amount_dropped"]),
                        left=words.money(kept["amount_left"]),
                    )
                    if by_amount["amount_dropped"]
                    else words("cleaning.no_amount_sentence", left=words.money(kept["amount_left"]))
                ),
                source,
                Drawing(waterfall(steps, "amount", words)),
            ),
            Figure(
                "steps",
                words("cleaning.steps"),
                words("cleaning.steps_sentence"),
                (*source, "excluded_order_lines"),
                Table(
                    [
                        words("cleaning.step"),
                        words("cleaning.lines_dropped"),
                        words("cleaning.lines_left"),
                        words("cleaning.amount_dropped"),
                        words("cleaning.amount_left"),
                    ],
                    [
                        [
                            row.label,
                            words.count(row.lines_dropped),
                            words.count(row.lines_left),
                            words.money(row.amount_dropped),
                            words.money(row.amount_left),
                        ]
                        for row in rows(steps)
                    ],
                    numeric=[1, 2, 3, 4],
                ),
                wide=True,
            ),
        ],
    )
