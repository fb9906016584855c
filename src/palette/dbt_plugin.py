"""dbt-duckdb plugin: lets macros ask Python about settings and input files.

dbt loads it through ``profiles/profiles.yml``. Each function below becomes an SQL function of dbt's own
connection, prefixed ``palette_`` and called by the macro ``palette_python``; none is ever stored in the
warehouse.
"""

import importlib
import json
import logging
import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin
from threadpoolctl import threadpool_limits

from palette.core import inputs
from palette.core.settings import Settings, SettingsError
from palette.core.sources import SOURCES
from palette.recommendations.rules import RuleError, check_rules_file

# The modules whose libraries are heavy. First imports of those from several dbt threads can deadlock, so they
# are imported before there are any.
HEAVY = (
    "palette.baskets.rules",
    "palette.quality.expectations",
    "palette.recommendations.backtest",
    "palette.recommendations.preference",
    "palette.segments.clusters",
)


def data_folder() -> Path:
    """Return the folder of the input files: the environment's ``PALETTE_DATA``, else the demo's."""
    return Path(os.environ.get("PALETTE_DATA") or "data/demo")


def source_sql(retailer: str, table: str, enabled: str) -> str:
    """Return SQL that reads one table of a retailer from its files, with declared names and types."""
    declared = next(source for source in SOURCES[retailer] if source.name == table)
    files = inputs.find_inputs(data_folder(), declared, alone=enabled == retailer)
    return inputs.source_sql(files, declared)


def check_inputs(enabled: str) -> list[str]:
    """Read every input file of the retailers (comma list) through; returns a line for each table."""
    found = inputs.check_inputs(data_folder(), enabled.split(","))
    import_heavy()
    return [
        f"{table.retailer}.{table.name}: reads {', '.join(file.label for file in files)}"
        for table, files in found.items()
        if files
    ]


def import_heavy() -> None:
    """Import the heavy modules without the deprecations of their libraries, which are not the user's."""
    log = logging.getLogger("py.warnings")  # where Great Expectations sends them
    log.disabled = True
    for module in HEAVY:
        importlib.import_module(module)
    log.disabled = False
    # For good: implicit wants linear algebra on one thread, and models that run side by side would each put
    # back what they found.
    threadpool_limits(1, user_api="blas")


def setting_names() -> list[str]:
    """Return the names of the dbt vars that the project knows."""
    return list(Settings.model_fields)


def check_settings(values: str) -> None:
    """Validate the dbt vars, given as a JSON object."""
    Settings.check(json.loads(values))


def check_rules(path: str, retailers: str) -> None:
    """Validate the seed of recommendation rules, for retailers given as a comma list."""
    check_rules_file(Path(path), retailers.split(","))


def answering(function: Callable[..., object]) -> Callable[..., str]:
    """Give a result, or the message of an expected error, as JSON: SQL would bury it in a stack trace."""

    @wraps(function)
    def answer(*arguments: str) -> str:
        try:
            return json.dumps({"result": function(*arguments)})
        except (inputs.InputError, RuleError, SettingsError) as error:
            return json.dumps({"error": str(error)})

    return answer


class Plugin(BasePlugin):
    """Registers the functions above on the connection that dbt opens."""

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Register each function under its own name, prefixed ``palette_``."""
        text = duckdb.sqltype("VARCHAR")
        functions: dict[Callable[..., object], int] = {
            source_sql: 3,
            check_inputs: 1,
            setting_names: 0,
            check_settings: 1,
            check_rules: 2,
        }
        for function, arguments in functions.items():
            conn.create_function(
                f"palette_{function.__name__}",
                answering(function),
                [text] * arguments,
                text,
                side_effects=True,
            )
