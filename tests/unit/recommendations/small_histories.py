"""Purchases worked by hand, and short forms to say what is expected of them."""

from collections.abc import Callable

import numpy as np
from scipy.sparse import csr_matrix
from small_shops import Shop

Make = Callable[..., Shop]
SECOND = 1 / 86_400
HOUR = 1 / 24
# who bought what, and on which day: ann rebuys tea every ten days, ben after thirty
REBOUGHT = [
    ("ann", "tea", 0),
    ("ann", "tea", 10),
    ("ann", "tea", 20),
    ("ben", "tea", 5),
    ("ben", "tea", 35),
    ("cat", "tea", 30),
    ("cat", "tea", 30.5),
    ("dan", "tea", 38),
    ("dan", "nut", 40),
]
ANN, BEN, CAT, DAN = range(4)
NUT, TEA = range(2)


def dense(matrix: csr_matrix) -> list[list[float]]:
    return matrix.toarray().tolist()


def codes(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)
