"""Run the suites of ``suites/*.yml`` with Great Expectations, inside the engine, on the session of dbt."""

import os
import re
import threading
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Formatter, Template
from typing import Annotated, Any, Literal

import great_expectations as gx
import pandas as pd
import yaml
from great_expectations.exceptions import ExpectationNotFoundError
from great_expectations.execution_engine import ExecutionEngine
from great_expectations.expectations.core import UnexpectedRowsExpectation
from great_expectations.expectations.registry import get_expectation_impl, get_renderer_impl
from great_expectations.validator.metric_configuration import MetricConfiguration
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from palette.core.tables import empty
from palette.core.writing import write_whole
from palette.quality.pages import page
from palette.quality.results import CUSTOM_SQL, ERROR, RESULTS_SCHEMA, line
from palette.quality.sources import WORDS, Source, source_of

PAGES = Path(os.environ.get("DBT_TARGET_PATH") or "target") / "quality"
EXAMPLES = 5  # values that an expectation did not expect, on the page
_FOLDER = files("palette.quality") / "suites"
_GX_LOCK = threading.Lock()  # Great Expectations keeps its current context in a global

SUITES = tuple(sorted(file.name.removesuffix(".yml") for file in _FOLDER.iterdir()))


class SuiteError(ValueError):
    """A suite that cannot be read or cannot be run; the message names the file and the entry."""


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")

    type: str
    severity: Literal["critical", "warning"]
    why: Annotated[str, Field(min_length=1)]
    kwargs: dict[str, Any] = {}
    columns: list[str] | None = None  # one expectation for each of them
    rule: str | None = None  # the sentence of a custom SQL expectation


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    description: Annotated[str, Field(min_length=1)]
    relations: Annotated[
        dict[str, Annotated[list[_Entry], Field(min_length=1)]],
        Field(min_length=1),
    ]


class CountedRowsExpectation(UnexpectedRowsExpectation):  # type: ignore[misc]  # it has no types
    """Custom SQL whose query runs once where it finds nothing: rows are fetched only where there are any."""

    metric_dependencies = ("unexpected_rows_query.row_count",)

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,
        execution_engine: ExecutionEngine | None = None,
    ) -> Any:
        found = dict(metrics, **{"unexpected_rows_query.table": []})
        if metrics["unexpected_rows_query.row_count"] and execution_engine is not None:
            query = {"unexpected_rows_query": self.unexpected_rows_query}
            rows = MetricConfiguration("unexpected_rows_query.table", {}, query)
            found["unexpected_rows_query.table"] = execution_engine.resolve_metrics([rows])[rows.id]
        return super()._validate(found, runtime_configuration, execution_engine)


@dataclass(frozen=True)
class Check:
    """One expectation on one relation, as the suite's file has it."""

    relation: str
    type: str
    kwargs: Mapping[str, Any]
    severity: str
    why: str
    rule: str | None = None

    @property
    def column_name(self) -> str | None:
        """The column or columns the expectation is about, None where it is about the table."""
        names = self.kwargs.get("column_list") or [
            self.kwargs[key] for key in ("column", "column_A", "column_B") if key in self.kwargs
        ]
        return ", ".join(names) or None

    def expectation(self, said: Mapping[str, str] | None = None, position: int = 0) -> Any:
        """Great Expectations' object for it; ``{name}`` in custom SQL becomes what is said of it."""
        kwargs = dict(self.kwargs)
        if self.type == CUSTOM_SQL:
            for name, sql in (said or {}).items():
                kwargs["unexpected_rows_query"] = kwargs["unexpected_rows_query"].replace(f"{{{name}}}", sql)
        kind = CountedRowsExpectation if self.type == CUSTOM_SQL else get_expectation_impl(self.type)
        return kind(
            **kwargs,
            severity=self.severity,
            notes=self.why,
            description=self.rule,
            meta={"position": position},
        )


@dataclass(frozen=True)
class Suite:
    """The checks of one file, in the file's order."""

    name: str
    description: str
    checks: tuple[Check, ...]

    @property
    def relations(self) -> tuple[str, ...]:
        """Names of the relations, in the file's order."""
        return tuple(dict.fromkeys(check.relation for check in self.checks))


def load_suite(name: str) -> Suite:
    """Read a suite of the package.

    Parameters
    ----------
    name
        One of ``SUITES``.

    Raises
    ------
    SuiteError
        There is no such suite, or its file is not valid; see :func:`parse_suite`.
    """
    if name not in SUITES:
        raise SuiteError(f"there is no suite {name!r}; known suites: {', '.join(SUITES)}")
    return parse_suite(name, (_FOLDER / f"{name}.yml").read_text(encoding="utf-8"))


def parse_suite(name: str, text: str) -> Suite:
    """Check the YAML of a suite, down to the arguments of each expectation.

    Raises
    ------
    SuiteError
        Names the file, the relation, the entry (counted from 1) and what is wrong with it.
    """
    try:
        content = _File.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise SuiteError(f"{name}.yml is not YAML: {error}") from error
    except ValidationError as error:
        reasons = [f"{_place(detail['loc'])}: {detail['msg']}" for detail in error.errors()]
        raise SuiteError(f"{name}.yml: {'; '.join(reasons)}") from error
    checks: list[Check] = []
    for relation, entries in content.relations.items():
        for number, entry in enumerate(entries, start=1):
            try:
                checks += _checks(relation, entry, set(content.relations))
            except (ExpectationNotFoundError, ValueError, TypeError) as error:
                raise SuiteError(f"{name}.yml: {relation}, entry {number} ({entry.type}): {error}") from error
    return Suite(name, content.description, tuple(checks))


def run_suite(
    session: Any,
    suite: str | Suite,
    relations: Mapping[str, Any],
    *,
    pages: Path | None = None,
) -> pd.DataFrame:
    """Check every expectation of a suite and write its page.

    Parameters
    ----------
    session
        What the relations belong to, such as what dbt hands to a Python model: DuckDB's connection, whose
        transaction is neither committed nor rolled back, or Spark's session.
    suite
        One of ``SUITES``, or a suite of one's own.
    relations
        Name to relation; exactly the names the suite lists.
    pages
        Where ``<suite>.html`` goes; default ``target/quality`` of the working directory.

    Returns
    -------
    pandas.DataFrame
        Columns of ``RESULTS_SCHEMA``, one row an expectation in the suite's order. ``unexpected_count``
        counts rows, and is 0 or 1 for an expectation on an aggregate, whose value ``observed`` tells. An
        expectation that could not run (its column does not exist, say) has failed, and ``observed`` starts
        with "error: ".

    Raises
    ------
    SuiteError
        The relations are not those of the suite, or an expectation broke the session's transaction.
    """
    suite = load_suite(suite) if isinstance(suite, str) else suite
    if difference := set(suite.relations) ^ set(relations):
        reasons = [
            f"{relation} has no expectations" if relation in relations else f"{relation} was not handed in"
            for relation in sorted(difference)
        ]
        raise SuiteError(f"{suite.name}.yml: {'; '.join(reasons)}")
    rows: list[dict[str, object]] = []
    examples: list[str] = []
    with _GX_LOCK:
        source = source_of(session, relations)
        for relation in suite.relations:
            checks = [check for check in suite.checks if check.relation == relation]
            elements = source.count(relation)
            outcome = _validate(source, relation, checks)
            results = sorted(outcome.results, key=lambda result: result.expectation_config.meta["position"])
            found = [
                _row(suite.name, check, result, elements)
                for check, result in zip(checks, results, strict=True)
            ]
            _require_live(source, found)
            rows += found
            examples += map(_examples, results)
    frame = pd.DataFrame(rows, columns=RESULTS_SCHEMA.names)
    reasons = [check.why for check in suite.checks]
    written = page(suite.name, suite.description, reasons, examples, frame)
    write_whole((pages or PAGES) / f"{suite.name}.html", written)
    return frame


def run_staging_suites(
    session: Any,
    forms: Collection[str],
    relations: Mapping[str, Any],
    *,
    pages: Path | None = None,
) -> pd.DataFrame:
    """Run the suite ``<form>_staging`` of each form that a retailer has.

    Parameters
    ----------
    session, pages
        As for :func:`run_suite`.
    forms
        The retailers' forms.
    relations
        Staging models of all forms by name, ``stg_<form>__<table>``.

    Returns
    -------
    pandas.DataFrame
        As of :func:`run_suite`, form by form; a form without a suite has no rows.
    """
    results = [
        run_suite(
            session,
            f"{form}_staging",
            {name: relation for name, relation in relations.items() if name.startswith(f"stg_{form}__")},
            pages=pages,
        )
        for form in sorted(set(forms))
        if f"{form}_staging" in SUITES
    ]
    return pd.concat(results, ignore_index=True) if results else empty(RESULTS_SCHEMA)


def _place(location: tuple[int | str, ...]) -> str:
    """Turn pydantic's path into words, with entries counted from 1."""
    return ", ".join(f"entry {part + 1}" if isinstance(part, int) else part for part in location)


def _checks(relation: str, entry: _Entry, relations: set[str]) -> Iterator[Check]:
    type_ = re.sub(r"(?<=[a-zA-Z])(?=[A-Z])", "_", entry.type).lower()
    if type_ == CUSTOM_SQL:
        query = entry.kwargs.get("unexpected_rows_query", "")
        names = {field for _, field, _, _ in Formatter().parse(query) if field is not None}
        if "batch" not in names:
            raise ValueError("unexpected_rows_query must select from {batch}")
        if unknown := names - {"batch", *WORDS} - relations:
            raise ValueError(f"the suite has no relation {', '.join(sorted(unknown))}")
        if not entry.rule:
            raise ValueError("custom SQL needs a rule, a sentence that says what must hold")
    each = [{"column": column} for column in entry.columns] if entry.columns else [{}]
    for column in each:
        check = Check(relation, type_, entry.kwargs | column, entry.severity, entry.why, entry.rule)
        check.expectation()
        yield check


def _validate(source: Source, relation: str, checks: list[Check]) -> Any:
    said = {**{name: f"({query})" for name, query in source.queries.items()}, **source.words}
    expectations = [check.expectation(said, position) for position, check in enumerate(checks)]
    return source.batch(relation).validate(gx.ExpectationSuite(name=relation, expectations=expectations))


def _row(suite: str, check: Check, result: Any, elements: int) -> dict[str, object]:
    outcome = result.result
    observed = outcome.get("observed_value")
    if error := _error(result.exception_info):
        unexpected, observed = 1, ERROR + error
    elif check.type == CUSTOM_SQL and observed is None:  # what comes of a query that Spark cannot run
        unexpected, observed = 1, ERROR + "the query cannot run"
    elif check.type == CUSTOM_SQL:
        unexpected, observed = int(observed), None
    elif "unexpected_count" in outcome:
        unexpected = int(outcome["unexpected_count"] or 0)
    else:
        unexpected = int(not result.success)
    return {
        "suite": suite,
        "relation": check.relation,
        "column_name": check.column_name,
        "expectation": check.type,
        "rule": check.rule or _sentence(result.expectation_config),
        "severity": check.severity,
        "success": bool(result.success) and not str(observed).startswith(ERROR),
        "unexpected_count": unexpected,
        "element_count": elements,
        "observed": None if observed is None else str(observed),
    }


def _examples(result: Any) -> str:
    """Write some of the values that an expectation did not expect, each once; nulls speak for themselves."""
    values = dict.fromkeys(
        str(value) for value in result.result.get("partial_unexpected_list", ()) if value is not None
    )
    return ", ".join(list(values)[:EXAMPLES])


def _error(info: Mapping[str, Any]) -> str | None:
    """First message of Great Expectations' exception info, which nests it by metric or does not."""
    for part in (info, *(value for value in info.values() if isinstance(value, dict))):
        if part.get("raised_exception"):
            return str(part["exception_message"]).removeprefix("Error: ").splitlines()[0]
    return None


def _sentence(config: Any) -> str:
    """Great Expectations' own wording of an expectation, its arguments filled in."""
    _, render = get_renderer_impl(config.type, "renderer.prescriptive")
    text = render(configuration=config)[0].string_template
    words = {name: _word(value) for name, value in text["params"].items()}
    return Template(text["template"]).safe_substitute(words)


def _word(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _require_live(source: Source, found: list[dict[str, object]]) -> None:
    """Say what could not run, where an error in running it has aborted the session's transaction."""
    errors = [line(row) for row in found if str(row["observed"]).startswith(ERROR)]
    if errors and (reason := source.broken()):
        raise SuiteError("\n".join([reason, *errors]))
