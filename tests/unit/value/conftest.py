from collections.abc import Iterator

import pytest
from threadpoolctl import threadpool_limits


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> Iterator[None]:
    """Several threads that wait for each other on a busy computer take a hundred times as long."""
    with threadpool_limits(1):
        yield
