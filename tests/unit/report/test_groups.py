"""Of an anonymous report's marts, no customer and no small group is read."""

from collections.abc import Callable

import duckdb
import pandas as pd
import pytest

from palette.report.marts import FEWEST, Groups, enough

Read = Callable[..., pd.DataFrame]


@pytest.fixture
def groups() -> Groups:
    connection = duckdb.connect()
    connection.execute("""
        create table sales_by_country as
        select 'shop' as retailer, * from (values ('France', 90), ('Malta', 1), ('Spain', 5), ('Wales', 7))
            as t (country, customers);
        create table cluster_profiles as
        select 'shop' as retailer, * from (values
            ('rfm', 'champions', 30), ('rfm', 'cluster 1', 5), ('behaviour', 'cluster 1', 2),
            ('behaviour', 'cluster 2', 3), ('behaviour', 'cluster 3', 8)
        ) as t (clustering, cluster_name, customers);
        create table cluster_centres as
        select retailer, clustering, cluster_name, 1.5 as mean from cluster_profiles;
        create table basket_rules as select retailer, cluster_name, 12 as orders from cluster_profiles;
        create table sales_monthly as
        select 'shop' as retailer, * from (values
            (1, 9, null), (2, 2, -0.8), (3, 3, 0.5), (4, 8, 4.0), (5, 9, 0.1))
            as t (month_start, customers, revenue_change);
        create table customer_360 as select 'shop' as retailer, 'C-1' as customer_id, 5 as revenue;
        create table sales_peaks as select 'shop' as retailer, 'day' as period;
    """)
    return Groups(connection, "shop")


def test_a_small_group_takes_the_next_one_with_it(groups: Groups) -> None:
    # Malta alone would be what is left of all.
    assert groups("sales_by_country")["country"].tolist() == ["France", "Wales"]
    assert groups.hidden == {"sales_by_country"}


def test_what_belongs_to_a_small_cluster_goes_with_it(groups: Groups) -> None:
    centres = groups("cluster_centres", order="clustering, cluster_name")
    shown = list(zip(centres["clustering"], centres["cluster_name"], strict=True))
    assert shown == [("behaviour", "cluster 3"), ("rfm", "champions"), ("rfm", "cluster 1")]
    assert sorted(groups("basket_rules")["cluster_name"].unique()) == ["champions", "cluster 1"]
    assert groups.hidden == {"cluster_profiles", "cluster_centres", "basket_rules"}


def test_a_change_that_would_give_away_a_month_is_not_told(groups: Groups) -> None:
    months = groups("sales_monthly", order="month_start")
    assert months["month_start"].tolist() == [1, 4, 5]
    assert months["revenue_change"].isna().tolist() == [True, True, False]


@pytest.mark.parametrize(
    "read",
    [
        lambda marts: marts("customer_360"),
        lambda marts: marts("customer_360", "customer_id"),
        lambda marts: marts("customer_360", "revenue", customers=["C-1"]),
    ],
)
def test_no_customer_is_read(groups: Groups, read: Read) -> None:
    with pytest.raises(LookupError, match="an anonymous report reads no customers"):
        read(groups)


def test_what_counts_no_customers_is_read_as_it_is(groups: Groups) -> None:
    assert len(groups("sales_peaks")) == 1
    assert groups.hidden == set()


@pytest.mark.parametrize(
    ("sizes", "shown"),
    [
        ([9, FEWEST, 0], [True, True, True]),
        ([9, 4, 3], [True, False, False]),
        ([9, 7, 4], [True, False, False]),
        ([7, 7, 1], [False, False, False]),
        ([2, 1], [False, False]),
        ([], []),
    ],
)
def test_enough(sizes: list[int], shown: list[bool]) -> None:
    assert enough(pd.DataFrame({"customers": sizes}, dtype=int)).tolist() == shown


def test_groups_are_told_apart_within_their_clustering() -> None:
    frame = pd.DataFrame({"clustering": ["a", "b", "a", "b"], "customers": [4, 9, 9, 9]})
    assert enough(frame).tolist() == [False, True, False, True]
