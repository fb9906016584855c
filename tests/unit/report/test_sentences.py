"""What sections say of a handful of rows, worked out by hand."""

import datetime

import duckdb
import pandas as pd
import pytest

from palette.report import frames
from palette.report.marts import Groups, Marts
from palette.report.sections import (
    baskets,
    changes,
    cleaning,
    clusters,
    cohorts,
    offers,
    overview,
    palette,
    quality,
    rfm,
    sales,
    worth,
)
from palette.report.sections.common import advice_by_group
from palette.report.words import Words

WORDS = Words("en", "GBP", {})
JUDGED = {"list_name": "discover", "metric": "ndcg", "k": 10, "fold": 0, "segment": "all", "part": "all"}
WHOLE = pd.DataFrame({"customers": [4], "revenue": [100.0]})


def marts(**tables: pd.DataFrame) -> Marts:
    """Marts of the retailer `shop` with these rows, of four customers and £100 in all."""
    connection = duckdb.connect()
    for name, rows in ({"retailer_overview": WHOLE} | tables).items():
        connection.register("rows", rows.assign(retailer="shop"))
        connection.execute(f"create table {name} as select * from rows")
    return Marts(connection, "shop")


def waterfall(dropped: list[int]) -> pd.DataFrame:
    left = [10 - sum(dropped[: place + 1]) for place in range(len(dropped))]
    return pd.DataFrame(
        {
            "step_number": range(len(dropped)),
            "step": ["raw", "exact duplicate", "service line"],
            "lines_dropped": dropped,
            "lines_left": left,
            "amount_dropped": [0.0, 5.0, -20.0 if dropped[2] else 0.0],
            "amount_left": [100.0, 95.0, 115.0],
        }
    )


def test_cleaning_names_the_steps_that_took_most_lines_and_most_money():
    section = cleaning.build(marts(cleaning_waterfall=waterfall([0, 3, 1])), WORDS)
    assert section.sentence.startswith("6 of 10 lines are kept (60.0%);")
    lines, amounts, steps = section.figures
    assert lines.sentence == "Most lines, 3, were dropped for: Exact duplicate."
    assert amounts.sentence == (
        "The step that moved the amount most, by -£20.00, is: Service line. £115.00 are left."
    )
    assert steps.body.rows[1] == ["Exact duplicate", "3", "7", "£5.00", "£95.00"]


def test_a_cleaning_without_steps_dropped_nothing():
    section = cleaning.build(marts(cleaning_waterfall=waterfall([0, 0, 0]).head(1)), WORDS)
    assert [figure.sentence for figure in section.figures[:2]] == ["No line was dropped."] * 2


@pytest.mark.parametrize(("dropped", "shown"), [(4, False), (5, True), (0, True)])
def test_an_anonymous_report_says_no_amount_of_a_few_lines(dropped, shown):
    given = marts(cleaning_waterfall=waterfall([0, 5, dropped]))
    section = cleaning.build(Groups(given._connection, "shop"), WORDS)
    assert [figure.key for figure in section.figures] == ["lines", *(["amounts"] * shown), "steps"]
    assert len(section.figures[-1].body.header) == (5 if shown else 3)
    assert ("amount" in str(section.figures[0].body.chart.to_dict())) is False


def test_cleaning_that_dropped_nothing_says_so():
    section = cleaning.build(marts(cleaning_waterfall=waterfall([0, 0, 0])), WORDS)
    assert [figure.sentence for figure in section.figures[:2]] == ["No line was dropped."] * 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (0.25, "revenue rose by 25.0% on the month before, to £500.00."),
        (-0.1, "revenue fell by 10.0% on the month before, to £500.00."),
        (None, "The data do not hold two whole months in a row to compare."),
    ],
)
def test_the_overview_says_what_changed(change, said):
    months = pd.DataFrame(
        {
            "month_start": [datetime.date(2011, 11, 1), datetime.date(2011, 12, 1)],
            "revenue": [500.0, 90.0],
            "revenue_change": [change, None],
        }
    ).astype({"revenue_change": float})
    when = "" if change is None else "In Nov 2011, the last month that can be compared, "
    assert overview._what_changed(marts(sales_monthly=months), WORDS) == when + said


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.01, 0.03, "significantly better than the best single model, Linear item model (EASE) (0.120)"),
        (-0.01, 0.03, "not told apart from the best single model, Linear item model (EASE) (0.120)"),
        (-0.03, -0.01, "not told apart from the best single model, Linear item model (EASE) (0.120)"),
    ],
)
def test_a_list_is_judged_by_the_interval_of_its_lead(low, high, verdict):
    metrics = pd.DataFrame(
        {
            **JUDGED,
            "model": ["hybrid", "ease", "popularity"],
            "value": [0.14, 0.12, 0.05],
            "ci_low": [0.13, 0.11, 0.04],
            "ci_high": [0.15, 0.13, 0.06],
            "customers": [1318, 1318, 1318],
            "hybrid_lead_low": [None, low, 0.05],
            "hybrid_lead_high": [None, high, 0.09],
        }
    )
    made_by = pd.DataFrame({"list_name": ["discover"], "model": ["hybrid"]})
    own = marts(recommendation_metrics=metrics, recommendation_choices=made_by)
    [figure] = offers._worth(own, WORDS)
    assert figure.title == "Discover: what past lists were worth"
    assert figure.sentence == f"The hybrid reaches 0.140 (0.130 to 0.150), {verdict}; 1,318 customers."
    own = marts(recommendation_metrics=metrics, recommendation_choices=made_by.assign(model="ease"))
    [figure] = offers._worth(own, WORDS)
    assert figure.sentence == (
        "Linear item model (EASE) makes this list and reaches 0.120 (0.110 to 0.130): the hybrid (0.140) was "
        "found significantly worse than a single model; 1,318 customers."
    )


def test_choices_are_told_for_the_lists_that_there_are():
    choices = pd.DataFrame(
        {
            "list_name": ["push", "next", "again", "online_offers"],
            "model": ["ease", "hybrid", "hybrid", "hybrid"],
            "ndcg": [0.5, 0.4, None, None],
            "runner_up": ["als", None, None, None],
            "runner_up_ndcg": [0.45, None, None, None],
            "customers": [1318, 40, None, None],
            "judged_until": [datetime.date(2011, 12, 9), datetime.date(2011, 12, 9), None, None],
        }
    )
    offered = pd.DataFrame({"list_name": ["again", "next", "push"], "customer_id": ["a", "a", "b"]})
    figure = offers._choices(marts(recommendation_choices=choices, recommendations=offered), WORDS)
    assert figure.sentence == "A single model makes 1 of 3 lists, the hybrid the others."
    assert figure.body.rows == [
        ["Buy again", "Hybrid of all", "not judged yet", "", "", ""],
        ["Next purchase", "Hybrid of all", "0.400", "", "40", "9 Dec 2011"],
        [
            *("Push", "Linear item model (EASE)", "0.500"),
            *("Latent factors (ALS) (0.450)", "1,318", "9 Dec 2011"),
        ],
    ]


def test_a_single_model_is_not_compared():
    metrics = pd.DataFrame(
        {**JUDGED, "model": ["ease"], "value": [0.1], "ci_low": [0.1], "ci_high": [0.1], "customers": [5]}
    )
    made_by = pd.DataFrame({"list_name": ["discover"], "model": ["ease"]})
    [figure] = offers._worth(marts(recommendation_metrics=metrics, recommendation_choices=made_by), WORDS)
    assert figure.sentence == "Only one model was judged on this list."
    assert figure.marts == ("recommendation_metrics", "recommendation_choices")


def test_without_a_choice_the_hybrid_is_what_is_compared():
    metrics = pd.DataFrame(
        {
            **JUDGED,
            "metric": ["ndcg", "hit_rate", "ndcg", "hit_rate"],
            "model": ["hybrid", "hybrid", "ease", "ease"],
            "value": [0.14, 0.5, 0.12, 0.75],
            "ci_low": [0.13, None, 0.11, None],
            "ci_high": [0.15, None, 0.13, None],
        }
    )
    none = pd.DataFrame({"list_name": ["discover"], "model": ["ease"]})
    for choices, share in ((none, "75.0%"), (none.iloc[:0], "50.0%")):
        own = marts(recommendation_metrics=metrics, recommendation_choices=choices)
        assert f"{share} of" in offers._all_metrics(own, WORDS).sentence


def test_rules_that_surely_cost_are_counted():
    costs = pd.DataFrame(
        {
            "list_name": "next",
            "rule": ["all rules", "never_category: Tobacco", "at_most_per_category: 3"],
            "metric": "ndcg",
            "k": 10,
            "value_without": 0.2,
            "value_with": [0.1, 0.19, 0.2],
            "change": [-0.1, -0.01, 0.0],
            "change_low": [-0.2, -0.02, -0.01],
            "change_high": [-0.05, -0.005, 0.01],
        }
    )
    assert offers._rule_costs(marts(recommendation_rule_costs=costs), WORDS).sentence == (
        "1 of 2 rules surely cost accuracy; the dearest is Next purchase: never Tobacco (-0.010)."
    )


def test_customers_shown_are_of_different_segments_with_most_lists_first():
    customers = pd.DataFrame(
        {
            "customer_id": ["1", "2", "3", "4"],
            "rfm_segment": ["VIP", "VIP", "Promising", "Hibernating"],
            "revenue": [50.0, 90.0, 10.0, 5.0],
        }
    )
    lists = pd.DataFrame(
        {"customer_id": ["1", "1", "2", "3", "3"], "list_name": ["next", "push", "next", "next", "again"]}
    )
    shown = offers.example_customers(marts(customer_360=customers, recommendations=lists))
    assert shown == ["1", "3"]


def expectations(success: list[bool]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "suite": "marts",
            "relation": ["orders", "customers"],
            "column_name": ["revenue", None],
            "expectation": "expect",
            "rule": ["is a number", "are unique"],
            "severity": ["warning", "critical"],
            "success": success,
            "unexpected_count": [0 if held else 2 for held in success],
            "element_count": [5, 4],
        }
    )


LACKING = pd.DataFrame(
    {
        "table_name": ["recommendations"],
        "retailer": ["shop"],
        "list_name": ["push"],
        "check_name": ["assert_recommendations_are_not_bought"],
        "rows_found": [3],
    }
)


def test_what_is_withheld_comes_before_all_else():
    now = expectations([True, True])
    history = now.assign(build_id="b1", built_at=pd.Timestamp("2026-11-20 06:00"))
    section = quality.build(marts(quality_results=now, quality_history=history, withheld=LACKING), WORDS)
    lacking = section.figures[0]
    assert lacking.sentence == "A check found 1 part of this warehouse wrong; the rows were taken out."
    assert lacking.body.rows == [
        ["recommendations", "shop", "push", "assert_recommendations_are_not_bought", "3"]
    ]


def test_what_does_not_hold_comes_first_with_its_history():
    now, before = expectations([True, False]), expectations([True, True])
    history = pd.concat(
        [
            before.assign(build_id="b1", built_at=pd.Timestamp("2026-11-20 06:00")),
            now.assign(build_id="b2", built_at=pd.Timestamp("2026-11-21 06:00")),
        ]
    )
    section = quality.build(marts(quality_results=now, quality_history=history, withheld=LACKING[:0]), WORDS)
    assert section.sentence == "Of 2 expectations 1 does not hold, 1 of them critical."
    states, past, every = section.figures
    assert states.sentence == "Most is amiss in customers, of whose expectations 1 does not hold."
    assert past.sentence == "In 1 of the last 2 builds everything held."
    assert every.body.rows == [
        ["Does not hold", "customers", "are unique", "critical", "2", "4", "●○"],
        ["Holds", "orders.revenue", "is a number", "warning", "0", "5", "●●"],
    ]
    assert list(every.body.flagged) == [0]


def test_when_all_holds_the_history_begins():
    now = expectations([True, True])
    history = now.assign(build_id="b1", built_at=pd.Timestamp("2026-11-20 06:00"))
    section = quality.build(marts(quality_results=now, quality_history=history, withheld=LACKING[:0]), WORDS)
    assert section.sentence == "All expectations hold: 2."
    assert section.figures[1].sentence == "The history begins with this build."
    assert list(section.figures[2].body.flagged) == []


def test_the_weather_is_compared_with_revenue():
    daily = pd.DataFrame(
        {
            "date_day": pd.to_datetime(["2019-07-01", "2019-07-02"]),
            "mean_temperature": [20.0, 25.0],
            "rainfall": [0.0, 0.0],
        }
    )
    found = pd.DataFrame(
        {"measure": ["mean_temperature", "rainfall"], "days": [2, 2], "revenue_correlation": [-0.42, None]}
    )
    rain, temperature = sales._weather(marts(sales_daily=daily, weather_correlation=found), WORDS)
    assert temperature.sentence == "Over 2 days revenue shows a medium correlation with it (-0.42)."
    assert rain.sentence == "Over 2 days there is too little variation to correlate it with revenue."


def test_products_of_one_name_are_told_apart():
    sold = pd.DataFrame(
        {
            "product_id": ["7", "8", "9"],
            "product_name": ["CUP", "CUP", "BOWL"],
            "revenue": [60.0, 30.0, 10.0],
            "orders": 1,
            "customers": 1,
        }
    )
    [figure] = sales._ranking(marts(product_sales=sold), WORDS, "product", "product_sales", "product_name")
    assert figure.sentence == "CUP (7) leads 3 products with £60.00, 60.0% of the revenue."


BRIDGE = {
    "month_start": pd.to_datetime(["2019-07-01", "2019-08-01"]).date,
    "is_complete": True,
    "previous_revenue": [0.0, 100.0],
    "revenue": [100.0, 120.0],
    "new_revenue": [100.0, 40.0],
    "won_back_revenue": [0.0, 5.0],
    "more_revenue": [0.0, 15.0],
    "less_revenue": [0.0, -10.0],
    "lost_revenue": [0.0, -30.0],
    "new_customers": 9,
    "won_back_customers": 9,
    "more_customers": 9,
    "less_customers": 9,
    "lost_customers": 4,
}


def test_a_month_is_led_to_from_the_one_before():
    figure = changes._bridge(marts(revenue_bridge=pd.DataFrame(BRIDGE)), WORDS)
    assert figure.sentence == (
        "Customers who came or spent more brought £60.00 more, "
        "those who spent less or stayed away £40.00 less."
    )
    drawn = figure.body.chart.to_dict()["datasets"].values()
    steps = next(rows for rows in drawn if "start" in rows[0])
    ends = [(row["start"], row["end"]) for row in steps]
    assert ends == [(100, 140), (140, 145), (145, 160), (160, 150), (150, 120)]


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (100.0, "£120.00, 20.0% more than the month before."),
        (160.0, "£120.00, 25.0% less than the month before."),
        (0.0, "£120.00, the month before nothing."),
    ],
)
def test_the_latest_whole_month_is_set_beside_the_one_before(before, said):
    months = pd.DataFrame(BRIDGE).assign(previous_revenue=before)
    assert changes._last_month(marts(revenue_bridge=months), WORDS) == f"Aug 2019 brought {said}"


def test_without_two_whole_months_nothing_is_compared():
    figure = changes._bridge(marts(revenue_bridge=pd.DataFrame(BRIDGE).assign(is_complete=False)), WORDS)
    assert figure.body is None
    assert figure.sentence == "There are no two whole months beside each other to compare."


def test_few_customers_of_a_part_are_no_part_of_an_anonymous_report():
    months = marts(revenue_bridge=pd.DataFrame(BRIDGE))
    months.anonymous = True
    figure = changes._bridge(months, WORDS)
    assert figure.body is None
    assert figure.sentence == "There are too few customers to show this without single ones."


def test_who_fell_and_what_is_at_risk_is_said_of_the_latest_whole_month():
    moves = pd.DataFrame(
        {
            "month_end": pd.to_datetime(["2019-07-31"] + ["2019-08-31"] * 4 + ["2019-09-09"]).date,
            "is_complete": [True] * 5 + [False],
            "grouping_name": ["segment"] * 3 + ["rfm"] + ["segment"] * 2,
            "from_group": ["VIP", "VIP", "At-Risk", "one", "new", "VIP"],
            "to_group": ["At-Risk", "At-Risk", "VIP", "two", "VIP", "At-Risk"],
            "direction": ["down", "down", "up", None, "new", "down"],
            "customers": [9, 6, 5, 3, 2, 8],
            "revenue_before": 1.0,
            "revenue_after": 1.0,
            "revenue_at_risk": [90.0, 60.5, 0.0, 0.0, 0.0, 80.0],
        }
    )
    segments = pd.DataFrame({"rfm_segment": ["VIP", "At-Risk"], "revenue_share": [0.7, 0.3]})
    figure = changes._migrations(marts(segment_migrations=moves, rfm_segment_profiles=segments), WORDS)
    assert figure.sentence == (
        "In Aug 2019 6 customers fell to a lower segment, who brought £60.50 in twelve months; 5 rose."
    )
    drawn = next(iter(figure.body.chart.to_dict()["datasets"].values()))
    cells = {(row["origin"], row["target"]): row["text"] for row in drawn}
    assert cells == {("VIP", "At-Risk"): "6", ("At-Risk", "VIP"): "5", ("New", "VIP"): "2"}
    nothing = changes._migrations(marts(segment_migrations=moves.assign(is_complete=False)), WORDS)
    assert (nothing.body, nothing.sentence) == (
        None,
        "There are no two month ends beside each other to compare.",
    )


def test_who_came_back_is_counted_over_months_that_are_over():
    month = pd.to_datetime(["2019-07-01"] * 3 + ["2019-08-01"] * 2).date
    months = pd.DataFrame(
        {
            "cohort_month": month,
            "months_since": [0, 1, 2, 0, 1],
            "customers": [10, 10, 10, 30, 30],
            "active_customers": [10, 5, 2, 30, 3],
            "active_share": [1.0, 0.5, 0.2, 1.0, 0.1],
            "is_complete": [True, True, False, True, True],
            "is_before_data": [True, True, True, False, False],
        }
    )
    figure = cohorts._heatmap(marts(cohorts=months), WORDS)
    assert figure.sentence == "20.0% of the customers buy again in the month after their first."
    assert figure.note.endswith("The first month holds customers who came before the data begin.")
    drawn = next(iter(figure.body.chart.to_dict()["datasets"].values()))
    cells = [(row["month"], row["months_since"], row["text"]) for row in drawn]
    assert cells == [("2019-07", 1, "50"), ("2019-08", 1, "10")]
    unended = marts(cohorts=months.assign(is_complete=False))
    nothing = cohorts._heatmap(unended, WORDS)
    assert (nothing.body, nothing.sentence) == (None, "No month after a first purchase is over yet.")


def test_customers_of_many_orders_are_one_bar():
    numbers = pd.DataFrame(
        {
            "orders": [1, 9, 10, 11],
            "customers": [6, 2, 1, 1],
            "customer_share": [0.6, 0.2, 0.1, 0.1],
            "revenue_share": [0.25, 0.25, 0.25, 0.25],
        }
    )
    figure = cohorts._by_orders(marts(customers_by_orders=numbers), WORDS)
    assert figure.sentence == "60.0% of the customers ordered once and bring 25.0% of the revenue."
    drawn = next(iter(figure.body.chart.to_dict()["datasets"].values()))
    assert [(row["label"], row["customers"]) for row in drawn] == [("1", 6), ("9", 2), ("10+", 2)]
    months = {"cohort_month": [], "months_since": [], "is_complete": [], "is_before_data": []}
    bins = {"rfm_segment": [], "days_from": [], "intervals": []}
    own = marts(customers_by_orders=numbers, cohorts=pd.DataFrame(months), order_intervals=pd.DataFrame(bins))
    section = cohorts.build(own, WORDS)
    assert section.sentence == (
        "40.0% of the customers ordered twice or more; they bring 75.0% of the revenue."
    )


@pytest.mark.parametrize(
    ("money", "said"),
    [
        ("gross", "and the money that scores look at, are gross"),
        ("net", "it is in the money that scores look at"),
    ],
)
def test_what_came_back_is_said_with_the_money_that_scores_look_at(money, said):
    sold = pd.DataFrame(
        {
            "product_id": ["7", "8", "9"],
            "product_name": ["CUP", "CUP", "BOWL"],
            "revenue": [60.0, 30.0, 10.0],
            "returned_revenue": [15.0, 0.0, 10.0],
            "return_rate": [0.25, 0.0, 1.0],
        }
    )
    whole = pd.DataFrame({"returned_revenue": [25.0], "return_rate": [0.25], "net_revenue": [75.0]})
    shop = pd.DataFrame({"money": [money]})
    [figure] = sales._returned(marts(product_sales=sold, retailer_overview=whole, retailers=shop), WORDS)
    assert figure.sentence == "£25.00 were given back, 25.0% of the revenue; £75.00 are left."
    assert said in figure.note
    drawn = figure.body.chart.to_dict()
    assert [row["product_name"] for row in next(iter(drawn["datasets"].values()))] == ["CUP (7)", "BOWL"]


def test_a_shop_that_took_nothing_back_says_nothing_of_it():
    whole = pd.DataFrame({"returned_revenue": [0.0], "return_rate": [0.0], "net_revenue": [75.0]})
    assert sales._returned(marts(retailer_overview=whole), WORDS) == []


def test_a_shop_in_one_country_needs_no_chart_of_it():
    sold = pd.DataFrame({"country": ["France"], "revenue": [60.0], "customers": [4]})
    [figure] = sales._ranking(marts(sales_by_country=sold), WORDS, "country", "sales_by_country", "country")
    assert (figure.sentence, figure.body) == ("All customers are from France.", None)


def test_what_the_data_do_not_hold_is_not_shown():
    nowhere = pd.DataFrame({"country": [None], "revenue": [60.0]}, dtype=object)
    assert (
        sales._ranking(marts(sales_by_country=nowhere), WORDS, "country", "sales_by_country", "country") == []
    )
    daily = pd.DataFrame({"date_day": pd.to_datetime(["2019-07-01"]), "rainfall": [None]})
    none = pd.DataFrame({"measure": [], "days": [], "revenue_correlation": []})
    assert sales._weather(marts(sales_daily=daily, weather_correlation=none), WORDS) == []
    assert sales._by_demographic(marts(sales_by_demographic=people(["unknown"], ["unknown"])), WORDS) == []
    nobody = pd.DataFrame({"palette_group": [], "behaviour": [], "consumption": []})
    assert palette.build(marts(palette_matrix=nobody), WORDS) is None


def people(genders: list[str], ages: list[str]) -> pd.DataFrame:
    """Groups of two customers, with 10, 20 ... in revenue."""
    revenue = [10.0 * (number + 1) for number in range(len(genders))]
    return pd.DataFrame({"gender": genders, "age_band": ages, "customers": 2, "revenue": revenue})


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        (
            people(["F", "M"], ["30", "20"]),
            "Men of age band 20 spend most per head: £10.00; they are 2 customers.",
        ),
        (
            people(["unknown"] * 2, ["30", "20"]),
            "Age band 20 spends most per head: £10.00; they are 2 customers.",
        ),
        (people(["F", "M"], ["unknown"] * 2), "Men spend most per head: £10.00; they are 2 customers."),
    ],
)
def test_ages_need_no_gender_and_genders_no_age(groups, said):
    figures = sales._by_demographic(marts(sales_by_demographic=groups), WORDS)
    assert [figure.sentence for figure in figures][1] == said


def test_advice_says_for_whom_it_is():
    pieces = pd.DataFrame(
        {
            "grouping_name": ["segment", "segment", "rfm"],
            "group_name": ["VIP", "VIP", "VIP"],
            "advice_number": [2, 1, 1],
            "advice_en": ["Thank.", "Welcome.", "Wrong."],
            "condition_en": [None, "customers with one order", None],
        }
    )
    told = advice_by_group(marts(group_advice=pieces), WORDS, "segment")
    assert told == {"VIP": "Welcome. For: customers with one order. Thank."}


DECILES = {
    "horizon_days": [90, 90, 90, 90, 28],
    "value_decile": [1, 2, 3, 4, 4],
    "customers": [2, 2, 2, 1, 1],
    "expected_revenue": [0.0, 100.0, 300.0, 600.0, 7.0],
    "revenue_share": [0.0, 0.1, 0.3, 0.6, 1.0],
    "purchase_probability": [0.1, 0.2, 0.3, 0.75, 0.1],
}
CHOICES = {
    "horizon_days": [28, 90, 365],
    "model": ["trees", "bg_nbd", None],
    "mae": [1.5, 2.5, None],
    "spent_before_mae": [2.0, 3.0, None],
    "bias": [0.05, -0.25, None],
    "bias_low": [-0.01, -0.3, None],
    "bias_high": [0.1, -0.2, None],
    "is_total_within_tenth": [True, False, None],
    "customers": [40, 30, None],
    "judged_until": [pd.Timestamp("2011-12-09"), pd.Timestamp("2011-12-09"), pd.NaT],
}
MATRIX = {
    "value_class": ["A", "A", "B"],
    "silence": ["usual", "unusual", "unusual"],
    "customers": [6, 2, 9],
    "revenue_12_months": [900.0, 100.0, 50.0],
    "purchase_probability": [0.9, 0.2, 0.1],
    "value_at_stake": [90.0, 80.0, 45.0],
}


def test_worth_is_what_is_expected_and_how_unequal_it_is():
    own = marts(value_deciles=pd.DataFrame(DECILES))
    assert worth._expected(own, WORDS) == (
        "In the next 90 days customers are expected to bring £1K, 60.0% of it the best 1 customer, "
        "a tenth of all."
    )
    assert worth._deciles(own, WORDS).sentence == (
        "The better half is expected to bring 90.0%; one of the best tenth orders "
        "with a probability of 75.0%."
    )
    nothing = marts(value_deciles=pd.DataFrame(DECILES).assign(expected_revenue=0.0))
    said = "Nothing is expected of the customers in the next 90 days."
    assert worth._expected(nothing, WORDS) == worth._deciles(nothing, WORDS).sentence == said
    assert worth._deciles(nothing, WORDS).body is None


def test_of_a_few_nothing_is_claimed_in_an_anonymous_report():
    tables = {"value_risk_matrix": pd.DataFrame(MATRIX), "value_deciles": pd.DataFrame(DECILES)}
    empty = {"value_choices": pd.DataFrame(CHOICES).iloc[:0]}
    section = worth.build(Groups(marts(**tables, **empty)._connection, "shop"), WORDS)
    keep, deciles = section.figures[:2]
    assert keep.sentence.startswith("Who of those who bring most of the revenue is silent for unusually long")
    assert section.sentence == deciles.sentence
    assert section.sentence == "There are too few customers to show this without single ones."
    assert deciles.body is None


def test_whom_to_keep_are_the_best_who_are_silent_for_unusually_long():
    figure = worth._keep(marts(value_risk_matrix=pd.DataFrame(MATRIX)), WORDS)
    assert figure.sentence == (
        "2 customers of those who bring most of the revenue, silent for unusually long by their own rhythm, "
        "brought £100.00 in twelve months."
    )
    none = pd.DataFrame(MATRIX).query("silence == 'usual'")
    assert worth._keep(marts(value_risk_matrix=none), WORDS).sentence == (
        "None of those who bring most of the revenue is silent for unusually long."
    )


def test_the_horizon_nearest_to_the_drawn_one_is_calibrated_and_says_how_far_off_it_was():
    metrics = pd.DataFrame(
        {
            "horizon_days": 90,
            "model": ["bg_nbd", "bg_nbd", "trees", "bg_nbd"],
            "segment": "all",
            "fold": [0, 0, 0, 1],
            "measure": "revenue",
            "metric": ["actual_mean", "forecast_mean", "actual_mean", "actual_mean"],
            "decile": 1,
            "customers": 10,
            "value": [4.0, 3.0, 99.0, 99.0],
            "ci_low": [3.5, 3.0, 99.0, 99.0],
            "ci_high": [4.5, 3.0, 99.0, 99.0],
        }
    )
    choices = pd.DataFrame(CHOICES)
    figure = worth._calibration(marts(value_metrics=metrics, value_choices=choices), WORDS)
    assert figure.sentence == (
        "In past windows of 90 days the total was foretold 25.0% too low (-30.0% to -20.0%), "
        "by BG/NBD and Gamma-Gamma."
    )
    spec = figure.body.chart.to_dict()
    assert next(iter(spec["datasets"].values())) == [
        {"decile": 1, "customers": 10, "actual": 4.0, "low": 3.5, "high": 4.5, "foretold": 3.0}
    ]
    unjudged = choices.assign(judged_until=pd.NaT)
    said = worth._calibration(marts(value_metrics=metrics, value_choices=unjudged), WORDS)
    assert said.body is None
    assert said.sentence.startswith("No past window could be judged")
    assert worth._choices(marts(value_choices=unjudged), WORDS).sentence == said.sentence


def test_each_horizon_says_who_forecasts_and_how_far_off_that_was():
    figure = worth._choices(marts(value_choices=pd.DataFrame(CHOICES)), WORDS)
    assert figure.sentence == (
        "Judged on past windows are 2 of 3 horizons; the total was more than 10 % off in 1."
    )
    assert figure.body.rows[0] == [
        "28 days", "gradient-boosted trees", "£1.50", "£2.00", "5.0% too high (-1.0% to 10.0%)", "40",
        "9 Dec 2011",
    ]  # fmt: skip
    assert figure.body.rows[2] == ["365 days", "not judged yet", "", "", "", "", ""]


def test_customers_to_keep_are_named_in_order_and_the_silent_stand_out():
    priorities = pd.DataFrame(
        {
            "customer_id": ["b", "a", "c"],
            "value_class": "A",
            "revenue_12_months": [100.0, 50.0, 0.0],
            "purchase_probability": [0.25, 0.5, 0.0],
            "silence_days": [9, 1, 400],
            "silence_unusual_on": [pd.Timestamp("2011-12-01"), pd.NaT, pd.NaT],
            "silence": ["unusual", "usual", "usual"],
            "value_at_stake": [75.0, 25.0, 0.0],
            "priority": [1, 2, 3],
        }
    )
    figure = worth._first(marts(customer_priorities=priorities), WORDS)
    assert figure.sentence == "£100.00 of a year's revenue are at stake with 2 customers."
    assert figure.body.rows == [
        ["b", "A", "£100.00", "25%", "9", "1 Dec 2011", "£75.00"],
        ["a", "A", "£50.00", "50%", "1", "", "£25.00"],
    ]
    assert list(figure.body.flagged) == [0]
    nothing = priorities.assign(value_at_stake=0.0)
    assert worth._first(marts(customer_priorities=nothing), WORDS).body is None


@pytest.mark.parametrize(("fallen", "hidden"), [(6, False), (2, True), (0, False)])
def test_who_fell_is_not_told_of_a_few_in_an_anonymous_report(fallen, hidden):
    outlook = pd.DataFrame(
        {
            "rfm_segment": ["At-Risk"],
            "customers": [30],
            "fallen_customers": [fallen],
            "fallen_from": ["VIP" if fallen else None],
            "value_at_stake": [12.5],
        }
    )
    for kind in (Marts, Groups):
        own = kind(marts(segment_outlook=outlook)._connection, "shop")
        said = rfm._outlook(next(frames.rows(own("segment_outlook"))), own, WORDS)
        told = f"{fallen}, most from VIP" if fallen and not (hidden and kind is Groups) else ""
        assert said == [told, "£12.50"]
    assert rfm._outlook(None, own, WORDS) == ["", ""]


def test_half_of_the_orders_come_within_the_middle_interval():
    bins = pd.DataFrame(
        {
            "rfm_segment": ["all", "all", "all", "VIP"],
            "days_from": [0, 1, 366, 0],
            "days_to": [0, 7, None, 0],
            "intervals": [1, 2, 1, 1],
            "interval_share": [0.25, 0.5, 0.25, 1.0],
            "cumulative_share": [0.25, 0.75, 1.0, 1.0],
            "days_p50": [3.5, 3.5, 3.5, 0.0],
            "days_p90": [400.0, 400.0, 400.0, 0.0],
        }
    )
    figure = cohorts._intervals(marts(order_intervals=bins), WORDS)
    assert (
        figure.sentence == "Half of the orders come within 4 days of the one before, nine in ten within 400."
    )
    drawn = next(iter(figure.body.chart.to_dict()["datasets"].values()))
    assert [(row["label"], row["intervals"]) for row in drawn] == [
        ("0", 1),
        ("1\N{EN DASH}7", 2),
        ("366+", 1),
    ]
    nothing = cohorts._intervals(marts(order_intervals=bins.assign(intervals=0)), WORDS)
    assert (nothing.sentence, nothing.body) == ("Nobody has ordered twice yet.", None)


def test_features_that_are_the_same_but_for_the_sign_are_no_pair():
    names = ["r_weekday", "r_weekend", "frequency"]
    correlations = {("r_weekend", "r_weekday"): -1.0, ("frequency", "r_weekday"): -0.25}
    correlations |= {("frequency", "r_weekend"): 0.25}
    pairs = pd.DataFrame(
        [
            ("behaviour", one, other, correlations.get((one, other), correlations.get((other, one), 1.0)))
            for one in names
            for other in names
        ],
        columns=["matrix", "feature", "other_feature", "correlation"],
    )
    [figure] = clusters._correlations(marts(feature_correlations=pairs), WORDS, "behaviour")
    assert figure.body.rows == [
        ["Frequency", "Weekday share", "-0.25"],
        ["Frequency", "Weekend share", "0.25"],
    ]
    assert figure.sentence == (
        "Frequency and Weekday share go together most closely, with a correlation of -0.25."
    )
    assert clusters._correlations(marts(feature_correlations=pairs), WORDS, "consumption") == []


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (["A"], "1 cluster has rules, and A the most: 1 rule."),
        (["A", "B", "B"], "2 clusters have rules, and B the most: 2 rules."),
        (["B", "A", "B", "A", "C"], "3 clusters have rules, and A and B the most: 2 rules."),
    ],
)
def test_clusters_with_as_many_rules_are_all_named(found, sentence):
    rules = pd.DataFrame(
        {
            "rule_id": range(len(found)),
            "cluster_name": found,
            "antecedents": "CUP",
            "consequents": "SAUCER",
            "support": 0.1,
            "lift": 2.0,
        }
    )
    assert baskets._by_cluster(marts(basket_rules=rules), WORDS).sentence == sentence


@pytest.mark.parametrize("anonymous", [False, True])
def test_a_shop_without_rules_says_so(anonymous):
    retailers = pd.DataFrame({"item_level": ["product"]})
    rules = pd.DataFrame(
        columns=["rule_id", "cluster_name", "lift", "support", "antecedent_ids", "consequent_ids"]
    )
    products = pd.DataFrame({"product_id": ["CUP"], "customers": [9]})
    of_the_shop = marts(retailers=retailers, basket_rules=rules, product_sales=products)
    of_the_shop.anonymous = anonymous
    section = baskets.build(of_the_shop, WORDS)
    assert section.sentence == WORDS("baskets.none")
    assert of_the_shop.hidden == set()


def test_a_drift_needs_two_month_ends():
    months = pd.DataFrame(
        {
            "clustering": ["rfm", "rfm", "behaviour"],
            "month_end": [datetime.date(2019, 7, 31), datetime.date(2019, 8, 31), datetime.date(2019, 7, 31)],
            "cluster_name": ["champions", "champions", "weekend"],
            "customers": [5, 6, 7],
            "centre_distance": [0.75, 0.25, 9.0],
        }
    )
    own = marts(cluster_drift=months)
    [figure] = clusters._drift(own, Words("en", "GBP", {"champions": "Champions"}), "rfm")
    assert figure.sentence == "Champions lay farthest from where they are today at the end of Jul 2019."
    assert clusters._drift(own, WORDS, "behaviour") == []


def test_what_gives_a_palette_group_away():
    features = pd.DataFrame(
        {
            "target": ["palette_group", "palette_group", "behaviour"],
            "feature": ["Food", "frequency", "r_weekend"],
            "importance": [0.25, 0.75, 1.0],
            "importance_rank": [2, 1, 1],
        }
    )
    [figure] = palette._importances(marts(palette_prediction_importances=features), WORDS)
    assert figure.sentence == "Frequency tells most of a customer's group, 75.0% of the importance."
    nothing = marts(palette_prediction_importances=features.assign(importance=0.0))
    assert palette._importances(nothing, WORDS) == []
