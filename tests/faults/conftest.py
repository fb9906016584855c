"""Two tiny shops, a warehouse of each, and the count of faults that were survived."""

import random
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from builds import Place, fingerprint

ORDERS = 150
DAYS = 150


def write_shop(data: Path, seed: int) -> Path:
    """A shop of 30 customers and 12 products, of the form `orders`."""
    draw = random.Random(seed)
    lines = ["order_id,customer_id,ordered_at,product_id,product_name,quantity,unit_price"]
    for order in range(ORDERS):
        customer = draw.randrange(30)
        at = datetime(2025, 1, 1) + timedelta(days=draw.randrange(DAYS), hours=draw.randrange(9, 20))
        for product in draw.sample(range(12), draw.randrange(1, 5)):
            price = 1 + product / 4
            lines.append(
                f"{order},c{customer},{at},p{product},Thing {product},{draw.randrange(1, 4)},{price}"
            )
    folder = data / "shop"
    folder.mkdir(parents=True)
    (folder / "orders.csv").write_text("\n".join(lines) + "\n")
    (folder / "retailer.yml").write_text("form: orders\n")
    return data


def built(folder: Path, seed: int) -> Place:
    """Build the warehouse of a shop, whose lines the seed draws."""
    place = Place(folder, write_shop(folder / "data", seed))
    done = place.build().wait()
    assert done.code == 0, done.output
    return place


@pytest.fixture(scope="session")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The warehouse of one shop; tests only copy it."""
    return built(tmp_path_factory.mktemp("earlier"), 1)


@pytest.fixture(scope="session")
def later(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The warehouse of the same shop with other lines; tests only read it."""
    return built(tmp_path_factory.mktemp("later"), 2)


@pytest.fixture
def place(earlier: Place, later: Place, tmp_path: Path) -> Place:
    """A place with the earlier warehouse, about to be built from the later files."""
    here = Place(tmp_path / "place", later.data)
    here.warehouse.parent.mkdir(parents=True)
    here.warehouse.write_bytes(earlier.warehouse.read_bytes())
    return here


@pytest.fixture(scope="session")
def states(earlier: Place, later: Place) -> dict[str, object]:
    """What a whole warehouse may be: the earlier one to the byte, or the later one to the row."""
    return {"earlier": earlier.warehouse.read_bytes(), "later": fingerprint(later.warehouse)}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many faults were tried, and how many of them the warehouse survived."""
    survived = len(terminalreporter.getreports("passed"))
    tried = survived + len(terminalreporter.getreports("failed"))
    skipped = len(terminalreporter.getreports("skipped"))
    terminalreporter.write_line(f"Faults tried: {tried}, survived: {survived}, not possible here: {skipped}")
