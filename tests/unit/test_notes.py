"""What a release says of itself is the changelog's section of its version."""

import runpy
from pathlib import Path

import pytest

notes = runpy.run_path(str(Path(__file__).parents[2] / "docs" / "notes.py"))["notes"]
CHANGELOG = """\
# Changelog

## Unreleased

- later

## 1.10.0

- ten

## 1.1.0 (2026-11-29)

### Added

- one
"""


@pytest.mark.parametrize(("version", "text"), [("1.10.0", "- ten"), ("1.1.0", "### Added\n\n- one")])
def test_a_version_has_its_section(version, text):
    assert notes(f"v{version}", version, CHANGELOG) == text


@pytest.mark.parametrize(
    ("tag", "version", "message"),
    [
        ("v1.1.0", "1.10.0", r"v1\.1\.0 is not v1\.10\.0"),
        ("", "1.10.0", r"\(none\) is not v1\.10\.0"),
        ("v1.1", "1.1", r"says nothing of 1\.1"),
        ("v2.0.0", "2.0.0", r"says nothing of 2\.0\.0"),
    ],
)
def test_a_release_of_nothing_is_refused(tag, version, message):
    with pytest.raises(ValueError, match=message):
        notes(tag, version, CHANGELOG)
