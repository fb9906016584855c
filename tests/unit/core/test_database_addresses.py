import sys
from pathlib import Path

import pytest

from palette.core.databases import DatabaseError, query_of, snapshot, without_password


class TestQueryOf:
    @pytest.mark.parametrize(
        ("table", "expected"),
        [
            ("orders", 'select * from "orders"'),
            ("shop.Order Lines", 'select * from "shop"."Order Lines"'),
            ('"shop.eu"."say ""hi"""', 'select * from "shop.eu"."say ""hi"""'),
            ("orders; drop table x", 'select * from "orders; drop table x"'),
            (" shop . order ", 'select * from "shop"."order"'),
        ],
    )
    def test_quotes_each_name(self, table: str, expected: str) -> None:
        assert query_of(table) == expected

    @pytest.mark.parametrize("table", ["", " ", "shop.", ".orders", "a.b.c", '"orders', 'or"ders', "a\0b"])
    def test_objects_to_what_is_no_name(self, table: str) -> None:
        with pytest.raises(DatabaseError, match=r"is no table's name: write table or schema\.table"):
            query_of(table)


class TestWithoutPassword:
    @pytest.mark.parametrize(
        ("uri", "expected"),
        [
            ("postgresql://u@h/d", "postgresql://u@h/d"),
            ("postgresql://u:secret@h:5432/d?sslmode=require", "postgresql://u@h:5432/d?sslmode=require"),
            ("postgres://u:s%2Fecret@h1:1,h2:2/d", "postgres://u@h1:1,h2:2/d"),
            ("postgresql://u:sec@ret@[::1]:5432/d", "postgresql://u@[::1]:5432/d"),
            ("postgresql://h/d?user=u&password=secret", "postgresql://h/d?user=u"),
            ("postgresql://h/d?p%61ssword=secret&sslpassword=secret", "postgresql://h/d"),
            ("postgresql://u@h/d?application_name=a:b@c", "postgresql://u@h/d?application_name=a:b@c"),
            ("postgresql:///d?host=/var/run/postgresql", "postgresql:///d?host=/var/run/postgresql"),
        ],
    )
    def test_keeps_everything_else(self, uri: str, expected: str) -> None:
        assert without_password(uri) == expected

    @pytest.mark.parametrize(
        ("uri", "expected"),
        [
            (
                "mysql://u:secret@h/d",
                r"^mysql://: .* cannot be read; known are postgresql:// and postgres://$",
            ),
            ("host=h user=u password=secret", "^not a database's address: write postgresql://"),
            (
                "postgresql://u:sec/ret@h/d",
                "^the address postgresql://... cannot be read: .* as %40, %2F, %3A$",
            ),
            ("postgresql://u:secret@[::1/d", "^the address postgresql://... cannot be read: "),
        ],
    )
    def test_objects_to_other_addresses_without_showing_them(self, uri: str, expected: str) -> None:
        with pytest.raises(DatabaseError, match=expected) as raised:
            without_password(uri)
        assert "secret" not in str(raised.value)
        assert "ret@" not in str(raised.value)


def test_says_that_the_driver_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "adbc_driver_postgresql", None)
    with pytest.raises(DatabaseError, match="the driver is missing; install it with `pip install adbc"):
        snapshot("postgresql://u@h/d", "select 1", tmp_path / "orders.parquet")


def test_objects_to_an_empty_query(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match=r"^postgresql://u@h/d: the query is empty; write a select$"):
        snapshot("postgresql://u:secret@h/d", " ;\n", tmp_path / "orders.parquet")


def test_says_why_a_server_is_not_reached(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError) as raised:
        snapshot("postgresql://u:secret@127.0.0.1:1/d", "select 1", tmp_path / "eu" / "orders.parquet")
    assert str(raised.value) == (
        "postgresql://u@127.0.0.1:1/d: no connection: "
        'connection to server at "127.0.0.1", port 1 failed: Connection refused'
    )
    assert list(tmp_path.iterdir()) == []
