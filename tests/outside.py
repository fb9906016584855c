"""Published files that figures are checked on: they lie outside the project, and tests do without them.

CONTRIBUTING.md, "Files outside the project", says which they are and where one gets them.
"""

import os
from collections import Counter
from pathlib import Path

import pytest

VARIABLE = "PALETTE_TEST_FILES"
WITHOUT = "outside the project, and not there: "

FOLDER = Path(os.environ.get(VARIABLE) or Path(__file__).parents[2] / "shared").absolute()
DATA, REFERENCE = FOLDER / "data", FOLDER / "reference"
ONLINE_RETAIL = DATA / "online_retail_2010_2011.parquet"
CDNOW = DATA / "cdnow"


def outside(file: Path) -> Path:
    """Return a file that lies outside the project.

    Without it the test is skipped, or fails where the environment's ``PALETTE_TEST_FILES`` says that it is
    there.
    """
    if not file.is_file():
        message = f"{WITHOUT}{file.name}"
        pytest.fail(f"{message} (in {file.parent})") if os.environ.get(VARIABLE) else pytest.skip(message)
    return file


def summary(reasons: list[str]) -> list[str]:
    """Say once of each reason how many tests were skipped for it, of missing files in one line."""
    counts = Counter(reason.removeprefix("Skipped: ") for reason in reasons)
    missing = {reason: count for reason, count in counts.items() if reason.startswith(WITHOUT)}
    lines = [f"Skipped {count}: {reason}" for reason, count in counts.items() if reason not in missing]
    if missing:
        names = ", ".join(sorted(reason.removeprefix(WITHOUT) for reason in missing))
        lines.append(
            f"Skipped {sum(missing.values())}: files outside the project are not there ({names}). "
            f"CONTRIBUTING.md says where one gets them; {VARIABLE} names their folder."
        )
    return lines
