"""dbt-duckdb plugin: lets macros ask Python about settings, declarations and input files.

dbt loads it through ``profiles/profiles.yml``. Each function below becomes an SQL function of dbt's own
connection, prefixed ``palette_`` and called by the macro ``palette_python``; none is ever stored in the
warehouse.
"""

import gc
import importlib
import json
import logging
import os
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from threading import Lock

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin
from threadpoolctl import threadpool_limits

from palette.core import landing, retailers, shop_rows
from palette.core.errors import ExpectedError, MissingLibraryError
from palette.core.forms import forms, project_folder
from palette.core.settings import Settings, SettingsError
from palette.core.threads import share_memory
from palette.core.warehouses import limit_memory
from palette.engine.sharing import shared
from palette.publishing import EARLIER, ROW_COUNTS
from palette.recommendations.rules import check_rules_file

# The modules whose libraries are heavy. First imports of those from several dbt threads can deadlock, so they
# are imported before there are any.
HEAVY = (
    "palette.baskets.rules",
    "palette.quality.expectations",
    "palette.recommendations.backtest",
    "palette.recommendations.preference",
    "palette.segments.clusters",
    "palette.segments.held_out",
    "palette.value.customers",
    "palette.value.metrics",
)
_LANDING = Lock()  # dbt asks from several threads
_GARBAGE = 20_000  # objects made before Python looks for garbage, which by default it does after 700
_checked: Settings | None = None


def found() -> retailers.Found:
    """Return the retailers that the environment asks for."""
    return retailers.find_retailers(retailers.data_folder(), retailers.chosen_retailers())


def setting_names() -> list[str]:
    """Return the names of the dbt vars that the project knows."""
    return list(Settings.model_fields)


def check_settings(values: str) -> None:
    """Validate the dbt vars, given as a JSON object, and keep them for the Python models of this run."""
    global _checked
    _checked = Settings.check(json.loads(values))


def settings() -> object:
    """Return the settings of this run: what dbt's first hook has checked.

    Raises
    ------
    SettingsError
        None were checked, as no run has begun.
    """
    if _checked is None:
        raise SettingsError("no settings were checked: dbt's on-run-start hook has not run")
    return _checked.model_dump(mode="json")


def check_shops() -> None:
    """Validate every declaration, and the rows that shops add to seed tables."""
    declared = found().retailers
    shop_rows.check_presets(declared)
    (rules,) = (project_folder() / "seeds").glob("*/recommendation_rules.csv")
    check_rules_file(rules)
    for shop in declared:
        for seed in shop_rows.TABLES:
            shop_rows.shop_rows(shop, seed)
        own_rules = shop.folder / rules.name
        if own_rules.is_file():
            check_rules_file(own_rules, shop=shop.key)


def land_inputs() -> list[str]:
    """Parse and check every file of the retailers; returns a line for each table and for what is left out."""
    shops = found()
    lines = list(shops.notes)
    for shop in shops.retailers:
        for table in shop.form.tables.values():
            landed = landing.land(shop, table)
            name = f"{shop.key}.{table.name}"
            if landed.files:
                lines.append(f"{name}: {landed.rows:,} rows of {', '.join(landed.files)}")
            lines += [f"{name}: {note}" for note in landed.notes]
    return lines


def source_sql(form: str, table: str) -> str:
    """Return SQL that reads one table of all retailers of a form."""
    shops = [shop for shop in found().retailers if shop.form.name == form]
    with _LANDING:
        return landing.table_sql(shops, forms()[form].tables[table])


def landed(form: str, table: str) -> dict[str, dict[str, str]]:
    """Return where one table of all retailers of a form is, for an engine that reads it in its own way.

    Returns
    -------
    dict
        ``files``, each retailer's file by its key, and ``types``, those of the columns as DuckDB names them.
    """
    shops = [shop for shop in found().retailers if shop.form.name == form]
    read = forms()[form].tables[table]
    with _LANDING:
        files = {key: shared(path) for key, path in landing.landed(shops, read).items()}
        return {"files": files, "types": landing.types_of(read)}


def retailer_rows() -> list[dict[str, str | None]]:
    """Return the retailers, with what is declared of each."""
    return retailers.retailer_rows(found().retailers)


def rows_of_shops(seed: str) -> list[dict[str, str | None]]:
    """Return the rows that the retailers add to a seed table."""
    return shop_rows.rows_of_shops(found().retailers, seed)


def keep_counts(rows: str) -> None:
    """Note how many rows tables have, a JSON object, in the file that `palette build` asks for."""
    file = Path(os.environ[ROW_COUNTS])
    before = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    file.write_text(json.dumps(before | json.loads(rows)), encoding="utf-8")


def carried() -> dict[str, str]:
    """Return the Parquet file of each table that `palette build` carries over, where dbt has to read it."""
    folder = Path(os.environ.get(EARLIER) or os.devnull)
    return {file.name: str(file) for file in folder.iterdir()} if folder.is_dir() else {}


def prune_landed() -> None:
    """Remove what was landed of earlier versions of the retailers' files."""
    landing.prune(found().retailers)


def load_learners() -> None:
    """Import the heavy modules without the deprecations of their libraries, which are not the user's.

    OpenMP reads the environment as the first of them is imported: its threads sleep while they wait, since
    those that spin keep a busy core from the thread they wait for.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    log = logging.getLogger("py.warnings")  # where Great Expectations sends them
    log.disabled = True
    try:
        for module in HEAVY:
            importlib.import_module(module)
    except OSError as error:
        raise MissingLibraryError(
            f"{error}: LightGBM needs the system's OpenMP library (Debian and Ubuntu: "
            "apt-get install libgomp1, macOS: brew install libomp)"
        ) from error
    finally:
        log.disabled = False
    gc.freeze()  # the modules
    # For good: implicit wants linear algebra on one thread, and models that run side by side would each put
    # back what they found.
    threadpool_limits(1, user_api="blas")


# What macros may ask for, with the number of arguments, all of them texts.
FUNCTIONS: Mapping[Callable[..., object], int] = {
    setting_names: 0,
    check_settings: 1,
    settings: 0,
    check_shops: 0,
    land_inputs: 0,
    load_learners: 0,
    source_sql: 2,
    landed: 2,
    retailer_rows: 0,
    rows_of_shops: 1,
    keep_counts: 1,
    carried: 0,
    prune_landed: 0,
}


def answering(function: Callable[..., object]) -> Callable[..., str]:
    """Give a result, or the message of an expected error, as JSON: SQL would bury it in a stack trace."""

    @wraps(function)
    def answer(*arguments: str) -> str:
        try:
            return json.dumps({"result": function(*arguments)})
        except ExpectedError as error:
            return json.dumps({"error": str(error)})

    return answer


def ask(function: str, *arguments: str) -> str:
    """Answer a macro of an engine on whose connection the functions are not: in dbt's own process."""
    return answering(next(each for each in FUNCTIONS if each.__name__ == function))(*arguments)


class Plugin(BasePlugin):
    """Sets up the connection that dbt opens."""

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Limit its memory, and register the functions above under their names, prefixed ``palette_``.

        What dbt has parsed by now lives as long as the run: Python need not look through it for garbage.
        """
        gc.freeze()
        gc.set_threshold(_GARBAGE)
        share_memory()
        limit_memory(conn)
        text = duckdb.sqltype("VARCHAR")
        for function, arguments in FUNCTIONS.items():
            conn.create_function(
                f"palette_{function.__name__}",
                answering(function),
                [text] * arguments,
                text,
                side_effects=True,
            )
