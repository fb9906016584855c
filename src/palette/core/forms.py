"""Forms: shapes of raw files, each declared in the dbt sources of its own staging folder.

``models/staging/<form>/_<form>__sources.yml`` says under ``config: meta:`` of a source what a retailer of the
form has by default; of a table its files, key and alternatives; of a column its kind and the headers it is
known under. A form is added by adding such a folder, see CONTRIBUTING.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any, cast, get_args

import yaml

from palette.core.errors import InputError
from palette.core.values import Kind

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
ENDINGS = ("csv", "csv.gz", "tsv", "tsv.gz", "txt", "txt.gz", "parquet", "xlsx", "xls")


@dataclass(frozen=True)
class Column:
    """One column of a source table.

    Attributes
    ----------
    name
        Canonical name, the one staging sees.
    kind
        What its values are, see :mod:`palette.core.values`.
    names
        Headers that mean it without being declared; case, spaces and underscores do not matter.
    is_required
        Whether a file must have it.
    may_be_empty
        Whether a value may be missing. A value that is not of its kind is an error in any column.
    """

    name: str
    kind: Kind
    names: tuple[str, ...]
    is_required: bool = True
    may_be_empty: bool = False


@dataclass(frozen=True)
class SourceTable:
    """One table of a form: the files it may come in and the columns each of them has.

    Attributes
    ----------
    form, name
        The table is dbt's source ``<form>.<name>``.
    patterns
        File name patterns (``*``, ``?``), whatever the case; every matching file is a part of the table.
    columns
        In the order in which the typed table has them.
    is_required
        Whether a retailer cannot do without it; a table that is left out has no rows.
    key
        Columns that tell its rows apart; none where two rows may be alike.
    one_of
        Groups of columns of which a file must have at least one.
    calculations
        SQL expressions of its columns whose results staging keeps as decimals, so that they have to fit one.
    """

    form: str
    name: str
    patterns: tuple[str, ...]
    columns: tuple[Column, ...]
    is_required: bool = True
    key: tuple[str, ...] = ()
    one_of: tuple[tuple[str, ...], ...] = ()
    calculations: tuple[str, ...] = ()

    def column(self, name: str) -> Column:
        """Return the column of a canonical name."""
        return next(each for each in self.columns if each.name == name)


@dataclass(frozen=True)
class Form:
    """A shape of raw files.

    Attributes
    ----------
    name
        Name of its staging folder and of its dbt source.
    defaults
        What the declaration of a retailer of this form says where it says nothing.
    tables
        Its tables by name.
    """

    name: str
    defaults: Mapping[str, Any]
    tables: Mapping[str, SourceTable]

    @property
    def purchases(self) -> SourceTable:
        """The table of purchases, which the sources list first."""
        return next(iter(self.tables.values()))


class ProjectError(InputError):
    """There is no project here, or a form's declaration cannot be used."""


def project_folder() -> Path:
    """Find the nearest folder, from the current one upwards, with a ``dbt_project.yml``."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "dbt_project.yml").is_file():
            return folder
    raise ProjectError(f"no dbt_project.yml in {here} or above it: run this inside the project")


def forms() -> dict[str, Form]:
    """Read the forms of the project around the current folder, by name."""
    return _forms(project_folder())


def documents() -> dict[Path, Mapping[str, Any]]:
    """Read the sources of every form of the project around the current folder, by path."""
    return _documents(project_folder())


@lru_cache
def _documents(project: Path) -> dict[Path, Mapping[str, Any]]:
    paths = sorted((project / "models" / "staging").glob("*/_*__sources.yml"))
    return {path: _document(path) for path in paths}


def _document(path: Path) -> Mapping[str, Any]:
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), _LOADER)
    except yaml.YAMLError as error:
        raise ProjectError(f"{path}: no YAML: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict) or not isinstance(content.get("sources"), list):
        raise ProjectError(f"{path}: has to hold a list of sources")
    return content


@lru_cache
def _forms(project: Path) -> dict[str, Form]:
    found = [
        _form(source, path) for path, content in _documents(project).items() for source in content["sources"]
    ]
    return {form.name: form for form in found}


def _form(source: Mapping[str, Any], path: Path) -> Form:
    try:
        tables = {table["name"]: _table(source["name"], table) for table in source["tables"]}
        return Form(source["name"], _meta(source).get("defaults", {}), tables)
    except KeyError as error:
        raise ProjectError(f"{path}: {error} is missing, or misplaced in config: meta:") from error
    except (AttributeError, TypeError, ValueError) as error:
        raise ProjectError(f"{path}: {error}") from error


def _table(form: str, table: Mapping[str, Any]) -> SourceTable:
    meta = _meta(table)
    names = [column["name"] for column in table["columns"]]
    for name in (*meta.get("key", ()), *chain.from_iterable(meta.get("one_of", ()))):
        if name not in names:
            raise ValueError(f"table {table['name']}: key or one_of names {name}, which is no column of it")
    return SourceTable(
        form=form,
        name=table["name"],
        patterns=tuple(f"{stem}.{ending}" for stem in meta["files"] for ending in ENDINGS),
        columns=tuple(_column(column) for column in table["columns"]),
        is_required=meta.get("is_required", True),
        key=tuple(meta.get("key", ())),
        one_of=tuple(tuple(group) for group in meta.get("one_of", ())),
        calculations=tuple(meta.get("calculations", ())),
    )


def _column(column: Mapping[str, Any]) -> Column:
    meta = _meta(column)
    headers = meta.get("headers", [])
    if (kind := meta["kind"]) not in get_args(Kind):
        raise ValueError(
            f"column {column['name']}: kind {kind!r} is unknown (there are: {', '.join(get_args(Kind))})"
        )
    return Column(
        name=column["name"],
        kind=cast(Kind, kind),
        names=(column["name"], *(headers if isinstance(headers, list) else ())),
        is_required=meta.get("is_required", True),
        may_be_empty=meta.get("may_be_empty", False),
    )


def _meta(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    meta: Mapping[str, Any] = entry.get("config", {}).get("meta") or {}
    return meta
