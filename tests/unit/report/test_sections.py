"""How sections are laid out, and the helpers they share."""

import duckdb
import pandas as pd
import pytest

from palette.report.frames import highest, rows, sample
from palette.report.marts import Marts
from palette.report.sections.baskets import _distinct
from palette.report.sections.common import POINTS, Card, Cards, Figure, Section, joined, sampled, traced
from palette.report.sections.offers import _rule_label
from palette.report.sections.quality import _builds, _track
from palette.report.sections.sales import _strength
from palette.report.words import Words

WORDS = Words("en", "GBP", {})
SOMETHING = Cards([Card("a", [])])


def section(*figures: tuple[str, bool, bool]) -> Section:
    return Section(
        "s",
        "S",
        "",
        [Figure(key, key, "", SOMETHING if shown else None, wide) for key, wide, shown in figures],
    )


@pytest.mark.parametrize(
    ("figures", "placed"),
    [
        ([("a", False, True), ("b", False, True)], [("a", False), ("b", False)]),
        ([("a", False, True), ("b", True, True)], [("a", True), ("b", True)]),
        (
            [("a", False, True), ("b", False, True), ("c", False, True)],
            [("a", False), ("b", False), ("c", True)],
        ),
        (
            [("a", False, False), ("b", False, True), ("c", False, True)],
            [("b", False), ("c", False), ("a", True)],
        ),
    ],
)
def test_no_figure_stands_beside_a_gap(figures, placed):
    assert [(figure.key, figure.wide) for figure in section(*figures).laid_out] == placed


def test_a_sample_is_the_same_every_time_and_says_so():
    frame = pd.DataFrame({"id": range(POINTS + 1)})
    drawn = sample(frame, 10, seed=3)
    assert drawn.equals(sample(frame, 10, seed=3))
    assert drawn["id"].is_monotonic_increasing
    assert not drawn.equals(sample(frame, 10, seed=4))
    assert sample(frame, POINTS + 1) is frame
    assert sampled(frame, WORDS) == "A sample of 2,000 of 2,001 is drawn."
    assert sampled(frame.head(POINTS), WORDS) == ""


def test_the_first_of_the_highest_rows_wins():
    frame = pd.DataFrame({"name": ["a", "b", "c"], "value": [1, -5, -5]})
    assert highest(frame, frame["value"])["name"] == "a"
    assert highest(frame, frame["value"].abs())["name"] == "b"
    assert [row.name for row in rows(frame)] == ["a", "b", "c"]


def test_names_are_listed_as_in_a_sentence():
    assert joined(["VIP"], WORDS) == "VIP"
    assert joined(["VIP", "Loyal", "New"], WORDS) == "VIP, Loyal and New"


@pytest.mark.parametrize(
    ("correlation", "said"),
    [(0.05, "hardly any"), (0.1, "a weak"), (-0.35, "a medium"), (0.5, "a strong"), (-0.9, "a strong")],
)
def test_a_correlation_is_named_by_its_size(correlation, said):
    assert _strength(correlation, WORDS) == said


def test_the_same_products_are_one_rule():
    rules = pd.DataFrame(
        {
            "antecedent_ids": ["a", "b", "a", "a + b", "b + c"],
            "consequent_ids": ["b", "a", "b", "c", "a"],
            "lift": [5, 5, 4, 3, 2],
        }
    )
    assert _distinct(rules)["lift"].tolist() == [5, 3]


def test_rules_of_lists_are_worded():
    assert _rule_label("leave_out_bought_within_days: 7", WORDS) == "leave out bought within 7 days"
    assert _rule_label("all rules", WORDS) == "all rules"
    assert _rule_label("never_category: Tobacco: rolled", WORDS) == "never Tobacco: rolled"
    assert _rule_label("a rule of tomorrow: 3", WORDS) == "a rule of tomorrow: 3"


def test_the_history_of_an_expectation_is_a_sign_a_build():
    assert _track([True, False, float("nan"), True]) == "●○·●"
    builds = pd.DataFrame({"build_id": [f"b{number}" for number in range(20) for _ in range(2)]})
    assert _builds(builds) == [f"b{number}" for number in range(8, 20)]


def test_a_figure_names_the_marts_that_were_read_for_it():
    connection = duckdb.connect()
    for name in ("orders", "customers", "products", "dates"):
        connection.execute(f"create table {name} as select 'shop' as retailer")
    marts = Marts(connection, "shop")

    @traced
    def one(marts: Marts) -> Figure:
        marts("orders")
        marts.shared("customers")
        marts("orders")
        return Figure("one", "One", "")

    @traced
    def several(marts: Marts, names: list[str]) -> list[Figure]:
        marts("products")
        return [Figure(name, name, "") for name in names] + [one(marts)]

    marts("dates")
    assert one(marts).marts == ("orders", "customers")
    assert one(marts).marts == ("orders", "customers")  # read again, though no query runs
    assert [figure.marts for figure in several(marts, ["a", "b"])] == [
        ("products", "orders", "customers")
    ] * 3
    assert list(marts.names) == ["dates", "orders", "customers", "products"]
