"""The project, and copies of it that a test may change."""

import shutil
from pathlib import Path

ROOT = Path(__file__).parents[1]


def copy_of_project(folder: Path) -> Path:
    """Copy what dbt reads of the project, so that a test may break it."""
    for part in ("models", "python_models", "macros", "seeds", "tests/data", "tests/generic", "profiles"):
        shutil.copytree(ROOT / part, folder / part)
    shutil.copy(ROOT / "dbt_project.yml", folder)
    shutil.copy(ROOT / "profiles.yml", folder)
    return folder
