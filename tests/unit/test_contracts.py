"""What readers of the marts were promised is kept, or told."""

import datetime
import runpy
from pathlib import Path

import pytest

broken = runpy.run_path(str(Path(__file__).parents[2] / "docs" / "contracts.py"))["broken"]
TODAY = datetime.date(2026, 11, 29)
NOT_NULL = [{"type": "not_null"}]


def manifest(*columns, access="public", name="rfm", deprecation_date=None):
    described = {
        column: {"data_type": data_type, "constraints": constraints}
        for column, data_type, constraints in columns
    }
    node = {
        "resource_type": "model",
        "access": access,
        "schema": "main",
        "alias": name,
        "columns": described,
        "deprecation_date": deprecation_date,
    }
    return {"nodes": {f"model.palette.{name}": node, "test.palette.unique": {"resource_type": "test"}}}


BEFORE = manifest(("score", "bigint", NOT_NULL), ("weight", "double", []))


@pytest.mark.parametrize(
    ("now", "sentences"),
    [
        (BEFORE, []),
        (manifest(("score", "bigint", NOT_NULL), ("weight", "double", NOT_NULL), ("new", "string", [])), []),
        (manifest(("score", "bigint", NOT_NULL)), ["main.rfm.weight is gone"]),
        (
            manifest(("score", "double", []), ("weight", "double", [])),
            ["main.rfm.score was bigint and is double", "main.rfm.score was never null and may be"],
        ),
        (manifest(("score", "bigint", NOT_NULL), name="scores"), ["main.rfm is gone"]),
        (manifest(("score", "bigint", NOT_NULL), access="protected"), ["main.rfm is gone"]),
    ],
)
def test_what_readers_would_miss_is_told(now, sentences):
    assert list(broken(BEFORE, now, TODAY)) == sentences


@pytest.mark.parametrize(
    ("until", "told"), [("2026-11-29T00:00:00", 0), ("2026-11-30T00:00:00+00:00", 1), (None, 1)]
)
def test_what_was_deprecated_may_go_on_its_day(until, told):
    assert len(list(broken(manifest(deprecation_date=until), {"nodes": {}}, TODAY))) == told


def test_what_is_not_public_was_never_promised():
    assert list(broken(manifest(access="protected"), {"nodes": {}}, TODAY)) == []
