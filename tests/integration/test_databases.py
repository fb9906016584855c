"""Reading a real PostgreSQL server."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from postgres import OWNER, PASSWORD, Server, throw_away_server

from palette.core.databases import DatabaseError, Snapshot, query_of, snapshot, without_password
from palette.core.errors import InputError


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with throw_away_server() as running:
        running.run(
            "create type mood as enum ('sad', 'über')",
            "create domain price as numeric(10, 2) check (value >= 0)",
            "create role clerk login password 'clerk'",
            "create table diary (entry text)",
            "create function sneak() returns int language sql volatile as "
            "'insert into diary values (''read'') returning 1'",
        )
        yield running


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", PASSWORD)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "shop" / "orders.parquet"


def read(server: Server, query: str, out: Path) -> pa.Table:
    snapshot(server.uri, query, out)
    return pq.read_table(out)


def column(server: Server, expression: str, out: Path) -> Any:
    """Type and value of one expression."""
    values = read(server, f"select {expression} as value", out).column("value")
    return values.type, values[0].as_py()


def problem(server: Server, query: str, out: Path, uri: str | None = None) -> str:
    """Give the message, which names the database, and see that nothing is left."""
    with pytest.raises(DatabaseError) as raised:
        snapshot(uri or server.uri, query, out)
    message = str(raised.value)
    assert not out.parent.exists() or list(out.parent.iterdir()) == []
    assert "\n" not in message
    label, _, rest = message.partition(": ")
    assert label == without_password(uri or server.uri)
    return rest


class TestTypes:
    @pytest.mark.parametrize(
        ("expression", "kind", "value"),
        [
            ("true", pa.bool_(), True),
            ("1::smallint", pa.int16(), 1),
            ("9223372036854775807", pa.int64(), 2**63 - 1),
            ("1.1::float8", pa.float64(), 1.1),
            ("12.50::numeric(10, 2)", pa.decimal128(3, 1), Decimal("12.5")),
            ("0.1 + 0.2", pa.decimal128(2, 1), Decimal("0.3")),
            ("2::numeric / 3", pa.decimal128(21, 20), Decimal("0.66666666666666666667")),
            ("-12345678901234567890123456789012345.678", pa.decimal128(38, 3), None),
            ("100::numeric", pa.decimal128(3, 0), Decimal(100)),
            ("null::numeric", pa.decimal128(1, 0), None),
            ("1.5::price", pa.decimal128(2, 1), Decimal("1.5")),
            ("'12.34'::money", pa.decimal128(4, 2), Decimal("12.34")),
            ("'Zürich 🛒'", pa.string(), "Zürich 🛒"),
            ("'A1'::char(5)", pa.string(), "A1"),
            ("null", pa.string(), None),
            ("'über'::mood", pa.string(), "über"),
            (
                "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'::uuid",
                pa.string(),
                "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
            ),
            ("'2024-02-29'::date", pa.date32(), dt.date(2024, 2, 29)),
            ("'9999-12-31'::date", pa.date32(), dt.date(9999, 12, 31)),
            ("'10:20:30.123456'::time", pa.time64("us"), dt.time(10, 20, 30, 123456)),
            (
                "'0001-01-01 00:00:00.000001'::timestamp",
                pa.timestamp("us"),
                dt.datetime(1, 1, 1, 0, 0, 0, 1),
            ),
            (
                "'9999-12-31 23:59:59.999999'::timestamp",
                pa.timestamp("us"),
                dt.datetime(9999, 12, 31, 23, 59, 59, 999999),
            ),
        ],
    )
    def test_arrive_as_they_are(
        self, server: Server, out: Path, expression: str, kind: pa.DataType, value: object
    ) -> None:
        if value is None and "null" not in expression:
            value = Decimal(expression)
        assert column(server, expression, out) == (kind, value)

    def test_an_instant_is_in_utc(self, server: Server, out: Path) -> None:
        table = read(server, "select '2024-07-01 10:00+02'::timestamptz as at", out)
        assert table.schema.field("at").type == pa.timestamp("us", tz="UTC")
        assert table.column("at").cast(pa.int64()).to_pylist() == [1_719_820_800_000_000]

    def test_the_end_of_a_day_is_its_beginning(self, server: Server, out: Path) -> None:
        table = read(server, "values ('24:00'::time), ('23:59')", out)
        assert table.column("column1").cast(pa.int64()).to_pylist() == [0, 86_340_000_000]

    def test_texts_of_an_extension_are_texts(self, server: Server, out: Path) -> None:
        if not server.run("select 1 from pg_available_extensions where name = 'citext'"):
            pytest.skip("the server has no citext")
        server.run("create extension if not exists citext")
        assert column(server, "'A@b.example'::citext", out) == (pa.string(), "A@b.example")

    @pytest.mark.parametrize(
        ("expression", "kind"),
        [
            ("'{}'::json", "json"),
            ("'{}'::jsonb", "jsonb"),
            ("array[1]", r"int4\[\]"),
            ("array['sad'::mood]", r"mood\[\]"),
            (r"'\x00'::bytea", "bytea"),
            ("'1 day'::interval", "interval"),
            ("'10:00+02'::timetz", "timetz"),
            ("4000000000::oid", "oid"),
            ("'::1'::inet", "inet"),
            ("row(1, 2)", "record"),
        ],
    )
    def test_others_have_to_be_cast(self, server: Server, out: Path, expression: str, kind: str) -> None:
        message = problem(server, f"select 1 as id, {expression} as value", out)
        assert message == (
            f"column value: the type {kind} cannot be taken; ".replace("\\", "")
            + 'cast it in the query, as in "value"::text'
        )

    @pytest.mark.parametrize(
        ("value", "shown", "advice"),
        [
            ("'NaN'::numeric", "NaN is not a number", "NaN"),
            ("'-Infinity'::numeric", "-Infinity is not a number", "-Infinity"),
            ("'NaN'::float8", "nan is not a number", "nan"),
            ("'infinity'::float4", "inf is not a number", "inf"),
            *(
                (each, "the date is infinite, before the year 1 or after 9999", "infinity")
                for each in (
                    "'infinity'::date",
                    "'-infinity'::date",
                    "'0001-12-31 BC'::date",
                    "'10000-01-01'::date",
                    "'infinity'::timestamp",
                    "'-infinity'::timestamptz",
                    "'294276-12-31'::timestamp",
                    "'10000-01-01'::timestamp",
                )
            ),
        ],
    )
    def test_infinity_and_nan_are_no_values(
        self, server: Server, out: Path, value: str, shown: str, advice: str
    ) -> None:
        kind = value.partition("::")[2]
        fine = "2024-01-01" if kind.startswith(("date", "time")) else "1.5"
        query = f"values (1, '{fine}'::{kind}), (2, null), (3, {value})"
        assert problem(server, query, out) == (
            f"column column2, row 3 of the answer: {shown}; "
            f"say in the query what it stands for, as in nullif(\"column2\", '{advice}')"
        )
        fixed = f"select nullif(column2, '{advice}') as value from ({query}) as answer"
        if advice in ("NaN", "nan", "inf", "-Infinity") or value.startswith("'infinity'"):
            assert read(server, fixed, out).column("value")[2].as_py() is None

    def test_a_number_has_38_digits_at_most(self, server: Server, out: Path) -> None:
        query = "values (123456789012345678901234567890.0::numeric), (0.123456789)"
        assert problem(server, query, out) == (
            "column column1: its numbers have up to 30 digits before and 9 after the point, more than 38; "
            'round them in the query, as in round("column1", 4)'
        )

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        st.lists(
            st.none()
            | st.integers(-(10**18), 10**18).map(Decimal)
            | st.decimals(allow_nan=False, allow_infinity=False, places=18, min_value=-9999, max_value=9999),
            min_size=1,
        )
    )
    def test_any_number_arrives_to_its_last_digit(
        self, server: Server, out: Path, numbers: list[Decimal | None]
    ) -> None:
        rows = ", ".join("(null)" if each is None else f"({each:f})" for each in numbers)
        table = read(server, f"select column1::numeric as value from (values (0.0), {rows}) as x", out)
        assert table.column("value").to_pylist()[1:] == numbers

    def test_text_of_a_database_of_another_encoding(self, server: Server, out: Path) -> None:
        server.run("create database latin encoding 'LATIN1' template template0")
        snapshot(server.at("latin"), r"select U&'Z\00FCrich' as city", out)
        assert pq.read_table(out).column("city").to_pylist() == ["Zürich"]

    def test_text_of_a_database_of_no_encoding(self, server: Server, out: Path) -> None:
        server.run("create database ascii encoding 'SQL_ASCII' template template0")
        server.run(r"create table shops as select E'Z\xfcrich'::text as city", database="ascii")
        uri = server.at("ascii")
        advice = "convert_from(convert(city::bytea, 'LATIN1', 'UTF8'), 'UTF8')"
        assert problem(server, "select city from shops", out, uri) == (
            f'invalid byte sequence for encoding "UTF8": 0xfc; convert the text in the query, as in {advice}'
        )
        snapshot(uri, f"select {advice} as city from shops", out)
        assert pq.read_table(out).column("city").to_pylist() == ["Zürich"]


class TestQueries:
    @pytest.mark.parametrize(
        "query",
        [
            "select 1 as a;",
            "select 1 as a -- all of them",
            "values (1)",
            "with x as (select 1 as a) select * from x order by a",
            "(select 1 as a union all select 2) limit 1",
        ],
    )
    def test_any_select_is_read(self, server: Server, out: Path, query: str) -> None:
        assert snapshot(server.uri, query, out) == Snapshot(out, 1)
        assert pq.read_table(out).num_rows == 1

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            (
                "select * from nope",
                'relation "nope" does not exist; look at the schema and at capital letters',
            ),
            ("selct 1", 'syntax error at or near "selct"; the query has to be one select'),
            ("select a from (values (1)) as x (b)", 'column "a" does not exist'),
            ("select 1 / 0", "division by zero"),
            ("show all", 'syntax error at or near "all"; the query has to be one select'),
            ("create table x ()", "the query gives no columns; it has to be one select"),
            ("delete from diary", "the query gives no columns; it has to be one select"),
            ("select 1; drop table diary", "cannot insert multiple commands into a prepared statement"),
            ("select sneak()", "cannot execute INSERT in a read-only transaction"),
            ("with x as (delete from diary returning 1) select * from x", "WITH clause containing a data-"),
            ("select 1 as a where false", "the query gives no rows; look at its conditions"),
            (
                "select 1 as a, 2 as a",
                "two columns are called a and a; name them apart in the query, with `as`",
            ),
            ('select 1 as a, 2 as "A"', "two columns are called a and A; name them apart"),
        ],
    )
    def test_others_are_explained(self, server: Server, out: Path, query: str, expected: str) -> None:
        assert problem(server, query, out).startswith(expected)

    def test_run_on_one_state_of_the_database(self, server: Server, out: Path) -> None:
        settings = ", ".join(
            f"current_setting('transaction_{each}') as {each}" for each in ("isolation", "read_only")
        )
        rows = read(server, f"select {settings}", out).to_pylist()
        assert rows == [{"isolation": "repeatable read", "read_only": "on"}]

    def test_a_table_is_read_whatever_its_name(self, server: Server, out: Path) -> None:
        server.run(
            'create schema "Shop.EU"', 'create table "Shop.EU"."order ""lines""" as select 1 as "Select"'
        )
        table = read(server, query_of('"Shop.EU"."order ""lines"""'), out)
        assert table.to_pydict() == {"Select": [1]}

    def test_a_table_that_may_not_be_read(self, server: Server, out: Path) -> None:
        uri = server.at(user="clerk").replace("clerk@", "clerk:clerk@")
        expected = "permission denied for table diary; have the user granted select on it"
        assert problem(server, query_of("diary"), out, uri) == expected


class TestPasswords:
    def test_a_wrong_one_is_refused_and_not_shown(
        self, server: Server, out: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PGPASSWORD", "wr0ng")
        message = problem(server, "select 1", out)
        assert message == (
            f'password authentication failed for user "{OWNER}"; '
            "keep the password in the environment variable PGPASSWORD or in ~/.pgpass"
        )
        monkeypatch.setenv("PGPASSWORD", PASSWORD)
        assert problem(server, "select 1", out, server.uri.replace("@", ":wr0ng@")) == message
        assert problem(server, "select 1", out, f"{server.uri}?password=wr0ng") == message
        with pytest.raises(DatabaseError) as raised:
            snapshot(f"{server.uri}?nonsense=1", "select 1", out, password="wr0ng")
        assert str(raised.value).endswith('no connection: invalid URI query parameter: "nonsense"')

    def test_none_is_asked_for(self, server: Server, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("PGPASSWORD")
        monkeypatch.setenv("PGPASSFILE", "/dev/null")
        assert problem(server, "select 1", out) == (
            "the server asks for a password; "
            "keep the password in the environment variable PGPASSWORD or in ~/.pgpass"
        )

    def test_it_is_found_wherever_it_is(
        self, server: Server, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PGPASSWORD", "wr0ng")
        assert snapshot(server.uri, "select 1", out, password=PASSWORD).rows == 1
        encoded = "correct:%20horse%2Fbattery%40staple"
        assert snapshot(server.uri.replace("@", f":{encoded}@"), "select 1", out).rows == 1
        monkeypatch.delenv("PGPASSWORD")
        passwords = tmp_path / "pgpass"
        passwords.touch(mode=0o600)
        passwords.write_text(f"127.0.0.1:{server.port}:*:{OWNER}:{PASSWORD.replace(':', chr(92) + ':')}\n")
        monkeypatch.setenv("PGPASSFILE", str(passwords))
        assert snapshot(server.uri, "select 1", out).rows == 1


ORDERS = """
    select
        i as order_id,
        (i * 7919 % 10007)::text as customer_id,
        timestamptz '2024-01-01 00:00+00' + i * interval '97 seconds' as ordered_at,
        ((i * 31 % 100000) / 100.0)::numeric(10, 2) as amount,
        repeat(md5(i::text), 20) as note
    from generate_series(1, 200000) as i
"""


class TestLargeAnswers:
    def test_are_streamed_and_complete(self, server: Server, out: Path) -> None:
        progress: list[int] = []
        memory: list[int] = [_resident()]

        def report(rows: int) -> None:
            progress.append(rows)
            memory.append(_resident())

        done = snapshot(server.uri, ORDERS, out, on_progress=report)
        assert done == Snapshot(out, 200_000)
        assert len(progress) > 10
        assert progress == sorted(set(progress))
        assert progress[-1] == 200_000
        assert max(memory) - memory[0] < 60 << 20  # the notes alone are 122 MiB

        facts = """
            count(*)::text, sum(amount)::text, count(distinct customer_id)::text,
            sum({epoch})::text, sum(amount) filter (where customer_id = '42')::text, min(note), max(note)
        """
        epoch = "extract(epoch from ordered_at)::bigint"
        expected = server.run(f"select {facts.format(epoch=epoch)} from ({ORDERS}) as x")
        written = duckdb.read_parquet(str(out))
        assert written.aggregate(facts.format(epoch="epoch(ordered_at)::bigint")).fetchall() == expected

    def test_a_failing_refresh_leaves_the_earlier_file(self, server: Server, out: Path) -> None:
        snapshot(server.uri, "select 1 as id", out)
        before = out.read_bytes()
        seen: list[int] = []
        failing = f"select 1 / (order_id - 150000) as x, * from ({ORDERS}) as y"
        with pytest.raises(DatabaseError, match=r"division by zero$"):
            snapshot(server.uri, failing, out, on_progress=seen.append)
        assert seen
        assert out.read_bytes() == before
        assert list(out.parent.iterdir()) == [out]

    def test_an_interruption_leaves_the_earlier_file(self, server: Server, out: Path) -> None:
        snapshot(server.uri, "select 1 as id", out)
        before = out.read_bytes()

        def interrupt(_: int) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            snapshot(server.uri, ORDERS, out, on_progress=interrupt)
        assert out.read_bytes() == before
        assert list(out.parent.iterdir()) == [out]

    def test_a_server_that_dies_leaves_the_earlier_file(self, server: Server, out: Path) -> None:
        snapshot(server.uri, "select 1 as id", out)
        before = out.read_bytes()
        stopped: list[int] = []

        def stop(rows: int) -> None:
            if not stopped:
                server.stop()
            stopped.append(rows)

        try:
            with pytest.raises(DatabaseError) as raised:
                snapshot(server.uri, ORDERS, out, on_progress=stop)
        finally:
            server.start()
        assert str(raised.value).startswith(f"{server.uri}: ")
        assert "terminating connection" in str(raised.value) or "closed the connection" in str(raised.value)
        assert "\n" not in str(raised.value)
        assert out.read_bytes() == before
        assert list(out.parent.iterdir()) == [out]


def test_a_folder_that_cannot_be_written_is_named(server: Server, tmp_path: Path) -> None:
    (tmp_path / "shop").touch()
    out = tmp_path / "shop" / "orders.parquet"
    with pytest.raises(
        InputError, match=rf"^{out.parent}: cannot be written to: (File exists|Not a directory)$"
    ):
        snapshot(server.uri, "select 1", out)


def _resident() -> int:
    """How many bytes of memory this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096
