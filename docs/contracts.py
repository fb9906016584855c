"""Say what readers of the public marts would miss since an earlier state; `make contracts` calls it.

A mart that is queried by its name keeps its columns, their types and what is never null, until the day from
which a model's ``deprecation_date`` lets it go. dbt has such a check for models that had versions before, and
none for Python models.
"""

import datetime
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

Manifest = Mapping[str, Any]


def broken(before: Manifest, now: Manifest, today: datetime.date) -> Iterator[str]:
    """Compare what two states of the project promise.

    Parameters
    ----------
    before, now
        dbt's manifests.
    today
        What is deprecated by then may be gone.

    Yields
    ------
    str
        A sentence for each promise that was made and is not kept.
    """
    kept = _public(now)
    for name, node in _public(before).items():
        until = node.get("deprecation_date")
        if until and datetime.date.fromisoformat(until[:10]) <= today:
            continue
        if name not in kept:
            yield f"{name} is gone"
            continue
        columns = kept[name]["columns"]
        for column, promised in node["columns"].items():
            if column not in columns:
                yield f"{name}.{column} is gone"
                continue
            old, new = promised["data_type"], columns[column]["data_type"]
            if old != new:
                yield f"{name}.{column} was {old} and is {new}"
            if _never_null(promised) and not _never_null(columns[column]):
                yield f"{name}.{column} was never null and may be"


def _public(manifest: Manifest) -> dict[str, Mapping[str, Any]]:
    """Return the models that anyone may read, by the name under which they are found."""
    return {
        f"{node['schema']}.{node['alias']}": node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["access"] == "public"
    }


def _never_null(column: Mapping[str, Any]) -> bool:
    return any(constraint["type"] == "not_null" for constraint in column["constraints"])


if __name__ == "__main__":
    first, second = (json.loads(Path(path).read_text("utf-8")) for path in sys.argv[1:3])
    if found := list(broken(first, second, datetime.datetime.now(tz=datetime.UTC).date())):
        advice = 'CONTRIBUTING.md, "Change a column", says how a version keeps it'
        sys.exit("\n".join([*found, advice]))
