"""The page of a suite: every expectation, why it is there and what came of it. It opens without a network."""

from collections.abc import Sequence
from html import escape

import pandas as pd

from palette.quality.results import records, verdict

HEADER = ("Relation", "Expectation", "Why", "Severity", "Result", "For example")
_HEAD = """<meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: auto; padding: 1rem; max-width: 80rem; color: #222; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid #ddd; padding: .4rem .6rem; text-align: left; vertical-align: top; }
.failed { background: #fdecea; }
@media (max-width: 50rem) {
  thead { display: none; }
  tr { display: block; border-bottom: 1px solid #ddd; padding: .4rem 0; }
  td { display: block; border: 0; padding: 0 .6rem; overflow-wrap: anywhere; }
}
</style>"""


def page(
    name: str, description: str, reasons: Sequence[str], examples: Sequence[str], results: pd.DataFrame
) -> str:
    """Write a suite's page, what failed first; whatever is in the data is text there.

    Parameters
    ----------
    name, description
        The suite's.
    reasons, examples
        Why each expectation is there, and some values that it did not expect.
    results
        A row an expectation, in the same order: ``palette.quality.results.RESULTS_SCHEMA``.
    """
    entries = zip(records(results), reasons, examples, strict=True)
    rows = "\n".join(
        _row(
            (
                row["relation"],
                row["rule"],
                why,
                row["severity"],
                "passed" if row["success"] else verdict(row),
                found,
            ),
            "" if row["success"] else ' class="failed"',
        )
        for row, why, found in sorted(entries, key=lambda each: bool(each[0]["success"]))
    )
    titles = "".join(f"<th>{title}</th>" for title in HEADER)
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><title>{escape(name)}</title>{_HEAD}</head>\n'
        f"<body><h1>{escape(name)}</h1><p>{escape(description)}</p>\n"
        f"<table><thead><tr>{titles}</tr></thead><tbody>\n{rows}\n</tbody></table></body></html>\n"
    )


def _row(cells: Sequence[str], of_class: str) -> str:
    return f"<tr{of_class}>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
