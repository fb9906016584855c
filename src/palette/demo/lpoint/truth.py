"""What was planted in the demo retailer: its pairs, its clients' favourites, its dirty rows."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from palette.demo.drawing import Bools, Ints
from palette.demo.lpoint.clients import Habits, People
from palette.demo.lpoint.dirt import KINDS
from palette.demo.lpoint.files import texts_at
from palette.demo.lpoint.shop import Shop
from palette.demo.tables import write_table

CLEANING_STEP = {
    "missing_product": 1,
    "missing_client": 1,
    "zero_quantity": 2,
    "missing_amount": 2,
    "outlier_amount": 3,
}
"""The cleaning step that drops a kind of dirty line; other kinds are kept."""
DIRTY_KEYS = ("clnt_id", "trans_id", "trans_seq", "sess_id", "hit_seq")
DIRTY_COLUMNS = ("file", "line_number", "kind", "cleaning_step", *DIRTY_KEYS)
AFFINITY_COLUMNS = ("clnt_id", "pd_c")


def write_pairs(shop: Shop, path: Path) -> None:
    """Write the planted pairs, and how often they are bought together."""
    code, name = shop.products["pd_c"], shop.products["clac_nm3"]
    rows = [
        (code[a], code[b], name[a], name[b], shop.tastes[taste], own, others)
        for a, b, taste, own, others in shop.pairs
    ]
    sides = [f"{column}_{side}" for column in ("pd_c", "clac_nm3") for side in "ab"]
    columns = [*sides, "taste_type", "share_of_orders", "share_elsewhere"]
    write_table(pd.DataFrame(rows, columns=columns), path)


def affinities(shop: Shop, some: People, habits: Habits) -> Any:
    """Favourites of the buyers of a chunk: a row a client and product they come back for."""
    who, category = np.nonzero(habits.favourite >= 0)
    return pa.table(
        {
            "clnt_id": some.client[who],
            "pd_c": texts_at(list(shop.products["pd_c"]), habits.favourite[who, category]),
        }
    )


def dirty_lines(table: Any, kind: Ints, before: int) -> Any:
    """Dirty rows of a chunk of transactions; `line_number` counts the header as line 1."""
    return _dirty_rows("transactions", table, kind, KINDS, before)


def dirty_hits(table: Any, is_unknown: Bools, before: int) -> Any:
    """Dirty rows of a chunk of hits, a row a hit and kind."""
    missing = {
        "missing_session_time": table["tot_sess_hr_v"].is_null().to_numpy(),
        "missing_device": table["dvc_ctg_nm"].is_null().to_numpy(),
        "unknown_client": is_unknown,
    }
    kinds = ["", *missing]
    parts = [
        _dirty_rows("online_behaviour", table, np.where(is_dirty, kinds.index(kind), 0), kinds, before)
        for kind, is_dirty in missing.items()
    ]
    return pa.concat_tables(parts)


def _dirty_rows(file: str, table: Any, kind: Ints, kinds: Sequence[str], before: int) -> Any:
    rows = np.flatnonzero(kind)
    steps = np.array([CLEANING_STEP.get(name, 0) for name in kinds])[kind[rows]]
    dirty = table.take(rows)
    nothing = pa.nulls(len(rows), pa.int64())
    return pa.table(
        {
            "file": pa.array([file] * len(rows), pa.string()),
            "line_number": before + 1 + rows,
            "kind": texts_at(kinds, kind[rows]),
            "cleaning_step": pa.array(steps, mask=steps == 0),
            **{name: dirty[name] if name in table.column_names else nothing for name in DIRTY_KEYS},
        }
    )
