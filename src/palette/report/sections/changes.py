"""What changed: a month's revenue beside the one before, and who moved between segments."""

from typing import Any

import pandas as pd

from palette.report.charts import changes as charts
from palette.report.marts import FEWEST, Marts
from palette.report.sections.common import Drawing, Figure, Section, ranked_segments, traced
from palette.report.words import Words

PARTS = ("new", "won_back", "more", "less", "lost")  # of `revenue_bridge`, as they are drawn
NEW, GONE = "new", "gone"  # no segments: before the first purchase, and of lines that no longer count


def build(marts: Marts, words: Words) -> Section:
    """Assemble the section."""
    return Section(
        "changes",
        words("changes.title"),
        _last_month(marts, words),
        [_bridge(marts, words), _migrations(marts, words)],
    )


def _latest(marts: Marts) -> Any:
    """Return the row of the latest month that is whole, as is the one before; None without any."""
    months = marts("revenue_bridge", where="is_complete", order="month_start")
    return None if months.empty else months.iloc[-1]


def _last_month(marts: Marts, words: Words) -> str:
    """Say what the latest whole month brought beside the one before."""
    last = _latest(marts)
    if last is None:
        return words("changes.no_month")
    before, now = last["previous_revenue"], last["revenue"]
    return words(
        f"changes.{'less' if now < before else 'more'}_sentence" if before else "changes.first_sentence",
        month=words.month(last["month_start"]),
        revenue=words.money(now),
        change=words.percent(abs(now / before - 1)) if before else "",
    )


@traced
def _bridge(marts: Marts, words: Words) -> Figure:
    """Show what the latest whole month's revenue came from."""
    title = words("changes.bridge")
    last = _latest(marts)
    if last is None:
        return Figure("bridge", title, words("changes.no_month"))
    counts = [last[f"{part}_customers"] for part in PARTS]
    if marts.anonymous and any(0 < count < FEWEST for count in counts):
        return Figure("bridge", title, words("anonymous.too_few"))
    before, now = last["previous_revenue"], last["revenue"]
    sentence = words(
        "changes.bridge_sentence",
        gained=words.short_money(sum(last[f"{part}_revenue"] for part in PARTS[:3])),
        lost=words.short_money(-sum(last[f"{part}_revenue"] for part in PARTS[3:])),
    )
    changes = pd.DataFrame(
        {
            "label": [words.term("bridge", part) for part in PARTS],
            "change": [float(last[f"{part}_revenue"]) for part in PARTS],
            "customers": counts,
        }
    )
    changes["end"] = before + changes["change"].cumsum()
    changes["start"] = changes["end"] - changes["change"]
    ends = pd.DataFrame({"label": [words("changes.before"), words("changes.now")], "end": [before, now]})
    return Figure("bridge", title, sentence, Drawing(charts.bridge(changes, ends, words)), wide=True)


@traced
def _migrations(marts: Marts, words: Words) -> Figure:
    """Show who moved between segments in the latest month that is over."""
    title = words("changes.moves")
    moves = marts("segment_migrations", where="grouping_name = 'segment' and is_complete", order="all")
    if moves.empty:
        return Figure("moves", title, words("changes.no_moves"))
    last = moves[moves["month_end"] == moves["month_end"].max()]
    down = last[last["direction"] == "down"]
    sentence = words(
        "changes.moves_sentence",
        month=words.month(last["month_end"].iloc[0]),
        down=words.count(down["customers"].sum()),
        risk=words.money(down["revenue_at_risk"].sum()),
        up=words.count(last.loc[last["direction"] == "up", "customers"].sum()),
    )
    no_segments = {NEW: words("changes.new"), GONE: words("changes.gone")}

    def label(group: str) -> str:
        return no_segments.get(group) or words.name(group)

    best_first = ranked_segments(marts, words)["rfm_segment"]
    order = dict.fromkeys([*best_first, *sorted(last["to_group"]), *no_segments])
    shown = last.assign(
        origin=last["from_group"].map(label),
        target=last["to_group"].map(label),
        text=last["customers"].map(words.count),
    )
    drawing = Drawing(charts.moves(shown, [label(group) for group in order], words))
    return Figure("moves", title, sentence, drawing, wide=True, note=words("changes.moves_note"))
