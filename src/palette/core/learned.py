"""The file form of what was learned: numbers and names, by which anybody can be scored without fitting.

An object is a dict or list of text, numbers, bytes, NumPy arrays and SciPy sparse matrices, to any depth. Its
form is MessagePack, in a frame of Zstandard; it holds no code, so that reading one that came from elsewhere
runs none, and equal objects give equal bytes. A learner says itself what it keeps: scikit-learn's own objects
would bind a warehouse to one version of scikit-learn, and pickle, or skops with its trees, would have to
trust the file.
"""

from collections.abc import Mapping
from typing import Any

import msgpack
import numpy as np
import pandas as pd
import pyarrow as pa
from scipy.sparse import csr_array, issparse

from palette.core.errors import ExpectedError

VERSION = 4  # of the form, and of what rankers look at; another one is refused
SCHEMA = pa.schema(
    [
        pa.field("retailer", pa.string(), nullable=False),
        pa.field("learned", pa.string(), nullable=False),
        pa.field("version", pa.int64(), nullable=False),
        pa.field("content", pa.binary(), nullable=False),
    ]
)

_COMPRESSION = "zstd"
_ARRAY, _SPARSE = 1, 2  # MessagePack's extension types
_KINDS = "biuf"  # kinds of numbers that an array may hold


class LearnedError(ExpectedError):
    """What cannot be written as a learned object, or is none that this version reads."""


def pack(learned: object) -> bytes:
    """Write an object in its file form.

    Parameters
    ----------
    learned
        See above; tuples are read back as lists, sparse matrices as ``csr_array``.

    Raises
    ------
    LearnedError
        It holds something of another type, which the message names.
    """
    compressed: bytes = pa.compress(_packed([VERSION, learned]), codec=_COMPRESSION, asbytes=True)
    return compressed


def unpack(content: bytes) -> Any:
    """Read what :func:`pack` has written.

    Raises
    ------
    LearnedError
        It is of another version, or no such file at all.
    """
    try:
        with pa.CompressedInputStream(pa.BufferReader(content), _COMPRESSION) as frame:
            version, learned = _unpacked(frame.read())
    except (OSError, ValueError, TypeError) as error:
        raise LearnedError(f"is not a learned object: {error}") from error
    _check(version)
    return learned


def table(objects: Mapping[tuple[str, str], object]) -> pd.DataFrame:
    """Put objects into a table.

    Parameters
    ----------
    objects
        By retailer and name.

    Returns
    -------
    pandas.DataFrame
        Columns of ``SCHEMA``, a row an object.
    """
    rows = [(*key, VERSION, pack(learned)) for key, learned in objects.items()]
    return pd.DataFrame(rows, columns=SCHEMA.names)


def objects(rows: pd.DataFrame) -> dict[tuple[str, str], Any]:
    """Read the objects of :func:`table`, by retailer and name.

    Raises
    ------
    LearnedError
        One of them cannot be read; the message names it.
    """
    found = {}
    for retailer, name, version, content in rows[SCHEMA.names].itertuples(index=False):
        try:
            _check(version)
            found[str(retailer), str(name)] = unpack(bytes(content))
        except LearnedError as error:
            raise LearnedError(f"{name} of {retailer}: {error}") from error
    return found


def _check(version: object) -> None:
    if version != VERSION:
        raise LearnedError(f"is of version {version}, not {VERSION}: build the warehouse anew")


def _packed(learned: object) -> bytes:
    content: bytes = msgpack.packb(learned, default=_extended)
    return content


def _unpacked(content: bytes) -> Any:
    return msgpack.unpackb(content, ext_hook=_restored, strict_map_key=False)


def _extended(learned: object) -> object:
    """Turn what MessagePack does not know into what it knows."""
    if isinstance(learned, np.generic):
        return learned.item()
    if isinstance(learned, np.ndarray) and learned.dtype.kind in _KINDS:
        portable = np.ascontiguousarray(learned, dtype=learned.dtype.newbyteorder("<"))
        return msgpack.ExtType(_ARRAY, _packed([portable.dtype.str, learned.shape, portable.tobytes()]))
    if issparse(learned):
        rows = csr_array(learned)
        return msgpack.ExtType(_SPARSE, _packed([rows.shape, rows.data, rows.indices, rows.indptr]))
    what = f"array of {learned.dtype}" if isinstance(learned, np.ndarray) else type(learned).__name__
    raise LearnedError(f"no place in a learned object for: {what}")


def _restored(kind: int, content: bytes) -> object:
    if kind == _ARRAY:
        dtype, shape, values = _unpacked(content)
        if np.dtype(dtype).kind not in _KINDS:
            raise ValueError(f"an array of {dtype}")
        return np.frombuffer(values, dtype).reshape(shape).copy()  # one that may be written to
    if kind == _SPARSE:
        shape, data, indices, indptr = _unpacked(content)
        return csr_array((data, indices, indptr), shape=shape)
    raise ValueError(f"extension type {kind}")
