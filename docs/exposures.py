"""Write which marts the report shows into its exposure; `make exposures` calls it on the demo's warehouse.

They are those that the report reads where each of its sections has something to show, as on the demo.
"""

import argparse
import re
from collections.abc import Iterable
from pathlib import Path

from palette.core.warehouses import open_warehouse
from palette.report import MOST_CUSTOMERS
from palette.report.page import render

REPORT = "customer_report"


def main() -> None:
    """Write the list of marts of the exposure anew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("warehouse", type=Path, help="warehouse of both demo retailers")
    parser.add_argument("exposures", type=Path, help="yml file with the report's exposure")
    chosen = parser.parse_args()
    with open_warehouse(chosen.warehouse) as connection:
        _, shown = render(connection, most_customers=MOST_CUSTOMERS, seed=0)
    described = chosen.exposures.read_text(encoding="utf-8")
    chosen.exposures.write_text(listed(described, shown), encoding="utf-8")


def listed(exposures: str, shown: Iterable[str]) -> str:
    """Put marts in the place of those that the report's exposure depends on."""
    before, name, rest = exposures.partition(f"  - name: {REPORT}\n")
    references = "".join(f"      - ref('{mart}')\n" for mart in sorted(shown))
    written, number = re.subn(
        r"(?<= {4}depends_on:)([^\n]*\n)(?: {6}- .*\n)+", rf"\1{references}", rest, count=1
    )
    assert name, f"{REPORT} is not described"
    assert number, f"{REPORT} depends on nothing"
    return f"{before}{name}{written}"


if __name__ == "__main__":
    main()
