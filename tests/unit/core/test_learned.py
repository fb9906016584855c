import msgpack
import numpy as np
import pyarrow as pa
import pytest
from scipy.sparse import csc_matrix, csr_array
from sklearn.linear_model import LinearRegression

from palette.core import learned
from palette.core.learned import LearnedError, objects, pack, table, unpack
from palette.core.tables import typed

NUMBERS = np.array([[0.0, -1.5], [np.inf, 2.25]])


def test_plain_values_come_back():
    given = {"names": ["a", "한글"], 3: [1, -2.5, None, True], "deep": {"bytes": b"\x00\xff", "none": []}}
    assert unpack(pack(given)) == given


@pytest.mark.parametrize(
    "array",
    [
        NUMBERS,
        NUMBERS.T,
        NUMBERS[:, 1],
        NUMBERS.astype(np.float32),
        np.array([[]], dtype=np.int16),
        np.array([True, False]),
        np.array([1, 2**40], dtype=">i8"),
        np.array(7, dtype=np.uint8),
    ],
)
def test_arrays_come_back_with_shape_and_type(array: np.ndarray):
    found = unpack(pack({"array": array}))["array"]
    assert found.dtype == array.dtype.newbyteorder("<")
    assert found.shape == array.shape
    assert np.array_equal(found, array)
    assert found.flags.writeable


def test_sparse_matrices_come_back_by_rows():
    dense = np.array([[0, 2, 0], [1, 0, 0]], dtype=np.float32)
    for given in (csr_array(dense), csc_matrix(dense)):
        found = unpack(pack([given]))[0]
        assert isinstance(found, csr_array)
        assert found.dtype == np.float32
        assert np.array_equal(found.toarray(), dense)


def test_numbers_of_numpy_are_numbers_and_tuples_are_lists():
    assert unpack(pack({"count": np.int64(3), "share": np.float32(0.5), "pair": (1, "x")})) == {
        "count": 3,
        "share": 0.5,
        "pair": [1, "x"],
    }


def test_equal_objects_have_equal_bytes():
    assert pack({"array": NUMBERS.copy()}) == pack({"array": NUMBERS})
    assert pack({"array": NUMBERS.T}) == pack({"array": np.ascontiguousarray(NUMBERS.T)})


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (LinearRegression(), "LinearRegression"),
        ({"deep": [{1, 2}]}, "set"),
        (np.array(["text"]), "array of <U4"),
        (np.array([None]), "array of object"),
        (lambda: 1, "function"),
    ],
)
def test_what_has_no_place_in_it_is_named(given: object, named: str):
    with pytest.raises(LearnedError, match=f"^no place in a learned object for: {named}$"):
        pack(given)


def test_another_version_is_refused(monkeypatch: pytest.MonkeyPatch):
    now = learned.VERSION
    monkeypatch.setattr(learned, "VERSION", now + 1)
    later = pack([1])
    monkeypatch.undo()
    with pytest.raises(LearnedError, match=rf"^is of version {now + 1}, not {now}: build"):
        unpack(later)


def test_a_row_of_another_version_is_refused_whatever_its_form():
    rows = table({("shop", "palette"): [1]}).assign(version=learned.VERSION - 1, content=[b"an older form"])
    with pytest.raises(LearnedError, match=rf"^palette of shop: is of version {learned.VERSION - 1}, not"):
        objects(rows)


def compressed(content: bytes) -> bytes:
    return pa.compress(content, codec="zstd", asbytes=True)


def array_of(dtype: str) -> bytes:
    """An object that claims an array of that type."""
    array = msgpack.ExtType(1, msgpack.packb([dtype, [1], bytes(8)]))
    return compressed(msgpack.packb([learned.VERSION, array]))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04",
        pack({"a": NUMBERS})[:-6],
        compressed(b"\xc1"),
        compressed(msgpack.packb({"version": 1})[:-1]),
        compressed(msgpack.packb(7)),
        compressed(msgpack.packb([learned.VERSION])),
        compressed(msgpack.packb([learned.VERSION, msgpack.ExtType(9, b"")])),
        array_of("|O"),
        array_of("<f4"),
    ],
)
def test_what_is_no_learned_object_is_refused(content: bytes):
    with pytest.raises(LearnedError, match=r"^is not a learned object:"):
        unpack(content)


def test_objects_are_rows_of_a_table():
    given = {("shop", "first"): {"x": 1}, ("mall", "second"): [2]}
    rows = table(given)
    assert typed(rows, learned.SCHEMA).num_rows == 2
    assert rows["version"].tolist() == [learned.VERSION] * 2
    assert objects(rows) == given
    assert objects(table({})) == {}


def test_the_object_that_cannot_be_read_is_named():
    rows = table({("shop", "palette"): [1]}).assign(content=[b"something else"])
    with pytest.raises(LearnedError, match=r"^palette of shop: is not a learned object:"):
        objects(rows)
