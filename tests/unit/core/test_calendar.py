from datetime import date

import numpy as np
import pandas as pd
import pytest

from palette.core.calendar import SCHEMA, calendar
from palette.core.tables import typed


def spans(*rows: tuple[str, str, object, str, str]) -> pd.DataFrame:
    """Spans as the warehouse hands them over: days are timestamps at midnight."""
    frame = pd.DataFrame(rows, columns=["retailer", "country_code", "subdivision", "first_day", "last_day"])
    return frame.astype({"first_day": "datetime64[us]", "last_day": "datetime64[us]"})


def rows(*given: tuple[str, str, object, str, str]) -> list[tuple[str, date, str | None]]:
    table = typed(calendar(spans(*given)), SCHEMA)
    return [tuple(row.values()) for row in table.to_pylist()]


def holiday(country: str, subdivision: str | None, day: str) -> str | None:
    [(_, found, name)] = rows(("shop", country, subdivision, day, day))
    assert found == date.fromisoformat(day)
    return name


@pytest.mark.parametrize(
    ("day", "name"),
    [
        ("2010-12-24", None),
        ("2010-12-25", "Christmas Day"),
        ("2010-12-26", "Boxing Day"),
        ("2010-12-27", "Christmas Day (observed)"),
        ("2010-12-28", "Boxing Day (observed)"),
        ("2011-04-25", "Easter Monday"),
        ("2011-04-29", "Wedding of William and Catherine"),
        ("2011-04-30", None),
    ],
)
def test_english_holidays(day: str, name: str | None):
    assert holiday("GB", "ENG", day) == name


@pytest.mark.parametrize(
    ("day", "name"),
    [
        ("2019-08-14", None),
        ("2019-08-15", "Liberation Day"),
        ("2019-09-12", "The day preceding Chuseok"),
        ("2019-09-13", "Chuseok"),
        ("2019-09-16", None),
    ],
)
def test_korean_holidays_in_english(day: str, name: str | None):
    assert holiday("KR", None, day) == name


def test_subdivision_decides():
    # Easter Monday is a holiday in England, not in Scotland; 2 January the other way round
    assert (holiday("GB", "ENG", "2011-04-25"), holiday("GB", "SCT", "2011-04-25")) == ("Easter Monday", None)
    assert holiday("GB", "ENG", "2014-01-02") is None
    assert holiday("GB", "SCT", "2014-01-02") is not None


def test_both_ends_of_a_span_are_included():
    assert rows(("shop", "GB", "ENG", "2010-12-31", "2011-01-02")) == [
        ("shop", date(2010, 12, 31), None),
        ("shop", date(2011, 1, 1), "New Year's Day"),
        ("shop", date(2011, 1, 2), None),
    ]


def test_span_over_several_years_has_every_day_once():
    days = [day for _, day, _ in rows(("shop", "GB", "ENG", "2010-12-01", "2012-03-01"))]
    assert len(days) == len(set(days)) == 31 + 365 + 31 + 29 + 1
    assert (days[0], days[-1]) == (date(2010, 12, 1), date(2012, 3, 1))
    assert date(2012, 2, 29) in days


def test_retailers_have_their_own_span_and_country():
    assert rows(
        ("uk", "GB", "ENG", "2011-12-26", "2011-12-26"),
        ("korea", "KR", None, "2011-12-25", "2011-12-26"),
    ) == [
        ("korea", date(2011, 12, 25), "Christmas Day"),
        ("korea", date(2011, 12, 26), None),
        ("uk", date(2011, 12, 26), "Boxing Day"),
    ]


@pytest.mark.parametrize("subdivision", [None, np.nan, pd.NA])
def test_subdivision_may_be_null(subdivision: object):
    assert rows(("shop", "KR", subdivision, "2019-08-15", "2019-08-15")) == [
        ("shop", date(2019, 8, 15), "Liberation Day")
    ]


def test_no_span_is_an_empty_table():
    assert typed(calendar(spans()), SCHEMA).equals(SCHEMA.empty_table())


@pytest.mark.parametrize(("country", "subdivision"), [("XX", None), ("GB", "ZZZ")])
def test_unknown_places_are_refused(country: str, subdivision: str | None):
    with pytest.raises(NotImplementedError, match=subdivision or country):
        calendar(spans(("shop", country, subdivision, "2011-01-01", "2011-01-01")))


def test_a_retailer_without_a_country_has_no_holidays():
    assert rows(("shop", None, None, "2010-12-25", "2010-12-25")) == [("shop", date(2010, 12, 25), None)]
