"""The adapter, and how it runs Python models."""

import linecache
import traceback
from collections.abc import Iterator, Mapping
from importlib import import_module
from itertools import chain, repeat
from typing import Any

from dbt.adapters.__about__ import version as base_version
from dbt.adapters.base import PythonJobHelper
from dbt.adapters.base.impl import AdapterTrackingRelationInfo, ConstraintSupport
from dbt.adapters.base.meta import available
from dbt.adapters.contracts.connection import AdapterResponse
from dbt.adapters.contracts.relation import RelationConfig
from dbt.adapters.spark.impl import SparkAdapter
from dbt_common.contracts.constraints import ConstraintType
from dbt_common.exceptions import DbtRuntimeError
from pyspark.sql import DataFrame, SparkSession

from dbt.adapters.palette_spark.__version__ import version
from dbt.adapters.palette_spark.connections import PaletteSparkConnectionManager, PaletteSparkCredentials
from dbt.adapters.palette_spark.session import session_of

PIECE = 1_000_000  # rows of a reader that are written at a time


class InProcessJob(PythonJobHelper):
    """Runs a Python model in dbt's process, with dbt's session."""

    def __init__(self, parsed_model: Mapping[str, Any], credentials: PaletteSparkCredentials) -> None:
        self.name = parsed_model["unique_id"]
        self.credentials = credentials

    def submit(self, compiled_code: str) -> None:
        """Run a model's code.

        Raises
        ------
        dbt_common.exceptions.DbtRuntimeError
            It failed; says where.
        """
        code = compiled_code.strip()  # the macros before it leave blanks, which would be an indent
        file = f"<{self.name}>"
        linecache.cache[file] = (len(code), None, code.splitlines(keepends=True), file)
        # Under a name that no module has, its functions are sent to Spark's workers as they are.
        module = {"__name__": self.name, "spark": session_of(self.credentials), "write_table": write_table}
        try:
            exec(compile(code, file, "exec"), module)
        except Exception as error:
            error.__traceback__ = error.__traceback__ and error.__traceback__.tb_next
            raise DbtRuntimeError(f"Python model failed:\n{traceback.format_exc()}") from error


def write_table(frame: Any, name: str, file_format: str, session: SparkSession) -> None:
    """Make a table of what a Python model returns.

    Parameters
    ----------
    frame
        A data frame of Spark, pandas on Spark, pandas or polars, an Arrow table, or a reader of such batches,
        of which a piece is in memory at a time.
    name
        Of the table.
    file_format
        Of its files.
    session
        Where it is made.

    Raises
    ------
    TypeError
        `frame` is something else.
    """
    modes = chain(["overwrite"], repeat("append"))
    try:
        for piece, mode in zip(_pieces(frame, session), modes, strict=False):
            piece.write.mode(mode).format(file_format).saveAsTable(name)
    except BaseException:
        session.sql(f"drop table if exists {name}")  # half of it may be there
        raise


def _pieces(frame: Any, session: SparkSession) -> Iterator[DataFrame]:
    import pandas as pd
    import pyarrow as pa

    if isinstance(frame, DataFrame):  # which with Spark Connect has every attribute that is asked for
        yield frame
    elif hasattr(frame, "to_spark"):
        yield frame.to_spark()
    elif isinstance(frame, pa.RecordBatchReader):
        yield session.createDataFrame(frame.schema.empty_table())
        while batches := list(_rows(frame)):
            yield session.createDataFrame(pa.Table.from_batches(batches, frame.schema))
    else:
        if isinstance(frame, pd.DataFrame):
            frame = pa.Table.from_pandas(frame, preserve_index=False)  # NaN is missing, as in pandas
        elif hasattr(frame, "to_arrow"):
            frame = frame.to_arrow()
        if not isinstance(frame, pa.Table):
            raise TypeError(f"a model returns a data frame, not {type(frame).__name__}")
        yield session.createDataFrame(frame)


def _rows(reader: Any) -> Iterator[Any]:
    """Read the batches of the next million rows."""
    rows = 0
    for batch in reader:
        yield batch
        rows += batch.num_rows
        if rows >= PIECE:
            return


class PaletteSparkAdapter(SparkAdapter):
    """dbt-spark's adapter with a session of its own: see README.md beside this file."""

    ConnectionManager = PaletteSparkConnectionManager
    CONSTRAINT_SUPPORT = SparkAdapter.CONSTRAINT_SUPPORT | {
        ConstraintType.not_null: ConstraintSupport.ENFORCED  # by the macro persist_constraints
    }

    @classmethod
    def get_adapter_run_info(cls, config: RelationConfig) -> AdapterTrackingRelationInfo:
        """Return what dbt notes of a run; it would take the class's name for the adapter's."""
        return AdapterTrackingRelationInfo(  # type: ignore[abstract]
            adapter_name=cls.type(),
            base_adapter_version=base_version,
            adapter_version=version,
            model_adapter_details=cls._get_adapter_specific_run_info(config),
        )

    @property
    def default_python_submission_method(self) -> str:
        """Name of the way in which Python models run."""
        return "in_process"

    @property
    def python_submission_helpers(self) -> dict[str, type[PythonJobHelper]]:
        """Return the ways in which Python models may run."""
        return {"in_process": InProcessJob}

    def generate_python_submission_response(self, submission_result: Any) -> AdapterResponse:  # noqa: ARG002
        """Return what dbt prints after a Python model."""
        return AdapterResponse(_message="OK")

    @available.parse_none
    def call(self, function: str, *arguments: Any) -> Any:
        """Call a Python function from a macro, in dbt's process.

        Parameters
        ----------
        function
            Module and name, such as ``package.module.function``.
        *arguments
            What it is given.

        Returns
        -------
        object
            What it returns.
        """
        module, _, name = function.rpartition(".")
        return getattr(import_module(module), name)(*arguments)
