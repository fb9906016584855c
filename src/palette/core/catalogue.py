"""Names that the project gives in seed tables: the recommendation lists and the models that make them.

SQL reads the seeds ``recommendation_list_names`` and ``recommendation_model_names`` and Python their files,
so that a list or a model has its name, its order and its words in one row.
"""

import csv
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from palette.core.forms import project_folder

LISTS = "recommendation_list_names"
MODELS = "recommendation_model_names"
SINGLE = ("component", "baseline")  # kinds of the models that the hybrid is made of, or measured against


def list_names() -> tuple[str, ...]:
    """Return the names of the recommendation lists, in the order to show them."""
    rows = sorted(_rows(project_folder(), LISTS), key=lambda row: int(row["position"]))
    return tuple(row["list_name"] for row in rows)


def model_names(*kinds: str) -> tuple[str, ...]:
    """Return the names of the models of some kinds, by default the single ones, in the seed's order.

    Parameters
    ----------
    kinds
        Of ``component`` (the hybrid weighs it), ``baseline`` (it has to be beaten), ``hybrid``, ``fusion``.
    """
    return tuple(row["model"] for row in _rows(project_folder(), MODELS) if row["kind"] in (kinds or SINGLE))


def always_fitted() -> tuple[str, ...]:
    """Return the names of the single models that are fitted whatever ``recommendation_models`` says."""
    rows = {row["model"]: row for row in _rows(project_folder(), MODELS)}
    return tuple(name for name in model_names() if rows[name]["is_always_fitted"] == "true")


def titles() -> dict[str, dict[str, str]]:
    """Return what lists and models are called: ``list_name.again`` -> language -> text."""
    project = project_folder()
    return {
        f"{key}.{row[key]}": {language: row[f"{column}_{language}"] for language in ("en", "ko")}
        for seed, key, column in ((LISTS, "list_name", "title"), (MODELS, "model", "label"))
        for row in _rows(project, seed)
    }


@lru_cache
def _rows(project: Path, seed: str) -> tuple[Mapping[str, str], ...]:
    (path,) = (project / "seeds").glob(f"*/{seed}.csv")
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return tuple(csv.DictReader(stream))
