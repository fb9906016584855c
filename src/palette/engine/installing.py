"""Whether what the chosen engine stands on is installed."""

import os
import re
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from palette.core.errors import InputError
from palette.engine.choosing import makes_folders

JAVA = 17


def installed() -> str:
    """Say which engine the environment chooses, with the versions of what it alone needs.

    Raises
    ------
    InputError
        There is no such engine, or something that it needs is missing or too old; says what to do.
    """
    if not makes_folders():
        return "duckdb"
    try:
        found = version("pyspark")
    except PackageNotFoundError:
        raise InputError("spark, but pyspark is missing: .venv/bin/pip install 'palette[spark]'") from None
    java = java_version()
    if java is None or java < JAVA:
        has = "no Java is found" if java is None else f"Java is {java}"
        raise InputError(f"spark {found}, but {has}, where {JAVA} or later is needed")
    return f"spark {found}, Java {java}"


def java_version() -> int | None:
    """Return the major version of the Java that would be started, None where there is none."""
    home = os.environ.get("JAVA_HOME")
    command = str(Path(home, "bin", "java")) if home else "java"
    try:
        done = subprocess.run([command, "-version"], capture_output=True, text=True, check=False)
    except OSError:
        return None
    found = re.search(r'version "(\d+)', done.stderr)
    return int(found[1]) if found else None
