"""Names that hold and names that do not, on two shops of a few customers."""

import pandas as pd
import pytest

from palette.segments.naming import facts, truthful

CLAIMS = pd.DataFrame(
    [
        ("rfm", "bulk", "units_per_line", "at_least", 5.0, "middle"),
        ("rfm", "gone", "usual_gaps_since", "at_least", 2.0, "least"),
        ("rfm", "least", "orders", "below_all", None, None),
        ("consumption", "YOLO", "pf_score of Beauty", "above_all", None, None),
        ("consumption", "food lover", "pf_score of Food", "above_all", None, None),
    ],
    columns=["clustering", "cluster_name", "fact", "comparison", "value", "otherwise"],
)


def shop(units: float = 10.0, days_ago: int = 60, orders: int = 2) -> pd.DataFrame:
    """Customers 1 and 2 have two orders 20 days apart, 3 and 4 others; all of them two lines."""
    ids = ["1", "2", "3", "4"]
    last = pd.Timestamp("2024-06-30")
    customers = pd.DataFrame(
        {
            "retailer": "shop",
            "customer_id": ids,
            "first_ordered_at": last - pd.Timedelta(days=20),
            "last_ordered_at": last,
            "orders": [2, 2, orders, orders],
            "order_lines": 2,
            "units": [units, units, 2, 2],
            "revenue": [50.0, 50.0, 10.0, 10.0],
        }
    )
    features = customers[["retailer", "customer_id"]].assign(
        channel_group="online_only", recency_days=[1, 1, days_ago, days_ago]
    )
    scores = pd.DataFrame(
        {
            "retailer": "shop",
            "customer_id": ["1", "2", "3", "4", "4"],
            "super_category": ["Tea", "Tea", "Food", "Food", "Cake"],
            "pf_score": [4.0, 4.0, 3.0, 3.0, 1.0],
        }
    )
    return facts(customers, features, scores)


def named(known: pd.DataFrame, *names: str, clustering: str = "rfm", apart: bool = True) -> list[str]:
    """What two customers of each of two clusters are called."""
    clusters = known[["retailer", "customer_id"]].assign(
        clustering=clustering, cluster_name=[name for name in names for _ in range(2)]
    )
    chosen = {"retailer": "shop", "clustering": clustering, "is_chosen": True, "stands_apart": apart}
    return truthful(clusters, pd.DataFrame([chosen]), CLAIMS, known)["cluster_name"].tolist()[::2]


def test_names_that_hold_stay():
    # 20 units on 4 lines; 60 days are three gaps of 20
    assert named(shop(), "bulk", "gone") == ["bulk", "gone"]


@pytest.mark.parametrize(
    ("known", "names"),
    [
        (shop(units=9.0), ["middle", "gone"]),
        (shop(days_ago=39, orders=1), ["bulk", "least"]),
        (shop(days_ago=39), ["bulk", "group 2 of 2"]),
    ],
)
def test_a_name_that_does_not_hold_gives_way(known, names):
    assert named(known, "bulk", "gone") == names


def test_two_clusters_never_share_a_name():
    assert named(shop(units=9.0), "bulk", "middle") == ["group 1 of 2", "middle"]


def test_clusters_that_do_not_stand_apart_are_numbered_by_revenue():
    assert named(shop(), "gone", "bulk", apart=False) == ["group 1 of 2", "group 2 of 2"]


def test_a_taste_that_no_archetype_fits_is_named_by_its_category():
    assert named(shop(), "YOLO", "food lover", clustering="consumption") == ["buyers of Tea", "food lover"]


def test_what_the_shop_does_not_sell_cannot_be_claimed():
    assert named(shop(), "food lover", "YOLO", clustering="consumption") == [
        "buyers of Tea",
        "buyers of Food",
    ]


def test_nobody_ordered_twice_so_nobody_is_late():
    customers = shop().assign(orders=1.0)
    assert named(customers.assign(usual_gaps_since=float("nan")), "bulk", "gone") == ["bulk", "group 2 of 2"]
