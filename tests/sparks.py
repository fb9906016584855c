"""Spark for tests; where there is none, `pytest.importorskip("sparks", exc_type=ImportError)` skips them."""

import os
import shutil
from pathlib import Path

try:
    import dbt.adapters.spark  # noqa: F401
    from pyspark.sql import SparkSession

    from dbt.adapters.palette_spark import PaletteSparkCredentials
    from dbt.adapters.palette_spark.session import session_of
except ImportError as error:
    raise ImportError(f"Spark is not installed: make test-spark installs it ({error})") from error
if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
    raise ImportError("Java is not installed: Spark needs 17 or newer")


def session_on(warehouse: Path, master: str = "local[2]") -> SparkSession:
    """Start the process's session on a warehouse."""
    return session_of(PaletteSparkCredentials(schema="main", master=master, warehouse=str(warehouse)))
