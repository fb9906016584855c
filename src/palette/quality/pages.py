"""Great Expectations' Data Docs, made to open from disk without a network."""

import re
from copy import copy
from decimal import Decimal
from html import escape
from typing import Any

import pandas as pd
from great_expectations.core import expectationSuiteValidationResultSchema
from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer
from great_expectations.render.view import DefaultJinjaPageView

from palette.quality.results import records, verdict

_VIEW = DefaultJinjaPageView()  # keeps the templates it has compiled
_HEAD = """<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; color: #222; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0; }
th, td { border-bottom: 1px solid #ddd; padding: .4rem .6rem; text-align: left; vertical-align: top; }
nav, .card.mb-3 { display: none; }
.badge { background: #eee; border-radius: 4px; padding: 0 .3rem; }
.text-success, .passed { color: #1a7f37; } .text-danger, .failed { color: #b42318; }
.fa-check-circle::before { content: "\\2713"; } .fa-times::before { content: "\\2717"; }
.fa-exclamation-triangle::before { content: "!"; }
</style>"""


# Great Expectations sets most values into its pages as they are. While it renders, hexagrams of the I Ching
# stand for the signs that HTML, or its own templates, would take for more than text.
_SIGNS = "<>&\"'$"
_HEXAGRAMS = [chr(0x4DC0 + number) for number in range(len(_SIGNS))]
_HIDDEN = str.maketrans(_SIGNS, "".join(_HEXAGRAMS))
_SHOWN = str.maketrans(dict(zip(_HEXAGRAMS, map(escape, _SIGNS), strict=True)))


def page(outcome: Any) -> str:
    """Great Expectations' page of one relation, made to stand alone.

    Nothing is fetched from the network, no script runs, and whatever is in the data is text.
    """
    outcome = copy(outcome)
    outcome.results = [_in_floats(result) for result in outcome.results]
    hidden = expectationSuiteValidationResultSchema.load(_hide(outcome.to_json_dict()))
    page = _VIEW.render(ValidationResultsPageRenderer().render(hidden))
    page = re.sub(r"<script.*?</script>|<link[^>]*>|<img[^>]*>", "", page, flags=re.DOTALL)
    page = re.sub(r'<a href="[./]+/expectations/[^>]*>(.*?)</a>', r"\1", page)
    page = page.replace("</head>", f"{_HEAD}</head>").replace(
        "<body>", '<body><p><a href="index.html">All relations of the suite</a></p>'
    )
    return page.translate(_SHOWN)


def _in_floats(result: Any) -> Any:
    """Copy a result with floats for decimals: Great Expectations looks through the call stack for each."""
    result = copy(result)
    result.result = _floats(result.result)
    return result


def _floats(part: Any) -> Any:
    """Replace the decimals in a nested result by the floats that Great Expectations makes of them."""
    if isinstance(part, Decimal):
        return float(part)
    if isinstance(part, list | tuple):
        return [_floats(each) for each in part]
    if isinstance(part, dict):
        return {key: _floats(value) for key, value in part.items()}
    return part


def _hide(part: Any) -> Any:
    """Replace the signs in every text of a nested result."""
    if isinstance(part, str):
        return part.translate(_HIDDEN)
    if isinstance(part, list | tuple):
        return [_hide(each) for each in part]
    if isinstance(part, dict):
        return {_hide(key): _hide(value) for key, value in part.items()}
    return part


def index(name: str, description: str, reasons: list[str], results: pd.DataFrame) -> str:
    """Overview of a suite: every expectation with its reason, the relations linked to their pages."""
    table = pd.DataFrame(
        {
            "Relation": [f'<a href="{relation}.html">{relation}</a>' for relation in results["relation"]],
            "Severity": results["severity"],
            "Expectation": [escape(rule) for rule in results["rule"]],
            "Why": [escape(reason) for reason in reasons],
            "Result": [
                '<span class="passed">passed</span>'
                if row["success"]
                else f'<span class="failed">{escape(verdict(row))}</span>'
                for row in records(results)
            ],
        }
    )
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{name}</title>{_HEAD}'
        f"</head><body><h1>{name}</h1><p>{escape(description)}</p>"
        f"{table.to_html(index=False, escape=False, border=0)}</body></html>"
    )
