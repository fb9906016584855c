"""Puts landed files where all of Spark's workers see them."""

import os
from pathlib import Path
from uuid import uuid4

from palette.core.errors import InputError


def shared(file: Path) -> str:
    """Return where Spark's workers read a landed file.

    It is the file itself, or a copy below the environment's ``PALETTE_LANDING``. The name tells what is in
    it, so a copy that is there need not be made again.

    Parameters
    ----------
    file
        On this machine.

    Raises
    ------
    InputError
        Hadoop cannot write below ``PALETTE_LANDING``; says why.
    """
    place = os.environ.get("PALETTE_LANDING")
    if not place:
        return str(file)
    from py4j.protocol import Py4JJavaError
    from pyspark.sql import SparkSession

    context = SparkSession.builder.getOrCreate().sparkContext
    path = context._jvm.org.apache.hadoop.fs.Path
    copy, unfinished = (path(place, name) for name in (file.name, f".{uuid4()}"))
    try:
        files = copy.getFileSystem(context._jsc.hadoopConfiguration())
        if not files.exists(copy):
            files.copyFromLocalFile(path(file.as_uri()), unfinished)
            files.rename(unfinished, copy)
    except Py4JJavaError as error:
        reason = error.java_exception.getMessage()
        raise InputError(f"PALETTE_LANDING: {place}: cannot be written to ({reason})") from error
    return str(copy.toString())
