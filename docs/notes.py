"""Print what CHANGELOG.md says of the version in pyproject.toml; `make notes` calls it for a release."""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def notes(tag: str, version: str, changelog: str) -> str:
    """Return what the changelog says of a version.

    Parameters
    ----------
    tag
        Of the release, `v` and the version.
    version
        The one that the project says it is.
    changelog
        Sections begin with a line `## ` and the version, and what follows it.

    Raises
    ------
    ValueError
        The tag is of another version, or nothing is said of it.
    """
    if tag != f"v{version}":
        raise ValueError(f"the tag {tag or '(none)'} is not v{version}, the version in pyproject.toml")
    section = rf"^## {re.escape(version)}(?: [^\n]*)?\n(.*?)(?=^## |\Z)"
    found = re.search(section, changelog, re.MULTILINE | re.DOTALL)
    if not found or not found[1].strip():
        raise ValueError(f"CHANGELOG.md says nothing of {version}: name its section `## {version}`")
    return found[1].strip()


if __name__ == "__main__":
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    try:
        print(notes("".join(sys.argv[1:]), project["version"], (ROOT / "CHANGELOG.md").read_text("utf-8")))
    except ValueError as error:
        sys.exit(str(error))
