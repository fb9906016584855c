"""Customers of the report are gathered from the marts, sampled when many, and packed."""

import base64
import gzip
import json

import duckdb
import pytest

from palette.report.customers import LISTED, look_up
from palette.report.marts import Marts


@pytest.fixture
def marts():
    connection = duckdb.connect()
    connection.execute("""
        create table customer_360 as
        select
            retailer, customer_id, 'France' as country, 'unknown' as gender, null as age_band,
            'Bags' as favourite_category, 'VIP' as rfm_segment, 5 as r_score, 4 as f_score, 3 as m_score,
            2 as recency_days, 1 as orders, cast(9.5 as decimal(38, 4)) as revenue,
            cast(null as varchar) as palette_group, cast(null as boolean) as palette_is_predicted,
            cast(null as double) as palette_probability,
            'A' as value_class, 'long' as silence, 12.5 as expected_revenue_90_days,
            0.5 as purchase_probability_90_days, 4.75 as value_at_stake, date '2012-01-09' as next_order_on,
            case customer_id when '1' then date '2012-03-01' end as silence_unusual_on,
            timestamp '2011-11-01 08:00' as first_ordered_at, timestamp '2011-12-01 09:00' as last_ordered_at
        from (values ('shop', '1'), ('shop', '2'), ('shop', '</script>'), ('other', '9'))
            as customers (retailer, customer_id);
        create table customer_clusters as
        select 'shop' as retailer, '1' as customer_id, 'rfm' as clustering, 'champions' as cluster_name;
        create table customer_value as
        select 'shop' as retailer, '1' as customer_id, days as horizon_days, 2.5 as revenue_low,
            days + 0.5 as revenue_high
        from (values (28), (90)) as horizons (days);
        create table customer_rfm_history as
        select 'shop' as retailer, months.* from (values
            ('1', date '2011-12-09', 'VIP'), ('1', date '2011-10-31', 'VIP'),
            ('1', date '2011-11-30', 'At-Risk'), ('1', date '2011-09-30', 'VIP'),
            ('2', date '2011-12-09', 'VIP')
        ) as months (customer_id, month_end, rfm_segment);
        create table customer_advice as
        select * from (values
            ('shop', '1', 'rfm', 'champions', 2), ('shop', '1', 'segment', 'VIP', 1),
            ('other', '1', 'segment', 'VIP', 3)
        ) as pieces (retailer, customer_id, grouping_name, group_name, advice_number);
        create table customer_monthly as
        select * from (values
            ('shop', '1', date '2011-12-01', cast(4.5 as decimal(38, 4)), 1),
            ('shop', '1', date '2011-11-01', cast(5 as decimal(38, 4)), 2)
        ) as months (retailer, customer_id, month_start, revenue, orders);
        create table recommendations as
        select
            'shop' as retailer, '1' as customer_id, 'next' as list_name, rank, 'ITEM ' || rank as item_name,
            null as category, 'because' as reason, '이유' as reason_ko
        from range(1, 8) as ranks (rank);
    """)
    return Marts(connection, "shop")


def test_a_customer_is_all_that_the_marts_know(marts):
    found = look_up(marts, most=10, seed=0)
    assert found.all_customers == 3
    assert found.customers["1"] == {
        "country": "France", "favourite_category": "Bags", "rfm_segment": "VIP",
        "r_score": 5, "f_score": 4, "m_score": 3, "recency_days": 2, "orders": 1, "revenue": 9.5,
        "first_ordered_at": "2011-11-01", "last_ordered_at": "2011-12-01",
        "value_class": "A", "silence": "long", "expected_revenue_90_days": 12.5,
        "purchase_probability_90_days": 0.5, "value_at_stake": 4.75, "revenue_90_days": [2.5, 90.5],
        "next_order_on": "2012-01-09", "silence_unusual_on": "2012-03-01",
        "path": [["2011-09-30", "VIP"], ["2011-11-30", "At-Risk"], ["2011-12-09", "VIP"]],
        "clusters": {"rfm": "champions"},
        "advice": ["segment:VIP:1", "rfm:champions:2"],
        "months": [["2011-11", 5.0, 2], ["2011-12", 4.5, 1]],
        "lists": {
            "next": [
                [f"ITEM {rank}", None, {"en": "because", "ko": "이유"}] for rank in range(1, LISTED + 1)
            ]
        },
    }  # fmt: skip
    assert found.customers["2"]["lists"] == {}
    assert found.customers["2"]["path"] == [["2011-12-09", "VIP"]]
    assert "silence_unusual_on" not in found.customers["2"]
    assert "revenue_90_days" not in found.customers["2"]


def test_customers_are_packed_into_letters_that_no_browser_takes_for_markup(marts):
    found = look_up(marts, most=10, seed=0)
    assert set("<>&\"'") & set(found.packed) == set()
    assert json.loads(gzip.decompress(base64.b64decode(found.packed))) == found.customers
    assert found.packed == look_up(marts, most=10, seed=0).packed


def test_of_many_customers_a_seeded_sample_is_held(marts):
    drawn = [look_up(marts, most=2, seed=seed) for seed in range(6)]
    assert {len(found.customers) for found in drawn} == {2}
    assert {found.all_customers for found in drawn} == {3}
    assert len({tuple(found.customers) for found in drawn}) > 1
    assert tuple(look_up(marts, most=2, seed=1).customers) == tuple(drawn[1].customers)


def test_the_marts_that_were_read_are_known(marts):
    look_up(marts, most=10, seed=0)
    assert set(marts.names) == {
        "customer_360",
        "customer_advice",
        "customer_clusters",
        "customer_monthly",
        "customer_rfm_history",
        "customer_value",
        "recommendations",
    }
