"""Small shops as fixtures, see `small_shops.py`."""

from collections.abc import Callable, Iterator, Sequence

import pytest
from small_shops import Row, Shop, Tables, coded, tables_of, town_of
from threadpoolctl import threadpool_limits


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> Iterator[None]:
    """Several threads that wait for each other on a busy computer take a hundred times as long."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="session")
def tables() -> Callable[..., Tables]:
    """Return :func:`tables_of`."""
    return tables_of


@pytest.fixture(scope="session")
def purchases() -> Callable[..., Shop]:
    """Return a function that makes purchases of rows, see :func:`tables_of` and :func:`coded`."""

    def made(rows: Sequence[Row], unsold: Sequence[str] = (), **given: object) -> Shop:
        return coded(*tables_of(rows, unsold), **given)

    return made


@pytest.fixture(scope="session")
def town() -> Callable[..., list[Row]]:
    """Return :func:`town_of`."""
    return town_of
