"""Made-up files of every form, in every dialect and with every kind of dirt, against what was written.

A file is landed with every row and value that was written, or refused with a message that names it: never
another error, never another value. `make fuzz` tries 10,000 instead of a few hundred (`PALETTE_FUZZ`).
"""

import os
import re
import tempfile
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings

from made_files import ANY, BYTES, Made, made_files
from palette.core.declarations import Declared, declare
from palette.core.errors import InputError
from palette.core.forms import SourceTable
from palette.core.landing import Landed, land

FILES = int(os.environ.get("PALETTE_FUZZ", "300"))


def outcome(shop: Declared, table: SourceTable) -> tuple[Landed | None, str]:
    """Land a file; where it is refused, the message comes second."""
    try:
        return land(shop, table), ""
    except InputError as error:
        return None, str(error)


def same(truth: Any, value: Any) -> bool:
    return truth is ANY or truth == value


@pytest.mark.slow
@settings(
    max_examples=FILES,
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.function_scoped_fixture,
        HealthCheck.filter_too_much,
    ],
)
@given(made_files())
def test_a_file_is_landed_as_written_or_refused(made: Made) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / made.name
        path.write_bytes(made.content)
        shop = declare("shop", Path(folder), made.declared)
        landed, refusal = outcome(shop, made.table)
        if landed is None:
            assert not made.must_land, refusal
            assert str(path) in refusal
            if made.fault and "(and " not in refusal:
                row, header = made.fault
                assert re.search(rf"row {row}\b.* column {re.escape(header)}: ", refusal), refusal
            return
        assert not made.must_fail
        names = list(made.rows[0])
        found = duckdb.sql(f"select {', '.join(names)} from '{landed.path}'").fetchall()
    truth = [tuple(row.values()) for row in made.rows]
    if made.dirt in BYTES:
        assert landed.rows <= len(truth) + made.content.count(b"\n") + made.content.count(b"\r")
        return
    assert landed.rows == len(truth)
    if made.table.key:
        assert len(found) <= len(truth)
        assert all(any(all(map(same, row, value)) for value in found) for row in truth), (truth, found)
        assert all(any(all(map(same, row, value)) for row in truth) for value in found), (truth, found)
    else:
        assert len(found) == len(truth)
        assert all(all(map(same, row, value)) for row, value in zip(truth, found, strict=True)), (
            truth,
            found,
        )
