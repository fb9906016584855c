"""Whether the data keep their promises, now and in earlier builds."""

from typing import Any

import pandas as pd

from palette.report.charts import quality as charts
from palette.report.frames import rows
from palette.report.marts import Marts
from palette.report.sections.common import Drawing, Figure, Section, Table, traced
from palette.report.words import Words

BUILDS = 12  # of the history, the latest
HELD, FAILED, ABSENT = "●", "○", "·"
KEYS = ["suite", "relation", "column_name", "expectation", "rule"]


def build(marts: Marts, words: Words) -> Section:
    """Assemble the section."""
    results = marts.shared("quality_results")
    failed = results[~results["success"]]
    return Section(
        "quality",
        words("quality.title"),
        words("quality.all_hold_sentence", all=words.count(len(results)))
        if failed.empty
        else words(
            "quality.some_fail_sentence",
            failed=words.count(len(failed)),
            all=words.count(len(results)),
            critical=words.count((failed["severity"] == "critical").sum()),
        ),
        [
            *_withheld(marts, words),
            _states(marts, words),
            _history(marts, words),
            _expectations(marts, words),
        ],
    )


@traced
def _withheld(marts: Marts, words: Words) -> list[Figure]:
    """Return what this warehouse lacks because a check found it wrong; nothing in most."""
    parts = marts.shared("withheld")
    if parts.empty:
        return []
    written = [
        [row.table_name, row.retailer, row.list_name, row.check_name, words.count(row.rows_found)]
        for row in rows(parts.fillna({"retailer": "", "list_name": ""}))
    ]
    headers = [
        words("quality.table"),
        words("quality.retailer"),
        words("quality.list"),
        words("quality.check"),
        words("quality.unexpected"),
    ]
    return [
        Figure(
            "withheld",
            words("quality.withheld"),
            words("quality.withheld_sentence", parts=words.count(len(parts))),
            Table(
                headers,
                written,
                numeric=[4],
                flagged=range(len(parts)),
            ),
        )
    ]


def _state(success: "pd.Series[bool]", words: Words) -> "pd.Series[str]":
    return success.map({True: words("quality.holds"), False: words("quality.fails")})


@traced
def _states(marts: Marts, words: Words) -> Figure:
    results = marts.shared("quality_results")
    labelled = results.assign(
        suite_label=results["suite"].map(lambda suite: words.term("suite", suite)),
        state=_state(results["success"], words),
    )
    counts = labelled.groupby(["suite_label", "state"]).size().rename("expectations").reset_index()
    warned = (
        results[~results["success"]].groupby("relation").size().sort_values(ascending=False, kind="stable")
    )
    return Figure(
        "states",
        words("quality.states"),
        words("quality.states_hold", relations=words.count(results["relation"].nunique()))
        if warned.empty
        else words("quality.states_fail", relation=str(warned.index[0]), failed=words.count(warned.iloc[0])),
        Drawing(charts.states(counts, words)),
    )


def _recent(marts: Marts) -> pd.DataFrame:
    """Return ``quality_history`` of the latest builds."""
    history = marts.shared(
        "quality_history", order="built_at, build_id, suite, relation, column_name, expectation, rule"
    )
    return history[history["build_id"].isin(_builds(history))]


def _builds(history: pd.DataFrame) -> list[str]:
    """Return the latest builds, earliest first."""
    return list(dict.fromkeys(history["build_id"]))[-BUILDS:]


@traced
def _history(marts: Marts, words: Words) -> Figure:
    recent = _recent(marts)
    builds = recent["build_id"].nunique()
    clean = int(recent.groupby("build_id")["success"].all().sum())
    counts = recent.assign(
        build=recent["built_at"].dt.strftime("%Y-%m-%d %H:%M"), state=_state(recent["success"], words)
    )
    counts = counts.groupby(["build", "state"]).size().rename("expectations").reset_index()
    return Figure(
        "history",
        words("quality.history"),
        words("quality.history_first")
        if builds < 2
        else words("quality.history_sentence", clean=words.count(clean), builds=words.count(builds)),
        Drawing(charts.history(counts, words)) if len(counts) else None,
        note=words("quality.history_note", builds=BUILDS),
    )


@traced
def _expectations(marts: Marts, words: Words) -> Figure:
    results, recent = marts.shared("quality_results"), _recent(marts)
    named = recent.fillna({"column_name": ""})
    states = named.pivot_table(index=KEYS, columns="build_id", values="success", aggfunc="all")
    past = dict(zip(states.index, states.reindex(columns=_builds(recent)).to_numpy().tolist(), strict=True))
    shown = results.fillna({"column_name": ""}).sort_values(["success", "suite", "relation"], kind="stable")
    written = [
        [
            words("quality.holds") if row.success else words("quality.fails"),
            f"{row.relation}.{row.column_name}" if row.column_name else row.relation,
            row.rule,
            words.term("severity", row.severity),
            words.count(row.unexpected_count),
            words.count(row.element_count),
            _track(past.get(tuple(getattr(row, key) for key in KEYS), [])),
        ]
        for row in rows(shown)
    ]
    checked = words.count(results["element_count"].sum())
    return Figure(
        "expectations",
        words("quality.every"),
        words("quality.every_sentence", all=words.count(len(results)), values=checked),
        Table(
            [
                words("quality.state"),
                words("quality.where"),
                words("quality.rule"),
                words("quality.severity"),
                words("quality.unexpected"),
                words("quality.checked"),
                words("quality.history"),
            ],
            written,
            numeric=[4, 5],
            flagged=range(int((~shown["success"]).sum())),
        ),
        wide=True,
        note=words("quality.every_note", held=HELD, failed=FAILED, absent=ABSENT, builds=BUILDS),
    )


def _track(states: list[Any]) -> str:
    """Write an expectation's state in each build as one sign."""
    return "".join(ABSENT if pd.isna(held) else HELD if held else FAILED for held in states)
