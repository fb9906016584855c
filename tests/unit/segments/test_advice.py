"""Advice for two groups, worked out by hand, and the seed tables that hold it."""

from pathlib import Path
from string import Formatter

import pandas as pd
import pytest

from palette.segments.advice import PRESUMED, SCHEMA, advise

SEEDS = Path(__file__).parents[3] / "seeds" / "segments"
COLUMNS = ["grouping_name", "group_name", "advice_number", "condition", "advice_en", "advice_ko"]
ADVICE = pd.DataFrame(
    [
        ("rfm", "champions", 1, "peak_hours", "Promote {hours}.", "{hours} 행사."),
        ("rfm", "champions", 2, "first_order", "Welcome.", "환영."),
        ("rfm", "champions", 3, None, "Thank.", "감사."),
        ("rfm", None, 1, "category", "Show {category}.", "{category} 소개."),
        ("rfm", None, 2, "peak_months", "Remind {months}.", "{months} 알림."),
    ],
    columns=COLUMNS,
)


def group(name: str, hour: int | None, month: int | None, category: str | None) -> pd.DataFrame:
    facts = {"peak_hour_start": hour, "peak_month_start": month, "category_1": category}
    return pd.DataFrame([{"retailer": "shop", "grouping_name": "rfm", "group_name": name} | facts])


def told(facts: pd.DataFrame) -> list[str]:
    return advise(ADVICE, facts)["advice_en"].tolist()


def test_a_piece_has_the_hours_of_its_group():
    found = advise(ADVICE, group("champions", 8, None, None))
    assert list(found.columns) == SCHEMA.names
    assert found["advice_en"].tolist() == ["Promote between 8 and 10 h.", "Welcome.", "Thank."]
    assert found["advice_ko"].tolist() == ["8~10시 행사.", "환영.", "감사."]
    assert found["condition"].tolist()[:2] == ["peak_hours", "first_order"]
    assert pd.isna(found["condition"].iloc[2])


def test_what_a_piece_presumes_of_its_group_has_to_be_so():
    assert told(group("champions", None, 10, "Tea")) == ["Welcome.", "Thank."]


def test_a_group_without_advice_of_its_own_has_the_general_one():
    assert told(group("unheard of", None, 10, "Tea")) == ["Show Tea.", "Remind from October to December."]


def test_no_groups_have_no_advice():
    assert advise(ADVICE, group("champions", 8, 1, "Tea").head(0)).empty


@pytest.fixture(scope="module")
def seed() -> pd.DataFrame:
    return pd.read_csv(SEEDS / "advice.csv").fillna({"group_name": "", "condition": ""})


def test_every_group_has_advice_for_everybody(seed):
    unconditional = seed[seed["condition"] == ""]
    segments = pd.read_csv(SEEDS / "rfm_segments.csv")["rfm_segment"]
    clusters = pd.read_csv(SEEDS / "cluster_names.csv")
    palette = pd.read_csv(SEEDS / "palette_groups.csv")["palette_group"]
    expected = {("segment", name) for name in segments} | {("palette", name) for name in palette}
    expected |= {(row.clustering, row.cluster_name) for row in clusters.itertuples()}
    expected |= {(grouping, "") for grouping in ("rfm", "behaviour", "consumption", "palette")}
    assert set(zip(unconditional["grouping_name"], unconditional["group_name"], strict=True)) == expected


def test_a_placeholder_is_filled_by_the_condition_of_its_piece(seed):
    filled = {"hours": "peak_hours", "months": "peak_months", "category": "category"}
    assert set(filled.values()) == set(PRESUMED)
    for row in seed.itertuples():
        for text in (row.advice_en, row.advice_ko):
            asked = {name for _, name, _, _ in Formatter().parse(text) if name}
            assert {filled[name] for name in asked} <= {row.condition}, text


def test_every_condition_is_in_words(seed):
    worded = pd.read_csv(SEEDS / "advice_conditions.csv")
    assert set(seed["condition"]) - {""} == set(worded["condition"])
    assert worded.notna().all(axis=None)
