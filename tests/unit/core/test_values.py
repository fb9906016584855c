from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

import duckdb
import pytest
from babel.dates import format_date
from hypothesis import given, settings
from hypothesis import strategies as st

from palette.core.values import (
    NOT_A,
    AmbiguityError,
    DateOrder,
    DecimalMark,
    Dialect,
    Kind,
    find_dialect,
    present,
    problem,
    typed,
)

PLAIN = Dialect()
DAY_FIRST = Dialect(date_order="day_first")
MONTH_FIRST = Dialect(date_order="month_first")
COMMA = Dialect(decimal_mark=",")
KINDS: tuple[Kind, ...] = ("text", "identifier", "gender", *NOT_A)
CONNECTION = duckdb.connect()


def read_all(kind: Kind, texts: Sequence[str | None], dialect: Dialect = PLAIN) -> list[object]:
    rows = CONNECTION.execute(
        f"select {typed(kind, 'value', dialect)} from (select unnest(cast(? as varchar[])) as value)", [texts]
    ).fetchall()
    return [value for (value,) in rows]


def read(kind: Kind, text: str | None, dialect: Dialect = PLAIN) -> object:
    [value] = read_all(kind, [text], dialect)
    return value


def present_in(text: str) -> object:
    [(value,)] = CONNECTION.execute(
        f"select {present('value')} from (select cast(? as varchar) as value)", [text]
    ).fetchall()
    return value


class TestPresent:
    @pytest.mark.parametrize(
        "text",
        ["", "  ", "\t\r\n", "\u00a0\u202f", "NULL", "null", " NaN ", "None", "N/A", "n/a", "#N/A", r"\N"],
    )
    def test_nothing(self, text: str) -> None:
        assert present_in(text) is None
        assert all(read(kind, text) is None for kind in KINDS)

    @pytest.mark.parametrize("text", ["NA", "Nan Goldin", "0", "-", " a ", "nullable", "☃", "a\0b", "it's"])
    def test_something(self, text: str) -> None:
        assert present_in(text) == read("text", text) == text


class TestTypes:
    @pytest.mark.parametrize(
        ("kind", "expected"),
        [
            ("text", "VARCHAR"),
            ("identifier", "VARCHAR"),
            ("timestamp", "TIMESTAMP"),
            ("date", "TIMESTAMP"),
            ("time_of_day", "VARCHAR"),
            ("integer", "BIGINT"),
            ("decimal", "DECIMAL(18,4)"),
            ("channel", "VARCHAR"),
            ("gender", "VARCHAR"),
            ("flag", "BOOLEAN"),
        ],
    )
    @pytest.mark.parametrize("time_zone", [None, "Europe/Berlin"])
    def test_they_are_those_of_the_staging_models(
        self, kind: Kind, expected: str, time_zone: str | None
    ) -> None:
        sql = typed(kind, "value", Dialect(time_zone=time_zone))
        relation = CONNECTION.sql(f"select {sql} as typed from (select cast(null as varchar) as value)")
        assert [str(each) for each in relation.types] == [expected]
        assert relation.fetchone() == (None,)


class TestDates:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("2025-12-31", datetime(2025, 12, 31)),
            ("2025/1/5", datetime(2025, 1, 5)),
            ("2025.12.31", datetime(2025, 12, 31)),
            ("2025. 12. 31.", datetime(2025, 12, 31)),
            ("20251231", datetime(2025, 12, 31)),
            ("20251231 08:26", datetime(2025, 12, 31, 8, 26)),
            ("2025-12-31T08:26:05,25", datetime(2025, 12, 31, 8, 26, 5, 250_000)),
            ("2025-12-31 08:26:05.123456789", datetime(2025, 12, 31, 8, 26, 5, 123_456)),
            ("31 Dec 2025", datetime(2025, 12, 31)),
            ("31-DEC-25 11:59 pm", datetime(2025, 12, 31, 23, 59)),
            ("31DEC2025", datetime(2025, 12, 31)),
            ("Dec 31, 2025", datetime(2025, 12, 31)),
            ("Sept. 3rd, 2025, 8:26 a.m.", datetime(2025, 9, 3, 8, 26)),
            ("31. Dezember 2025", datetime(2025, 12, 31)),
            ("1er août 2025", datetime(2025, 8, 1)),
            ("5 de mayo de 2025", datetime(2025, 5, 5)),
            ("45000", datetime(2023, 3, 15)),
            ("45000.354166666664", datetime(2023, 3, 15, 8, 30)),
            ("45000,5", datetime(2023, 3, 15, 12)),
        ],
    )
    def test_what_needs_no_order(self, text: str, expected: datetime) -> None:
        for order in (None, "day_first", "month_first"):
            assert read("timestamp", text, Dialect(date_order=order, decimal_mark=",")) == expected

    @pytest.mark.parametrize("year", ["1899", "1900", "2011", "2100", "2101"])
    @pytest.mark.parametrize("day", ["01-31", "02-29", "02-30", "13-01", "00-10"])
    @pytest.mark.parametrize(
        "clock",
        ["", " 08:26", " 23:59:59", " 24:00:00", " 08:60", " 08:26:60", " 08:26:05.1", " 08:26:05.123456"],
    )
    def test_what_programs_write_is_read_by_a_short_cut_to_the_same_value(
        self, year: str, day: str, clock: str
    ) -> None:
        text = f"{year}-{day}{clock}"
        assert read("timestamp", text) == read("timestamp", f"{text} ")  # a blank goes the long way

    @pytest.mark.parametrize(
        ("text", "day_first", "month_first"),
        [
            ("3/4/2025", datetime(2025, 4, 3), datetime(2025, 3, 4)),
            ("03.04.25 8:26", datetime(2025, 4, 3, 8, 26), datetime(2025, 3, 4, 8, 26)),
            ("03-04-1999, 12:00:05 AM", datetime(1999, 4, 3, 0, 0, 5), datetime(1999, 3, 4, 0, 0, 5)),
        ],
    )
    def test_what_the_order_decides(self, text: str, day_first: datetime, month_first: datetime) -> None:
        assert read("timestamp", text, DAY_FIRST) == day_first
        assert read("timestamp", text, MONTH_FIRST) == month_first
        assert read("timestamp", text) is None

    @pytest.mark.parametrize(
        ("text", "order", "other"),
        [("13/02/2025", DAY_FIRST, MONTH_FIRST), ("02/13/2025", MONTH_FIRST, DAY_FIRST)],
    )
    def test_a_thirteenth_month_is_none(self, text: str, order: Dialect, other: Dialect) -> None:
        assert read("date", text, order) == read("date", text) == datetime(2025, 2, 13)
        assert read("date", text, other) is None

    def test_the_same_in_both_orders(self) -> None:
        assert read("date", "02/02/2025") == datetime(2025, 2, 2)

    @pytest.mark.parametrize(
        ("text", "year"), [("1/1/00", 2000), ("1/1/68", 2068), ("1/1/69", 1969), ("1 Jan 99", 1999)]
    )
    def test_years_of_two_digits(self, text: str, year: int) -> None:
        assert read("date", text, DAY_FIRST) == datetime(year, 1, 1)

    @pytest.mark.parametrize(
        "text",
        [
            "yesterday",
            "2025-02-30",
            "29/02/2025",
            "31/04/2025",
            "2025-13-01",
            "0010-12-01",
            "10-12-01x",
            "1899-12-31",
            "2101-01-01",
            "12/1/110",
            "1/2-2025",
            "2025-12-31 24:00",
            "2025-12-31 08:60",
            "2025-12-31 23:59:60",
            "2025-12-31 13:00 PM",
            "2025-12-31 08",
            "31 Foo 2025",
            "Dec 3125",
            "May 2025",
            "19999",
            "80000",
            "2025",
            "epoch",
            "infinity",
            "2025-12-31 (BC)",
        ],
    )
    def test_what_is_no_date(self, text: str) -> None:
        for dialect in (DAY_FIRST, MONTH_FIRST, Dialect()):
            assert read("timestamp", text, dialect) is None

    def test_a_date_drops_the_time(self) -> None:
        assert read("date", "2025-12-31 23:59:59.9") == datetime(2025, 12, 31)

    @pytest.mark.parametrize(
        "text",
        [
            "2025-07-31T23:30:00Z",
            "2025-07-31 23:30:00.000 UTC",
            "2025-07-31T23:30Z",
            "2025-08-01 01:30+02:00",
            "2025-08-01 01:30:00 +0200",
            "2025-08-01T01:30:00+02",
            "2025-08-01T01:30:00+02\n",
            "20250731 18:30:00-05:00",
            "31 Jul 2025 23:30:00 GMT",
        ],
    )
    def test_an_offset_is_brought_to_the_shops_time(self, text: str) -> None:
        assert read("timestamp", text, Dialect(time_zone="Europe/Berlin")) == datetime(2025, 8, 1, 1, 30)
        assert read("date", text, Dialect(time_zone="Asia/Seoul")) == datetime(2025, 8, 1)
        assert read("timestamp", text) is None

    def test_the_session_makes_no_difference(self) -> None:
        dialect = Dialect(time_zone="Asia/Seoul")
        with duckdb.connect() as connection:
            connection.execute("set TimeZone = 'America/New_York'")
            for text in ("2025-07-31T23:30:00Z", "2025-08-01 08:30:00"):
                sql = f"select {typed('timestamp', 'value', dialect)} from (select '{text}' as value)"
                assert connection.execute(sql).fetchone() == (datetime(2025, 8, 1, 8, 30),)


@st.composite
def written_dates(draw: st.DrawFn) -> tuple[str, datetime, DateOrder]:
    """A moment, as one of the formats writes it."""
    moment = draw(st.datetimes(datetime(1969, 1, 1), datetime(2068, 12, 31)))
    order: DateOrder = draw(st.sampled_from(["day_first", "month_first"]))
    padded = draw(st.booleans())
    day, month = (f"{each:02}" if padded else str(each) for each in (moment.day, moment.month))
    year = draw(st.sampled_from([f"{moment:%Y}", f"{moment:%y}"]))
    separator = draw(st.sampled_from("/.-"))
    first, second = (day, month) if order == "day_first" else (month, day)
    language = draw(st.sampled_from(["en", "en_GB", "de", "fr", "es"]))
    date = draw(
        st.sampled_from(
            [
                separator.join([f"{moment:%Y}", month, day]),
                f"{moment:%Y%m%d}",
                separator.join([first, second, year]),
                format_date(moment, "d MMM yyyy", language),
                format_date(moment, "d. MMMM yy", language),
                format_date(moment, "MMMM d, yyyy", language),
                format_date(moment, "long", language),
            ]
        )
    )
    whole = moment.replace(microsecond=0)
    clock, meant = draw(
        st.sampled_from(
            [
                ("", whole.replace(hour=0, minute=0, second=0)),
                (f" {moment.hour}:{moment:%M}", whole.replace(second=0)),
                (f"  {moment:%H:%M:%S}", whole),
                (f"T{moment:%H:%M:%S.%f}", moment),
                (f", {moment:%I:%M %p}", whole.replace(second=0)),
                (f" {moment:%I:%M:%S%p}".lower(), whole),
                (f"\u00a0{moment:%I:%M:%S.%f} a.m.".replace("a", f"{moment:%p}"[0]), moment),
            ]
        )
    )
    blanks = draw(st.sampled_from(["", " ", "\u00a0", "\t"]))
    return f"{blanks}{date}{clock}{blanks}", meant, order


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(st.lists(written_dates(), min_size=20, max_size=100))
def test_any_date_reads_back(written: list[tuple[str, datetime, DateOrder]]) -> None:
    for order, dialect in (("day_first", DAY_FIRST), ("month_first", MONTH_FIRST)):
        own = [(text, moment) for text, moment, its_order in written if its_order == order]
        texts = [text for text, _ in own]
        assert read_all("timestamp", texts, dialect) == [moment for _, moment in own]


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.datetimes(datetime(1971, 1, 1), datetime(2037, 12, 31)), min_size=10),
    st.sampled_from(["Europe/Berlin", "Asia/Seoul", "America/New_York"]),
    st.integers(-14 * 4, 14 * 4),
)
def test_any_offset_reads_back(moments: list[datetime], zone: str, quarters: int) -> None:
    utc = [each.replace(tzinfo=ZoneInfo("UTC")) for each in moments]
    sign, minutes = "-" if quarters < 0 else "+", abs(quarters) * 15
    offset = f"{sign}{minutes // 60:02}:{minutes % 60:02}"
    texts = [f"{each + timedelta(minutes=quarters * 15):%Y-%m-%dT%H:%M:%S.%f}{offset}" for each in utc]
    local = [each.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for each in utc]
    assert read_all("timestamp", texts, Dialect(time_zone=zone)) == local


class TestTimesOfDay:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("8:26", "08:26"),
            (" 08:26:59 ", "08:26"),
            ("23:59:59.999", "23:59"),
            ("24:00", "00:00"),
            ("8:26 PM", "20:26"),
            ("12:05:09am", "00:05"),
            ("12:05 p.m.", "12:05"),
        ],
    )
    def test_hours_and_minutes(self, text: str, expected: str) -> None:
        assert read("time_of_day", text) == expected

    @pytest.mark.parametrize("text", ["24:01", "8:60", "8", "0826", "13:00 PM", "0:30 AM", "noon", "8:2"])
    def test_what_is_none(self, text: str) -> None:
        assert read("time_of_day", text) is None


class TestDecimals:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("2.55", "2.55"),
            ("1,234.50", "1234.5"),
            ("1,234,567", "1234567"),
            ("12,34,567.5", "1234567.5"),
            ("1'234.50", "1234.5"),
            ("1\u2019234.50", "1234.5"),
            ("1 234.5", "1234.5"),
            ("1\u00a0234\u202f567", "1234567"),
            (" £2.55", "2.55"),
            ("£ 2.55", "2.55"),
            ("US$2.55", "2.55"),
            ("2.55 EUR", "2.55"),
            ("CHF 1'234.50", "1234.5"),
            ("₩1,200", "1200"),
            ("1,200원", "1200"),
            ("-2.55", "-2.55"),
            ("2.55-", "-2.55"),
            ("(2.55)", "-2.55"),
            ("($1,234.50)", "-1234.5"),
            ("\u22122.55", "-2.55"),
            ("-£2.55", "-2.55"),
            ("£-2.55", "-2.55"),
            ("2.55- EUR", "-2.55"),
            ("+2.55", "2.55"),
            ("1.5E+2", "150"),
            ("1e-3", "0.001"),
            (".5", "0.5"),
            ("5.", "5"),
            ("\t5\n", "5"),
            ("2.00005", "2.0001"),
            ("-2.00005", "-2.0001"),
            ("2.5499999999", "2.55"),
            ("99999999999999.9999", "99999999999999.9999"),
        ],
    )
    def test_with_a_point(self, text: str, expected: str) -> None:
        assert read("decimal", text) == Decimal(expected)

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("2,55", "2.55"),
            ("1.234,50", "1234.5"),
            ("1.234", "1234"),
            ("1'234,5", "1234.5"),
            ("1 234,50 €", "1234.5"),
            ("€\u00a02,55", "2.55"),
            ("2,55-", "-2.55"),
            ("(1.234,50 EUR)", "-1234.5"),
            ("1,5E+2", "150"),
            (",5", "0.5"),
            ("7", "7"),
        ],
    )
    def test_with_a_comma(self, text: str, expected: str) -> None:
        assert read("decimal", text, COMMA) == Decimal(expected)

    @pytest.mark.parametrize(
        "text",
        [
            "1,23",
            "0,123",
            "1,2345",
            "1234,567",
            "1,23,4",
            "1,234 567",
            "1.234.567",
            "1.2.3",
            "--5",
            "-5-",
            "-(5)",
            "(-5)",
            "(5",
            "5)",
            "1_000",
            "0x10",
            "1e",
            "1e99",
            "inf",
            "-Infinity",
            "100000000000000",
            "five",
            "5 pieces",
            "12%",
            "£",
            "-",
            ".",
            "5 GBP 5",
            "٣",
            "XXX 5",
            "2025-12-31",
        ],
    )
    def test_what_is_no_number(self, text: str) -> None:
        assert read("decimal", text) is None

    @pytest.mark.parametrize("text", ["2.55", "1.23", "1,234.50", "12.34.567", "1.234.56"])
    def test_what_is_none_with_a_comma(self, text: str) -> None:
        assert read("decimal", text, COMMA) is None


@st.composite
def written_decimals(draw: st.DrawFn) -> tuple[str, Decimal, DecimalMark]:
    """A number, as one of the styles writes it."""
    value = draw(st.decimals(-(10**14) + 1, 10**14 - 1, places=draw(st.integers(0, 4)), allow_nan=False))
    mark: DecimalMark = draw(st.sampled_from([".", ","]))
    group = draw(st.sampled_from(["", "." if mark == "," else ",", "'", " ", "\u00a0", "\u202f"]))
    digits = f"{abs(value):,f}".translate(str.maketrans({",": group, ".": mark}))
    sign = "-" if value < 0 else ""
    currency = draw(st.sampled_from(["", "€", "£", "₩", "US$", "EUR", "GBP", "CHF"]))
    gap = draw(st.sampled_from(["", " ", "\u00a0"]))
    styles = [
        f"{sign}{digits}",
        f"{sign}{currency}{gap}{digits}",
        f"{currency}{gap}{sign}{digits}",
        f"{sign}{digits}{gap}{currency}",
        f"{digits}{sign}{gap}{currency}",
        f"{sign}{digits}".replace("-", "\u2212"),
        f"({currency}{gap}{digits})" if value < 0 else f"+{digits}",
    ]
    return f"{gap}{draw(st.sampled_from(styles))}{gap}", value, mark


@settings(max_examples=30, deadline=None)
@given(st.lists(written_decimals(), min_size=20, max_size=100))
def test_any_decimal_reads_back(written: list[tuple[str, Decimal, DecimalMark]]) -> None:
    for mark, dialect in ((".", Dialect()), (",", COMMA)):
        own = [(text, value) for text, value, its_mark in written if its_mark == mark]
        assert read_all("decimal", [text for text, _ in own], dialect) == [value for _, value in own]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.decimals(-(10**13), 10**13, allow_nan=False, places=9), min_size=10))
def test_further_digits_round_half_up(values: list[Decimal]) -> None:
    rounded = [value.quantize(Decimal("0.0001"), ROUND_HALF_UP) for value in values]
    assert read_all("decimal", [f"{value:f}" for value in values]) == rounded


class TestIntegers:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("6", 6),
            ("6.0", 6),
            ("-2.", -2),
            ("+5", 5),
            (" 7 ", 7),
            ("1e3", 1000),
            ("1,200", 1200),
            ("(3)", -3),
            ("9007199254740993.0", 9007199254740993),
            ("9223372036854775807", 9223372036854775807),
        ],
    )
    def test_whole_numbers(self, text: str, expected: int) -> None:
        assert read("integer", text) == expected

    @pytest.mark.parametrize("text", ["6.5", "6.0000000001", "1.5e0", "1,20", "1_000", "true", "1e30", "six"])
    def test_what_is_none(self, text: str) -> None:
        assert read("integer", text) is None

    def test_with_a_comma(self) -> None:
        assert read_all("integer", ["1.200", "6,0", "6,5"], COMMA) == [1200, 6, None]


class TestWords:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [(" 17850.0 ", "17850"), ("017850", "017850"), ("A.0", "A.0"), ("1.50", "1.50"), ("a b\t", "a b")],
    )
    def test_identifiers(self, text: str, expected: str) -> None:
        assert read("identifier", text) == expected

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("Online Shop", "online"),
            ("E-Commerce", "online"),
            (" APP ", "online"),
            ("온라인", "online"),
            ("en ligne", "online"),
            ("in_store", "offline"),
            ("Filiale", "offline"),
            ("매장", "offline"),
            ("POS", "offline"),
            ("Kiosk", None),
        ],
    )
    def test_channels(self, text: str, expected: str | None) -> None:
        assert read("channel", text) == expected

    def test_the_shops_own_words_come_first(self) -> None:
        dialect = Dialect(channels={"Click & Collect": "online", "it's 1": "offline", "shop": "online"})
        texts = ["click &  collect", "IT'S 1", "Shop", "store"]
        assert read_all("channel", texts, dialect) == ["online", "offline", "online", "offline"]

    def test_genders(self) -> None:
        texts = ["F", "female", "W", "Frau", "여", "여성", "M", "Male", "männlich", "남", "Divers", " x "]
        assert read_all("gender", texts) == [*"FFFFFF", *"MMMM", "Divers", " x "]

    def test_flags(self) -> None:
        yes = ["true", "T", "Yes", "1", "1.0", "ja", "OUI", "sí", "예", "Returned", "Retoure", "refund"]
        no = ["FALSE", "f", "no", "N", "0", "0.0", "nein", "non", "아니오", "sale"]
        assert read_all("flag", [*yes, *no, "maybe", "2"]) == [True] * 12 + [False] * 10 + [None] * 2


class TestHostileText:
    @pytest.mark.parametrize(
        "text",
        [
            "'; drop table x; --",
            "{0}",
            "a\0b",
            "\\1",
            "😀",
            "1" * 100_000,
            "(" * 100_000,
            " " * 100_000 + "x",
        ],
    )
    def test_it_is_no_value(self, text: str) -> None:
        for kind in NOT_A:
            assert read(kind, text, Dialect(time_zone="Asia/Seoul")) is None

    @pytest.mark.slow
    @settings(max_examples=30, deadline=None)
    @given(st.lists(st.text(st.characters(codec="utf-8")), min_size=20))
    def test_junk_never_raises(self, texts: list[str]) -> None:
        for kind in KINDS:
            read_all(kind, texts, Dialect(time_zone="Asia/Seoul"))

    @settings(max_examples=30, deadline=None)
    @given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="0123456789")), min_size=20))
    def test_without_digits_it_is_no_number(self, texts: list[str]) -> None:
        for kind in ("decimal", "integer", "timestamp", "date", "time_of_day"):
            assert set(read_all(kind, texts, DAY_FIRST)) <= {None}

    @pytest.mark.slow
    @settings(max_examples=20, deadline=None)
    @given(st.lists(st.text("0123456789.,-+()/: eE'ETZPM€", max_size=12), min_size=50))
    def test_near_values_never_raise(self, texts: list[str]) -> None:
        for kind in NOT_A:
            for mark in (".", ","):
                read_all(kind, texts, Dialect(decimal_mark=mark, time_zone="Europe/Berlin"))


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("text", ' 12" MUG', ' 12" MUG'),
        ("identifier", "17850.00", "17850"),
        ("timestamp", "12/1/10 8:26", datetime(2010, 12, 1, 8, 26)),
        ("timestamp", "12/01/2010 08:26:05", datetime(2010, 12, 1, 8, 26, 5)),
        ("timestamp", "12/1/2010", datetime(2010, 12, 1)),
        ("timestamp", "2010-12-01  08:26 ", datetime(2010, 12, 1, 8, 26)),
        ("timestamp", "2010-12-01T08:26:05.000001", datetime(2010, 12, 1, 8, 26, 5, 1)),
        ("timestamp", "2010-12-1 8:2:5", datetime(2010, 12, 1, 8, 2, 5)),
        ("date", "20140101", datetime(2014, 1, 1)),
        ("date", "1/5/2014", datetime(2014, 1, 5)),
        ("date", "2014-01-05 00:00:00", datetime(2014, 1, 5)),
        ("time_of_day", "24:00:30", "00:00"),
        ("time_of_day", "9:05:00", "09:05"),
        ("integer", "1.5E+2", 150),
        ("integer", ".0", 0),
        ("decimal", "-11062.06", Decimal("-11062.06")),
        ("decimal", "1E-400", Decimal(0)),
        ("decimal", "1.5e+0002", Decimal(150)),
    ],
)
def test_what_online_retail_and_lpoint_write(kind: Kind, text: str, expected: object) -> None:
    assert read(kind, text, MONTH_FIRST) == expected


@dataclass(frozen=True)
class Declared:
    date_order: DateOrder | None = None
    decimal_mark: DecimalMark | None = None
    time_zone: str | None = None
    channels: Mapping[str, str] = field(default_factory=dict)


NOTHING = Declared()


def find(declared: Declared = NOTHING, **columns: Sequence[str | None]) -> Dialect:
    """Find the dialect of a table whose columns named d... hold dates, the others numbers."""
    lists = ", ".join(f'unnest(cast(? as varchar[])) as "{name}"' for name in columns)
    dates = [name for name in columns if name.startswith("d")]
    numbers = [name for name in columns if name not in dates]
    with duckdb.connect() as connection:
        connection.execute(f"create table lines as select {lists}", list(columns.values()))
        return find_dialect(connection, "lines", dates, numbers, declared)


def ambiguity(declared: Declared = NOTHING, **columns: Sequence[str | None]) -> str:
    with pytest.raises(AmbiguityError) as raised:
        find(declared, **columns)
    return str(raised.value)


class TestFindDialect:
    @pytest.mark.parametrize(
        ("dates", "order"),
        [
            (["01/02/2025", "13/02/2025", None], "day_first"),
            (["01/02/2025 8:26", "2.13.25 8:26 PM"], "month_first"),
            (["02/02/2025", "31 Dec 2025", "2025-01-02", "45000", "20250102", "soon"], None),
            (["01/02/2025", "13/02/2025T10:00Z"], "day_first"),
            ([None], None),
        ],
    )
    def test_the_order_is_what_a_value_proves(self, dates: list[str | None], order: DateOrder | None) -> None:
        assert find(date=dates) == Dialect(date_order=order)

    def test_columns_share_an_order(self) -> None:
        assert find(d1=["01/02/2025"], d2=["13/02/2025"]).date_order == "day_first"

    def test_both_orders_are_named(self) -> None:
        assert ambiguity(d1=["13/02/2025", "14/02/2025"], d2=["02/13/2025", None]) == (
            "column d1: '13/02/2025' has the day first, column d2: '02/13/2025' the month; "
            "set date_order: day_first or date_order: month_first in retailer.yml"
        )

    def test_an_order_that_nothing_proves_is_asked_for(self) -> None:
        assert ambiguity(date=["01/02/2025", "02/02/2025"]) == (
            "column date: '01/02/2025' could have the day or the month first; "
            "set date_order: day_first or date_order: month_first in retailer.yml"
        )

    def test_a_day_that_does_not_exist_proves_nothing(self) -> None:
        assert "could have" in ambiguity(date=["01/02/2025", "31/02/2025"])

    @pytest.mark.parametrize(
        ("numbers", "mark"),
        [
            (["2,55", "1,234"], ","),
            (["2.55", "1.234", "1,234"], "."),
            (["1.234,50"], ","),
            (["1,234.50"], "."),
            (["1 234,50 €"], ","),
            (["1'234.50"], "."),
            (["0,123"], ","),
            (["1,234,567"], "."),
            (["1.234.567"], ","),
            (["7", "1'234", "five", "1 234", "-3"], "."),
            ([None], "."),
        ],
    )
    def test_the_mark_is_what_a_value_proves(self, numbers: list[str | None], mark: DecimalMark) -> None:
        assert find(price=numbers) == Dialect(decimal_mark=mark)

    def test_columns_may_have_any_name(self) -> None:
        assert find(name=["1,234"], value=["2,5"], proof=["7"], first=[None]).decimal_mark == ","

    def test_columns_share_a_mark(self) -> None:
        assert find(price=["1,234", "5"], amount=["2,5", "1,234"]).decimal_mark == ","

    def test_both_marks_are_named(self) -> None:
        assert ambiguity(price=["2,55", None], amount=["1.5", "2"]) == (
            "column price: '2,55' has a decimal comma, column amount: '1.5' a decimal point; "
            "set decimal_mark: ',' or decimal_mark: '.' in retailer.yml"
        )

    @pytest.mark.parametrize("text", ["1,234", "1.234", "-1,234 €"])
    def test_a_mark_that_nothing_proves_is_asked_for(self, text: str) -> None:
        assert ambiguity(price=[text, "5"]) == (
            f"column price: '{text}' could have a decimal or a thousands mark; "
            "set decimal_mark: ',' or decimal_mark: '.' in retailer.yml"
        )

    def test_what_is_declared_holds(self) -> None:
        declared = Declared("month_first", ",", "Asia/Seoul", {"x": "online"})
        found = find(declared, date=["13/02/2025", "01/02/2025"], price=["2.55", "1.234"])
        assert found == Dialect("month_first", ",", "Asia/Seoul", {"x": "online"})

    def test_odd_names_and_queries(self) -> None:
        with duckdb.connect() as connection:
            query = """(select '13/02/2025' as "a ""day\""", '2,5' as "it's")"""
            found = find_dialect(connection, query, ['a "day"'], ["it's"], Declared())
        assert found == Dialect("day_first", ",")

    def test_no_columns(self) -> None:
        with duckdb.connect() as connection:
            assert find_dialect(connection, "nowhere", [], [], Declared()) == Dialect()


class TestProblem:
    @pytest.mark.parametrize(
        ("kind", "value", "dialect", "hint"),
        [
            ("timestamp", "soon", Dialect(), "'soon' is not a date and time"),
            (
                "date",
                "13/02/2025",
                MONTH_FIRST,
                "'13/02/2025' is not a date (read month first; set date_order: day_first in retailer.yml "
                "if the day comes first)",
            ),
            (
                "date",
                "02/13/2025",
                DAY_FIRST,
                "'02/13/2025' is not a date (read day first; set date_order: month_first in retailer.yml "
                "if the month comes first)",
            ),
            (
                "date",
                "01/02/2025",
                Dialect(),
                "'01/02/2025' is not a date (the day or the month could come first; set date_order: "
                "day_first or date_order: month_first in retailer.yml)",
            ),
            (
                "timestamp",
                "2025-12-31T10:00Z",
                Dialect(),
                "'2025-12-31T10:00Z' is not a date and time (it has an offset from UTC; set time_zone in "
                "retailer.yml to the shop's, as in Europe/Berlin)",
            ),
            ("date", "2025-02-30", MONTH_FIRST, "'2025-02-30' is not a date"),
            (
                "decimal",
                "2,55",
                Dialect(),
                "'2,55' is not a number (read with the decimal mark '.'; set decimal_mark: ',' in "
                "retailer.yml if that is the mark)",
            ),
            ("integer", "6.5", Dialect(), "'6.5' is not a whole number"),
            (
                "channel",
                "Kiosk",
                Dialect(),
                "'Kiosk' is not a known channel (say which it is in retailer.yml: channels: "
                "{Kiosk: online} or {Kiosk: offline})",
            ),
            ("flag", "it's", Dialect(), "'it's' is not yes or no"),
            ("time_of_day", "25:00", Dialect(), "'25:00' is not a time of day"),
        ],
    )
    def test_it_says_what_to_set(self, kind: Kind, value: str, dialect: Dialect, hint: str) -> None:
        assert problem(kind, value, dialect) == hint
