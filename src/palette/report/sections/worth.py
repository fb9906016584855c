"""What customers are expected to bring, how far such forecasts were off, and whom to keep first."""

from typing import Any

import pandas as pd

from palette.report.charts import worth as charts
from palette.report.frames import rows
from palette.report.marts import Marts
from palette.report.sections.common import Drawing, Figure, Section, Table, traced
from palette.report.words import Words

DAYS = 90  # the horizon that is drawn, as in `customer_priorities`
CLASSES = ("A", "B", "C")
SILENCES = ("usual", "long", "unusual")
FIRST = 10  # customers to keep that are named


def build(marts: Marts, words: Words) -> Section:
    """Assemble the section."""
    return Section(
        "worth",
        words("worth.title"),
        _expected(marts, words),
        [
            _keep(marts, words),
            _deciles(marts, words),
            _calibration(marts, words),
            *([] if marts.anonymous else [_first(marts, words)]),
            _choices(marts, words),
        ],
    )


def _of_horizon(marts: Marts) -> pd.DataFrame:
    """Return ``value_deciles`` of the horizon, the best last; nothing where any of them may not be shown."""
    deciles = marts("value_deciles", where=f"horizon_days = {DAYS}", order="value_decile")
    if "value_deciles" in marts.hidden:  # what is left would not add up to what is expected
        return deciles.iloc[:0]
    return deciles


def _nothing(marts: Marts, words: Words) -> str:
    """Say that nothing is expected, or that it is of too few to be told."""
    if "value_deciles" in marts.hidden:
        return words("anonymous.too_few")
    return words("worth.nothing", days=DAYS)


def _expected(marts: Marts, words: Words) -> str:
    """Say what all customers are expected to bring, and how much of it the best tenth."""
    deciles = _of_horizon(marts)
    revenue = float(deciles["expected_revenue"].sum())
    if revenue <= 0:
        return _nothing(marts, words)
    best = deciles.iloc[-1]
    return words(
        "worth.sentence",
        days=DAYS,
        revenue=words.short_money(revenue),
        share=words.percent(best["revenue_share"]),
        customers=words.count(best["customers"]),
    )


@traced
def _keep(marts: Marts, words: Words) -> Figure:
    """Show worth by silence: whom to keep."""
    title = words("worth.keep")
    matrix = marts("value_risk_matrix")
    if matrix.empty:
        return Figure("keep", title, words("anonymous.too_few"))
    quiet = matrix[(matrix["value_class"] == CLASSES[0]) & (matrix["silence"] == SILENCES[-1])]
    if quiet.empty:
        hidden = "value_risk_matrix" in marts.hidden
        sentence = words("worth.keep_few") if hidden else words("worth.keep_none")
    else:
        sentence = words(
            "worth.keep_sentence",
            customers=words.count(quiet["customers"].sum()),
            revenue=words.money(quiet["revenue_12_months"].sum()),
        )
    classes = {name: words(f"worth.class_{name.lower()}") for name in CLASSES}
    silences = {name: words(f"worth.silence_{name}") for name in SILENCES}
    shown = matrix.assign(
        worth=matrix["value_class"].map(classes),
        quiet=matrix["silence"].map(silences),
        text=matrix["customers"].map(words.count),
    )
    drawing = Drawing(charts.keep(shown, list(classes.values()), list(silences.values()), words))
    return Figure("keep", title, sentence, drawing, wide=True, note=words("worth.keep_note"))


@traced
def _deciles(marts: Marts, words: Words) -> Figure:
    """Show how unequal customers' worth is."""
    title, deciles = words("worth.deciles"), _of_horizon(marts)
    if deciles.empty or deciles["expected_revenue"].sum() <= 0:
        return Figure("deciles", title, _nothing(marts, words))
    half = deciles["value_decile"] > deciles["value_decile"].max() / 2
    sentence = words(
        "worth.deciles_sentence",
        share=words.percent(deciles.loc[half, "revenue_share"].sum()),
        probability=words.percent(deciles["purchase_probability"].iloc[-1]),
    )
    drawing = Drawing(charts.deciles(deciles, words))
    return Figure("deciles", title, sentence, drawing, note=words("worth.deciles_note", days=DAYS))


@traced
def _calibration(marts: Marts, words: Words) -> Figure:
    """Show what was foretold of past windows beside what came, and by how much the total erred."""
    title = words("worth.calibration")
    judged = marts("value_choices", where="judged_until is not null", order=f"abs(horizon_days - {DAYS})")
    if judged.empty:
        return Figure("calibration", title, words("worth.not_judged"))
    choice = judged.iloc[0]
    days = int(choice["horizon_days"])
    of_choice = (
        f"horizon_days = {days} and model = '{choice['model']}' and segment = 'all' and fold = 0 "
        "and measure = 'revenue' and decile > 0"
    )
    actual, foretold = (
        marts("value_metrics", where=f"{of_choice} and metric = '{metric}'", order="decile")
        for metric in ("actual_mean", "forecast_mean")
    )
    if actual.empty:
        return Figure("calibration", title, words("worth.not_judged"))
    told = foretold.set_index("decile")["value"].rename("foretold")
    shown = (
        actual[["decile", "customers", "value", "ci_low", "ci_high"]]
        .rename(columns={"value": "actual", "ci_low": "low", "ci_high": "high"})
        .join(told, on="decile")
    )
    return Figure(
        "calibration",
        title,
        words(
            "worth.calibration_sentence",
            days=days,
            off=_off(choice, words),
            model=words.term("value_model", choice["model"]),
        ),
        Drawing(charts.calibration(shown, words)),
        note=words("worth.calibration_note"),
    )


def _off(choice: Any, words: Words) -> str:
    """Write by how much the total of past windows was off: 23.5% too low (29.8% to 17.1%)."""
    if pd.isna(choice["bias"]):
        return words("worth.no_total")
    way = "high" if choice["bias"] >= 0 else "low"
    ends = sorted((choice["bias_low"], choice["bias_high"]))
    return words(
        f"worth.too_{way}",
        off=words.percent(abs(choice["bias"])),
        low=words.percent(ends[0]),
        high=words.percent(ends[1]),
    )


@traced
def _first(marts: Marts, words: Words) -> Figure:
    """Name the customers with most at stake."""
    title = words("worth.first")
    first = marts(
        "customer_priorities", where=f"priority <= {FIRST} and value_at_stake > 0", order="priority"
    )
    if first.empty:
        return Figure("first", title, words("worth.nothing_at_stake"))
    return Figure(
        "first",
        title,
        words(
            "worth.first_sentence",
            customers=words.count(len(first)),
            stake=words.money(first["value_at_stake"].sum()),
        ),
        Table(
            [
                words("customer"),
                words("worth.class"),
                words("worth.revenue"),
                words("worth.probability"),
                words("worth.silent_days"),
                words("worth.unusual_on"),
                words("worth.at_stake"),
            ],
            [
                [
                    row.customer_id,
                    row.value_class,
                    words.money(row.revenue_12_months),
                    words.percent(row.purchase_probability, 0),
                    words.count(row.silence_days),
                    "" if pd.isna(row.silence_unusual_on) else words.day(row.silence_unusual_on),
                    words.money(row.value_at_stake),
                ]
                for row in rows(first)
            ],
            numeric=(2, 3, 4, 6),
            flagged=[place for place, silence in enumerate(first["silence"]) if silence == SILENCES[-1]],
        ),
        wide=True,
        note=words("worth.first_note"),
    )


@traced
def _choices(marts: Marts, words: Words) -> Figure:
    """Say which model makes the forecasts, and how far off it was beside what they spent before."""
    title = words("worth.choices")
    choices = marts("value_choices", order="horizon_days")
    judged = choices[choices["judged_until"].notna()]
    if judged.empty:
        return Figure("choices", title, words("worth.not_judged"))
    off = judged[~judged["is_total_within_tenth"].fillna(False).astype(bool)]
    sentence = words(
        "worth.choices_sentence",
        horizons=words.count(len(choices)),
        judged=words.count(len(judged)),
        off=words.count(len(off)),
    )
    return Figure(
        "choices",
        title,
        sentence,
        Table(
            [
                words("worth.horizon"),
                words("offers.made_by"),
                words("worth.error"),
                words("worth.error_before"),
                words("worth.total"),
                words("customers"),
                words("offers.judged_until"),
            ],
            [_choice(row, words) for _, row in choices.iterrows()],
            numeric=(2, 3, 5),
        ),
        wide=True,
        note=words("worth.choices_note"),
    )


def _choice(row: Any, words: Words) -> list[str]:
    days = words("worth.days", days=words.count(row["horizon_days"]))
    if pd.isna(row["judged_until"]):
        return [days, words("offers.not_yet"), "", "", "", "", ""]
    return [
        days,
        words.term("value_model", row["model"]),
        words.money(row["mae"]),
        words.money(row["spent_before_mae"]),
        _off(row, words),
        words.count(row["customers"]),
        words.day(row["judged_until"]),
    ]
