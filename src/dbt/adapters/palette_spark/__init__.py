"""dbt adapter for Apache Spark whose models, SQL and Python, run in dbt's own process, on one session."""

from dbt.adapters.base import AdapterPlugin

from dbt.adapters.palette_spark.errors import MissingSparkError
from dbt.include.palette_spark import PACKAGE_PATH

try:
    import dbt.adapters.spark  # noqa: F401
    import pyspark  # noqa: F401
except ImportError as error:
    raise MissingSparkError(
        f"The type palette_spark needs dbt-spark and pyspark: pip install 'palette[spark]' ({error})"
    ) from error
else:
    from dbt.adapters.palette_spark.connections import PaletteSparkConnectionManager, PaletteSparkCredentials
    from dbt.adapters.palette_spark.impl import PaletteSparkAdapter

__all__ = ["PaletteSparkAdapter", "PaletteSparkConnectionManager", "PaletteSparkCredentials", "Plugin"]

Plugin = AdapterPlugin(
    adapter=PaletteSparkAdapter,
    credentials=PaletteSparkCredentials,
    include_path=PACKAGE_PATH,
    dependencies=["spark"],
)
