"""Sentences about a group, worked out by hand from a few figures."""

import pandas as pd
import pytest

from palette.segments.descriptions import SCHEMA, describe, hour_span, month_span

NAMES = pd.DataFrame({"rfm_segment": ["VIP", "Promising"], "rfm_segment_ko": ["VIP 고객", "유망한 고객"]})
MEANS = (
    *("orders_per_customer", "revenue_per_customer", "revenue_per_order", "units_per_line"),
    *("recency_days", "weekend_share", "online_share"),
)
UNTOLD = (
    *("peak_hour_start", "peak_hour_share", "peak_month_start", "peak_month_share"),
    *("segment_2", "segment_2_share", "category_1", "category_1_share", "category_2", "category_2_share"),
    "stands_apart",
)


def group(**facts: object) -> pd.DataFrame:
    """A group of which nothing stands out but what is given."""
    usual = {"retailer": "shop", "grouping_name": "rfm", "group_name": "champions", "customers": 20}
    usual |= {"customer_share": 0.2, "revenue_share": 0.5, "segment_1": "VIP", "segment_1_share": 1.0}
    means = {name: 1.0 for mean in MEANS for name in (mean, f"{mean}_of_all")}
    return pd.DataFrame([usual | means | dict.fromkeys(UNTOLD) | facts])


def english(**facts: object) -> str:
    return str(describe(group(**facts), NAMES)["description_en"].iloc[0])


def test_a_group_like_all_others_is_called_that():
    assert english() == (
        "20 customers (20.0% of all) with 50.0% of the revenue. Much like the mean of all. "
        "RFM segment: all VIP."
    )


def test_everybody_is_not_compared_with_everybody():
    assert english(customer_share=1.0, revenue_share=1.0, customers=1, grouping_name="segment") == (
        "1 customer (100.0% of all) with 100.0% of the revenue."
    )


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"orders_per_customer": 1.25}, "Against the mean of all: 1.2 times the orders a customer."),
        ({"orders_per_customer": 1.24}, "Much like the mean of all."),
        ({"revenue_per_order": 0.8}, "Against the mean of all: 0.8 times the revenue an order."),
        ({"revenue_per_order": 0.81}, "Much like the mean of all."),
        (
            {"units_per_line": 3.0, "recency_days": 12.4, "recency_days_of_all": 92.6},
            "3.0 times the units a line, last purchase 12 days ago instead of 93.",
        ),
        ({"peak_month_start": 11, "peak_month_share": 0.65}, "65.0% of their spend falls from November to"),
        (
            {"peak_hour_start": 12, "peak_hour_share": 0.293},
            "29.3% of their orders are placed between 12",
        ),
        (
            {"weekend_share": 0.5},
            "50.0% of their orders are on Saturdays and Sundays, 100.0%",
        ),
        ({"online_share": 0.0}, "0.0% of their orders are online, 100.0% of everybody's."),
        (
            {"segment_1_share": 0.6, "segment_2": "Promising", "segment_2_share": 0.4},
            "RFM segments: 60.0% VIP, 40.0% Promising.",
        ),
        ({"stands_apart": False}, "revenue. The groups do not stand apart: where one ends and the next"),
        ({"category_1": "Tea", "category_1_share": 0.3}, "They spend most on Tea (30.0%)."),
    ],
)
def test_what_stands_out_is_said(facts, sentence):
    assert sentence in english(**facts)


@pytest.mark.parametrize(
    "word", ["January", "stand apart", "Saturday", "online", " h.", "spend", "orders are"]
)
def test_what_is_not_told_is_left_unsaid(word):
    assert word not in english(online_share=None, online_share_of_all=None)


def test_both_languages_name_the_segment():
    korean = describe(group(), NAMES)["description_ko"].iloc[0]
    assert (
        korean == "고객 20명(전체의 20.0%), 매출의 50.0%. 전체 평균과 비슷하다. RFM 세그먼트: 모두 VIP 고객."
    )


def test_spans_go_round_the_clock_and_the_year():
    assert month_span(11, "en") == "from November to January"
    assert month_span(10, "ko") == "10월~12월"
    assert hour_span(12, "en") == "between 12 and 14 h"
    assert hour_span(23, "ko") == "23~1시"


def test_groups_are_in_order_and_nobody_is_nothing():
    both = pd.concat([group(group_name="b"), group(group_name="a")])
    assert describe(both, NAMES)["group_name"].tolist() == ["a", "b"]
    assert list(describe(group().head(0), NAMES).columns) == SCHEMA.names
