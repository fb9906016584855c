"""Errors, in words for whoever reads dbt's output."""

import re

from dbt_common.exceptions import DbtRuntimeError


class MissingSparkError(DbtRuntimeError, ImportError):
    """What the adapter stands on is not installed; where dbt lists adapters it skips this one."""


def message_of(error: Exception) -> str:
    """Return what an error of Spark says, without the stack and the plan that may follow."""
    cause = getattr(error, "java_exception", None)
    text = cause.toString() if cause is not None else str(error)
    return re.split(r";\n'|\n\nJVM stacktrace:", text, maxsplit=1)[0].strip()
