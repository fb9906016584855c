"""What the charts encode: which column is on which axis, in which colour, in which order."""

from typing import Any

import altair as alt
import pandas as pd
import pytest

from palette.report.charts import baskets, cohorts, quality, recommendations, sales, segments
from palette.report.charts.common import is_dark, ranked_bars
from palette.report.theme import ACCENT, CONTRAST, QUIET
from palette.report.words import Words

WORDS = Words("en", "GBP", {})


def layers(chart: Any) -> list[dict[str, Any]]:
    """Vega-Lite of each layer, its data put in place; a chart of one layer is a list of one."""
    spec = chart.to_dict()
    named = spec.get("datasets", {})
    found = []
    for layer in spec.get("layer", [spec]):
        data = layer.get("data", spec.get("data"))
        found.append(layer | {"rows": named.get(data.get("name"), data.get("values"))})
    return found


def fields(layer: dict[str, Any]) -> dict[str, str]:
    """Column of each channel."""
    return {
        channel: part["field"]
        for channel, part in layer["encoding"].items()
        if isinstance(part, dict) and "field" in part
    }


def mark(layer: dict[str, Any]) -> str:
    return str(layer["mark"]["type"])


def titles(layer: dict[str, Any]) -> list[str]:
    return [part["title"] for part in layer["encoding"]["tooltip"]]


def test_every_chart_is_as_wide_as_its_place():
    chart = sales.revenue_by_month(
        pd.DataFrame(
            {
                "month": ["2011-11"],
                "revenue": [1.0],
                "revenue_change": [None],
                "orders": [1],
                "customers": [1],
                "is_complete": [True],
            }
        ),
        WORDS,
    )
    assert chart.to_dict()["width"] == "container"


def test_bars_keep_the_order_of_the_frame_and_mark_the_leaders():
    frame = pd.DataFrame(
        {"name": ["b", "a"], "share": [0.6, 0.4], "text": ["60%", "40%"], "leads": [True, False]}
    )
    chart = ranked_bars(
        frame,
        label="name",
        value="share",
        text="text",
        tooltip=[alt.Tooltip("name:N", title="name")],
        marked="leads",
    )
    bars, written = layers(chart)
    assert fields(bars) == {"x": "share", "y": "name"}
    assert bars["encoding"]["y"]["sort"] == ["b", "a"]
    assert bars["encoding"]["color"]["condition"] == {"test": "datum['leads']", "value": ACCENT}
    assert bars["encoding"]["color"]["value"] == QUIET
    assert fields(written)["text"] == "text"


def test_a_cell_is_dark_above_half_of_the_largest():
    assert is_dark(pd.Series([0, 50, 56, 100])).tolist() == [False, False, True, True]
    assert is_dark(pd.Series([0, 0])).tolist() == [False, False]


@pytest.mark.parametrize("measure", ["lines", "amount"])
def test_the_waterfall_sets_what_was_dropped_after_what_was_left(measure):
    steps = pd.DataFrame(
        {
            "label": ["raw", "duplicates"],
            "lines_left": [10, 7],
            "lines_dropped": [0, 3],
            "amount_left": [90.0, 100.0],
            "amount_dropped": [0.0, -10.0],
        }
    )
    kept, gone = layers(sales.waterfall(steps, measure, WORDS))
    assert fields(kept) == {"x": f"{measure}_left", "y": "label"}
    assert fields(gone) == {"x": f"{measure}_left", "x2": "before", "y": "label"}
    assert gone["mark"]["color"] == CONTRAST
    assert [row["before"] for row in gone["rows"]] == [
        10 if measure == "lines" else 90,
        10 if measure == "lines" else 90,
    ]


DAILY = pd.DataFrame(
    {
        "date_day": pd.to_datetime(["2019-08-14", "2019-08-15"]),
        "revenue": [5.0, 7.0],
        "orders": [1, 2],
        "is_holiday": [False, True],
        "holiday_name": [None, "Liberation Day"],
        "mean_temperature": [28.0, 29.2],
        "rainfall": [0.0, 5.6],
    }
)


def test_days_are_a_line_with_holidays_marked():
    line, holidays = layers(sales.revenue_by_day(DAILY, WORDS))
    assert (mark(line), fields(line)) == ("line", {"x": "date_day", "y": "revenue"})
    assert (mark(holidays), fields(holidays)) == ("point", {"x": "date_day", "y": "revenue"})
    assert [row["holiday_name"] for row in holidays["rows"]] == ["Liberation Day"]
    assert "Revenue (GBP)" in titles(line)
    assert [mark(layer) for layer in layers(sales.revenue_by_day(DAILY.head(1), WORDS))] == ["line"]


@pytest.mark.parametrize(
    ("measure", "kind", "zero"), [("mean_temperature", "line", False), ("rainfall", "bar", True)]
)
def test_the_weather_is_drawn_by_day(measure, kind, zero):
    (layer,) = layers(sales.weather_by_day(DAILY, measure, WORDS))
    assert (mark(layer), fields(layer)) == (kind, {"x": "date_day", "y": measure})
    assert layer["encoding"]["y"]["scale"]["zero"] is zero


def test_incomplete_months_are_quiet():
    months = pd.DataFrame(
        {
            "month": ["2011-11", "2011-12"],
            "revenue": [5.0, 1.0],
            "revenue_change": [0.1, None],
            "orders": [2, 1],
            "customers": [2, 1],
            "is_complete": [True, False],
        }
    )
    (layer,) = layers(sales.revenue_by_month(months, WORDS))
    assert fields(layer) == {"x": "month", "y": "revenue"}
    assert layer["encoding"]["color"]["condition"]["test"] == "datum.is_complete"
    assert layer["encoding"]["color"]["value"] == QUIET
    tooltip = {part["title"]: part["format"] for part in layer["encoding"]["tooltip"] if "format" in part}
    assert tooltip["Revenue (GBP)"] == ",.2f"


def test_money_without_decimals_has_none_in_a_chart():
    months = pd.DataFrame(
        {
            "month": ["2019-07"],
            "revenue": [5.0],
            "revenue_change": [None],
            "orders": [2],
            "customers": [2],
            "is_complete": [True],
        }
    )
    (layer,) = layers(sales.revenue_by_month(months, Words("ko", "KRW", {})))
    tooltip = {part["title"]: part.get("format") for part in layer["encoding"]["tooltip"]}
    assert tooltip["매출 (KRW)"] == ",.0f"


def test_the_week_begins_on_monday():
    hours = pd.DataFrame({"day": ["Tue"], "hour_of_day": [9], "revenue": [5.0], "orders": [1]})
    (layer,) = layers(sales.week_heatmap(hours, WORDS))
    assert fields(layer) == {"x": "hour_of_day", "y": "day", "color": "revenue"}
    assert layer["encoding"]["y"]["sort"] == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


@pytest.mark.parametrize("measure", ["revenue", "revenue_per_customer"])
def test_women_and_men_stand_side_by_side(measure):
    groups = pd.DataFrame(
        {
            "gender_label": ["Women", "Men"],
            "age_band": ["40", "40"],
            "revenue": [9.0, 4.0],
            "revenue_per_customer": [3.0, 2.0],
            "customers": [3, 2],
        }
    )
    (layer,) = layers(sales.demographics(groups, measure, WORDS))
    assert fields(layer) == {
        "x": "age_band",
        "xOffset": "gender_label",
        "y": measure,
        "color": "gender_label",
    }


def test_a_segment_is_two_points_and_the_way_between():
    profiles = pd.DataFrame(
        {
            "label": ["VIP", "Promising"],
            "customers": [1, 3],
            "customer_share": [0.25, 0.75],
            "revenue_share": [0.7, 0.3],
            "monetary_mean": [70.0, 10.0],
        }
    )
    link, dots = layers(segments.segment_shares(profiles, WORDS))
    assert fields(link) == {"x": "customer_share", "x2": "revenue_share", "y": "label"}
    assert fields(dots) == {"x": "share", "y": "label", "color": "measure", "shape": "measure"}
    assert {(row["label"], row["measure"], row["share"]) for row in dots["rows"]} == {
        ("VIP", "Share of customers", 0.25),
        ("VIP", "Share of revenue", 0.7),
        ("Promising", "Share of customers", 0.75),
        ("Promising", "Share of revenue", 0.3),
    }
    assert dots["encoding"]["y"]["sort"] == ["VIP", "Promising"]


def test_the_best_scores_are_at_the_top_right():
    grid = pd.DataFrame(
        {
            "r_score": [5, 1],
            "f_score": [5, 1],
            "customers": [1200, 3],
            "revenue_share": [0.9, 0.1],
            "monetary_mean": [9.0, 1.0],
        }
    )
    cells, text = layers(segments.rfm_grid(grid, WORDS))
    assert fields(cells) == {"x": "f_score", "y": "r_score", "color": "customers"}
    assert cells["encoding"]["y"]["sort"] == "descending"
    assert [row["text"] for row in text["rows"]] == ["1,200", "3"]


def test_contribution_is_a_line_a_dimension_against_one():
    classes = pd.DataFrame(
        {
            "label": ["Recency"],
            "class": [9],
            "percent": [0.1],
            "amount_contribution": [0.3],
            "contribution_effect": [3.0],
        }
    )
    own_size, lines, points = layers(segments.contribution(classes, WORDS))
    assert own_size["encoding"]["y"]["datum"] == 1
    assert fields(lines) == {"x": "class", "y": "contribution_effect", "color": "label"}
    assert fields(points) == {"x": "class", "y": "contribution_effect", "color": "label", "shape": "label"}
    assert points["encoding"]["shape"]["legend"] is None


@pytest.mark.parametrize("measure", ["inertia", "silhouette"])
def test_the_chosen_number_of_clusters_is_marked(measure):
    candidates = pd.DataFrame({"k": [2, 3], measure: [9.0, 4.0], "is_chosen": [False, True]})
    line, points, chosen = layers(segments.diagnostics(candidates, measure, WORDS))
    assert fields(line) == fields(points) == fields(chosen) == {"x": "k", "y": measure}
    assert chosen["transform"] == [{"filter": "datum.is_chosen"}]
    assert chosen["mark"]["shape"] == "diamond"


def test_profiles_are_coloured_both_ways_from_the_mean():
    centres = pd.DataFrame(
        {
            "label": ["Champions", "Newcomers", "Others"],
            "feature_label": ["Recency", "Recency", "Recency"],
            "mean": [3.0, 9.0, 5.9],
            "overall_mean": [6.0, 6.0, 6.0],
            "standardised_mean": [-1.5, 0.25, -0.02],
        }
    )
    cells, text = layers(segments.profiles(centres, WORDS))
    assert fields(cells) == {"x": "label", "y": "feature_label", "color": "standardised_mean"}
    assert cells["encoding"]["color"]["scale"]["domain"] == [-2, 2]
    assert [row["text"] for row in text["rows"]] == ["-1.5", "+0.2", "+0.0"]


def test_components_tell_clusters_apart_by_colour_and_shape():
    customers = pd.DataFrame(
        {"customer_id": ["1"], "label": ["Champions"], "component_1": [0.5], "component_2": [-1.0]}
    )
    (layer,) = layers(segments.components(customers, ("first", "second"), WORDS))
    assert fields(layer) == {"x": "component_1", "y": "component_2", "color": "label", "shape": "label"}
    assert (layer["encoding"]["x"]["title"], layer["encoding"]["y"]["title"]) == ("first", "second")


def test_the_palette_is_behaviour_by_taste():
    groups = pd.DataFrame(
        {
            "behaviour": ["a"],
            "behaviour_label": ["A"],
            "consumption_label": ["B"],
            "customers": [30],
            "customer_share": [0.25],
        }
    )
    cells, text = layers(segments.palette_matrix(groups, WORDS))
    assert fields(cells) == {"x": "consumption_label", "y": "behaviour_label", "color": "customers"}
    assert [row["text"] for row in text["rows"]] == ["30 (25.0%)"]
    assert "orient" not in cells["encoding"]["x"]["axis"]  # the second line of a label would be on the cells


def test_a_group_stacks_fitted_and_predicted_customers():
    groups = pd.DataFrame(
        {"label": ["A"], "customers": [7], "fitted_customers": [5], "predicted_customers": [2]}
    )
    (layer,) = layers(segments.fitted_and_predicted(groups, WORDS))
    assert fields(layer) == {"x": "count", "y": "label", "color": "kind", "order": "kind"}
    assert [(row["kind"], row["count"]) for row in layer["rows"]] == [("Clustered", 5), ("Predicted", 2)]


def test_confusion_has_the_same_groups_on_both_axes():
    pairs = pd.DataFrame({"actual_label": ["B", "A"], "predicted_label": ["B", "B"], "customers": [800, 1]})
    cells, text = layers(segments.confusion(pairs, WORDS))
    assert text["mark"]["opacity"] == {"expr": "bandwidth('x') < 16.5 ? 0 : 1"}  # three signs
    assert fields(cells) == {"x": "predicted_label", "y": "actual_label", "color": "customers"}
    assert cells["encoding"]["x"]["sort"] == cells["encoding"]["y"]["sort"] == ["A", "B"]


RULES = pd.DataFrame(
    {
        "antecedents": ["TEACUP", "BOX"],
        "consequents": ["SAUCER", "LID"],
        "label": ["Champions", "Newcomers"],
        "support": [0.02, 0.03],
        "confidence": [0.8, 0.6],
        "lift": [24.0, 12.0],
    }
)


def test_rules_are_support_by_confidence_coloured_by_lift():
    (layer,) = layers(baskets.rules_scatter(RULES, WORDS))
    assert fields(layer) == {"x": "support", "y": "confidence", "color": "lift"}


def test_rules_of_a_cluster_share_a_row():
    (layer,) = layers(baskets.rules_by_cluster(RULES, WORDS))
    assert (mark(layer), fields(layer)) == ("tick", {"x": "lift", "y": "label"})


def test_intervals_are_bars_in_the_order_of_their_days():
    bins = pd.DataFrame(
        {
            "label": ["0", "1-7"],
            "intervals": [1, 3],
            "interval_share": [0.25, 0.75],
            "cumulative_share": [0.25, 1.0],
        }
    )
    bars, text = layers(cohorts.intervals(bins, WORDS))
    assert fields(bars) == {"x": "interval_share", "y": "label"}
    assert bars["encoding"]["y"]["sort"] == ["0", "1-7"]
    assert [row["text"] for row in text["rows"]] == ["25.0%", "75.0%"]


def test_a_drift_is_a_line_a_cluster():
    months = pd.DataFrame(
        {
            "month": ["2019-07", "2019-08"],
            "label": ["A", "A"],
            "centre_distance": [0.5, 0.25],
            "customers": [5, 6],
        }
    )
    (line,) = layers(segments.drift(months, WORDS))
    assert fields(line) == {"x": "month", "y": "centre_distance", "color": "label", "shape": "label"}


def test_models_are_points_with_their_interval_and_the_hybrid_stands_out():
    metrics = pd.DataFrame(
        {
            "label": ["Hybrid", "EASE"],
            "model": ["hybrid", "ease"],
            "value": [0.14, 0.1],
            "ci_low": [0.13, 0.09],
            "ci_high": [0.15, 0.11],
            "customers": [5, 5],
        }
    )
    ranges, points = layers(recommendations.intervals(metrics, "nDCG@10", "hybrid", WORDS))
    assert fields(ranges) == {"x": "ci_low", "x2": "ci_high", "y": "label"}
    assert fields(points) == {"x": "value", "y": "label"}
    assert points["encoding"]["color"]["condition"] == {"test": "(datum.model === 'hybrid')", "value": ACCENT}
    assert ranges["encoding"]["x"]["title"] == "nDCG@10"


def test_rule_costs_are_changes_with_their_interval_around_nothing():
    costs = pd.DataFrame(
        {
            "label": ["Next: never Tobacco"],
            "value_without": [0.2],
            "value_with": [0.19],
            "change": [-0.01],
            "change_low": [-0.02],
            "change_high": [0.0],
        }
    )
    nothing, ranges, points = layers(recommendations.rule_costs(costs, "change", WORDS))
    assert nothing["encoding"]["x"]["datum"] == 0
    assert fields(ranges) == {"x": "change_low", "x2": "change_high", "y": "label"}
    assert fields(points) == {"x": "change", "y": "label"}


def test_a_customer_history_is_a_bar_a_month():
    months = pd.DataFrame({"month": ["2011-11"], "revenue": [5.0], "orders": [1]})
    (layer,) = layers(recommendations.customer_history(months, WORDS))
    assert (mark(layer), fields(layer)) == ("bar", {"x": "month", "y": "revenue"})


def test_states_are_stacked_by_suite_and_by_build():
    by_suite = pd.DataFrame({"suite_label": ["Marts"], "state": ["Holds"], "expectations": [9]})
    by_build = pd.DataFrame({"build": ["2026-11-22 06:00"], "state": ["Holds"], "expectations": [9]})
    (suites,) = layers(quality.states(by_suite, WORDS))
    (builds,) = layers(quality.history(by_build, WORDS))
    assert fields(suites) == {"x": "expectations", "y": "suite_label", "color": "state"}
    assert fields(builds) == {"x": "build", "y": "expectations", "color": "state"}
    assert suites["encoding"]["color"]["scale"]["domain"] == ["Holds", "Does not hold"]
