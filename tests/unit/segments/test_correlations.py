import pandas as pd
import pytest

from palette.core.tables import empty, typed
from palette.segments.correlations import SCHEMA, correlations

FEATURES = pd.DataFrame(
    {
        "retailer": "shop",
        "customer_id": ["a", "b", "c"],
        "up": [1, 2, 3],
        "down": [3, 2, 1],
        "same": [5, 5, 5],
        "never": [0, 0, 0],
    }
)


def coefficients(features: pd.DataFrame) -> dict[tuple[str, str], float]:
    found = correlations(features, "behaviour")
    return found.set_index(["feature", "other_feature"])["correlation"].to_dict()


def test_each_ordered_pair_has_its_coefficient():
    found = coefficients(FEATURES)
    assert found["up", "down"] == found["down", "up"] == -1
    assert found["up", "up"] == 1


def test_a_constant_feature_has_none_and_one_that_is_never_there_is_left_out():
    found = coefficients(FEATURES)
    assert pd.isna(found["up", "same"])
    assert not any("never" in pair for pair in found)


def test_retailers_are_kept_apart():
    other = FEATURES.assign(retailer="other", up=[3, 2, 1])
    both = correlations(pd.concat([FEATURES, other]), "behaviour")
    alone = correlations(FEATURES, "behaviour")
    pd.testing.assert_frame_equal(both[both["retailer"] == "shop"].reset_index(drop=True), alone)


def test_the_order_of_the_customers_changes_nothing():
    pd.testing.assert_frame_equal(correlations(FEATURES, "m"), correlations(FEATURES[::-1], "m"))


@pytest.mark.parametrize("features", [FEATURES.head(0)])
def test_nobody_gives_an_empty_table(features):
    assert typed(correlations(features, "behaviour"), SCHEMA).num_rows == 0
    assert list(empty(SCHEMA).columns) == SCHEMA.names
