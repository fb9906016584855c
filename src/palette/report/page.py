"""Writes the report: one HTML file that opens from disk and asks nothing of any network."""

import base64
import hashlib
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import altair as alt
import duckdb
import pandas as pd
import vl_convert
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from palette.core.errors import InputError
from palette.core.warehouses import open_warehouse
from palette.core.writing import write_whole
from palette.report import MOST_CUSTOMERS
from palette.report.charts.common import Chart
from palette.report.charts.recommendations import customer_history
from palette.report.customers import LookUp, look_up
from palette.report.frames import rows
from palette.report.marts import FEWEST, Groups, Marts
from palette.report.sections import SECTIONS
from palette.report.sections.common import Drawing, Section, translated_names
from palette.report.theme import CONFIG
from palette.report.words import LOCALES, Words, texts


@dataclass(frozen=True)
class Article:
    """The report of one retailer in one language.

    Attributes
    ----------
    id
        Retailer and language, in the page's addresses.
    retailer, name
        The retailer, and what it is called.
    words, sections
        What it says and shows.
    charts
        Vega-Lite of each chart, by its place's id.
    names
        What the customer card says: see :func:`_names`.
    look_up, seed
        The customers that can be looked up, None in an anonymous report, and the seed of their sample.
    notice
        What an anonymous report leaves out.
    """

    id: str
    retailer: str
    name: str
    words: Words
    sections: list[Section]
    charts: dict[str, dict[str, Any]]
    names: dict[str, Any]
    look_up: LookUp | None
    seed: int
    notice: str


def write_report(
    warehouse: Path,
    out: Path,
    *,
    most_customers: int = MOST_CUSTOMERS,
    seed: int = 0,
    anonymous: bool = False,
) -> set[str]:
    """Write the report of every retailer in a warehouse, in every language, into one file.

    Parameters
    ----------
    warehouse
        A built warehouse file; it is only read.
    out
        The HTML file to write; it is put in place when it is whole.
    most_customers, seed, anonymous
        See :func:`render`.

    Returns
    -------
    set of str
        Names of the marts it shows.

    Raises
    ------
    InputError
        The warehouse cannot be read, lacks a mart or column that the report shows, or holds no purchases; or
        the file cannot be written.
    """
    with open_warehouse(warehouse) as connection:
        page, shown = render(connection, most_customers=most_customers, seed=seed, anonymous=anonymous)
    write_whole(out, page)
    return shown


def render(
    connection: duckdb.DuckDBPyConnection, *, most_customers: int, seed: int, anonymous: bool = False
) -> tuple[str, set[str]]:
    """Return the report as HTML, and the names of the marts it shows.

    Parameters
    ----------
    connection
        An open warehouse; it is only read.
    most_customers
        How many customers of a retailer can be looked up in it; when there are more, a sample.
    seed
        Seed of that sample.
    anonymous
        Whether to leave out all customers, and all groups of a few of them: see :class:`Groups`.
    """
    retailers = Marts(connection, "").shared("retailer_overview", order="retailer_name, retailer")
    if retailers.empty:
        raise InputError("this warehouse holds no purchases: there is nothing to report")
    small = retailers[anonymous & (retailers["customers"] < FEWEST)]
    retailers = retailers.drop(small.index)
    if retailers.empty:
        raise InputError(f"no retailer has {FEWEST} customers: every figure would be of single ones")
    kind = Groups if anonymous else Marts
    marts = {name: kind(connection, name) for name in retailers["retailer"]}
    look_ups = {
        name: look_up(own, most=most_customers, seed=seed) for name, own in marts.items() if not anonymous
    }
    left_out = ", ".join(small["retailer_name"])
    articles = [
        _article(marts[row.retailer], look_ups.get(row.retailer), row, language, seed, left_out)
        for row in rows(retailers)
        for language in LOCALES
    ]
    template = _environment().get_template("report.html.j2")
    scripts = [_bundle(), Markup(_environment().get_template("report.js").render())]
    page = template.render(articles=articles, look_ups=look_ups, config=CONFIG, scripts=scripts)
    return page, {"retailer_overview"}.union(*(own.names for own in marts.values()))


def _article(
    marts: Marts, customers: LookUp | None, retailer: Any, language: str, seed: int, left_out: str
) -> Article:
    words = Words(language, retailer.currency, translated_names(marts, language))
    built = (section.build(marts, words) for section in SECTIONS)
    sections = [section for section in built if section is not None]
    notice = ""
    if marts.anonymous:
        sections = [noted for section in sections if (noted := _noted(section, marts, words))]
        notice = words("anonymous.notice", fewest=FEWEST)
        notice += f" {words('anonymous.retailers', names=left_out)}" if left_out else ""
    article = f"{quote(retailer.retailer, safe='')}-{language}"  # as an address holds it
    history = customer_history(pd.DataFrame({"month": [], "revenue": [], "orders": []}), words)
    charts = {
        f"{article}-{section.key}-{figure.key}": _spec(figure.body.chart)
        for section in sections
        for figure in section.figures
        if isinstance(figure.body, Drawing)
    }
    if customers:
        charts[f"{article}-history"] = _spec(history)
    return Article(
        id=article,
        retailer=retailer.retailer,
        name=retailer.retailer_name,
        words=words,
        sections=sections,
        charts=charts,
        names=_names(marts, words),
        look_up=customers,
        seed=seed,
        notice=notice,
    )


def _noted(section: Section, marts: Marts, words: Words) -> Section | None:
    """Say of each figure whether groups are left out of it; None where that leaves nothing to show."""
    figures = []
    for figure in section.figures:
        if figure.of_all or marts.hidden.isdisjoint(figure.marts):
            figures.append(figure)
        elif figure.body is None:
            figures.append(replace(figure, sentence=words("anonymous.too_few")))
        else:
            note = f"{figure.note} {words('anonymous.left_out', fewest=FEWEST)}".strip()
            figures.append(replace(figure, note=note))
    nothing = not any(figure.body for figure in figures) and figures != list(section.figures)
    return None if nothing else replace(section, figures=figures)


def _spec(chart: Chart) -> dict[str, Any]:
    """Return a chart's Vega-Lite, without what all of them share."""
    with alt.data_transformers.enable("default", max_rows=None):
        spec: dict[str, Any] = chart.to_dict()
    return {key: part for key, part in spec.items() if key not in ("config", "$schema")}


def _names(marts: Marts, words: Words) -> dict[str, Any]:
    """Return what a customer's card writes in words: names, and advice by segment, cluster and group."""
    language = words.language
    pieces = marts("group_advice")
    numbers = pieces["advice_number"].astype(str)
    keys = pieces["grouping_name"] + ":" + pieces["group_name"] + ":" + numbers
    advice = dict(zip(keys, pieces[f"advice_{language}"], strict=True))
    return {
        "language": language,
        "locale": words.locale.replace("_", "-"),
        "currency": words.currency,
        "names": dict(words.names),
        "advice": advice,
        "texts": {
            key: text[language]
            for key, text in texts().items()
            if key.startswith(("lookup.", "list_name.", "clustering.", "worth.silence_", "worth.class_"))
        },
    }


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("palette.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["digest"] = _digest
    return environment


def _digest(script: str) -> str:
    """Return what names a script in the page's policy: no other one runs."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


@cache
def _bundle() -> Markup:
    """Return Vega, Vega-Lite and Vega-Embed as one script, of the version that the charts are written in."""
    version = ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
    script: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=version)
    return Markup(script.replace("</script", "<\\/script"))
