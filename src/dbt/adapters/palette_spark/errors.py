"""What is wrong before anything starts."""

from dbt_common.exceptions import DbtRuntimeError


class MissingSparkError(DbtRuntimeError, ImportError):
    """What the adapter stands on is not installed; where dbt lists adapters it skips this one."""
