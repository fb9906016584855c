import datetime

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from numpy.testing import assert_allclose

from palette.core.tables import typed
from palette.segments.clusterings import RFM
from palette.segments.fits import fit
from palette.segments.past import (
    DRIFT_SCHEMA,
    HISTORY_SCHEMA,
    Month,
    centres_today,
    drift,
    past_clusters,
    read_months,
)

JANUARY, FEBRUARY = (
    (datetime.date(2011, 1, 1), datetime.date(2011, 1, 31)),
    (datetime.date(2011, 2, 1), datetime.date(2011, 2, 12)),
)


def customers(**values: float) -> pd.DataFrame:
    """Customers of whom recency, frequency and monetary are the same number, by id."""
    ids, numbers = list(values), list(values.values())
    return pd.DataFrame(
        {"retailer": "shop", "customer_id": ids} | {column: np.expm1(numbers) for column in RFM.columns}
    )


TODAY = customers(a=1, b=1.2, c=5, d=5.2)
NAMES = pd.DataFrame(
    {
        "retailer": "shop",
        "clustering": ["rfm"] * 4 + ["behaviour"],
        "customer_id": ["a", "b", "c", "d", "a"],
        "cluster_name": ["small", "small", "large", "large", "early birds"],
    }
)
FITS = fit(TODAY, RFM, k=2, seed=0)
CENTRES = centres_today([(RFM, TODAY)], NAMES, FITS)


def months(*of_month: pd.DataFrame) -> list[Month]:
    return [
        Month("shop", start, end, rows.drop(columns="retailer"))
        for (start, end), rows in zip((JANUARY, FEBRUARY), of_month, strict=False)
    ]


def test_the_past_has_the_names_of_the_nearest_centres_of_today():
    found = pa.concat_tables(past_clusters(months(customers(a=4, c=0), TODAY), CENTRES))
    assert found.schema.equals(HISTORY_SCHEMA)
    assert found.drop_columns("retailer").to_pylist() == [
        {"month_start": JANUARY[0], "customer_id": "a", "rfm_cluster": "large"},
        {"month_start": JANUARY[0], "customer_id": "c", "rfm_cluster": "small"},
        *(
            {"month_start": FEBRUARY[0], "customer_id": customer, "rfm_cluster": name}
            for customer, name in (("a", "small"), ("b", "small"), ("c", "large"), ("d", "large"))
        ),
    ]


def test_drift_is_measured_in_standard_deviations_of_today():
    found = drift(months(customers(c=3.1, d=7.1), TODAY), CENTRES)
    assert typed(found, DRIFT_SCHEMA).num_rows == 4
    then, now = (found[found["month_end"] == end].set_index("cluster_name") for _, end in (JANUARY, FEBRUARY))
    deviation = FITS["shop", "rfm"].space.scales[0]
    # logarithms of 3.1 and 7.1 lie 2 from the centre at 5.1, and their mean on it, in each of three columns
    assert then.loc["large", "customers"] == 2
    assert_allclose(then.loc["large", "mean_distance"], 2 * np.sqrt(3) / deviation, atol=1e-6)
    assert_allclose(then.loc["large", "centre_distance"], 0, atol=1e-6)
    assert then.loc["small", "customers"] == 0
    assert np.isnan(then.loc["small", "centre_distance"])
    assert_allclose(now["centre_distance"], 0, atol=1e-6)
    assert now["customer_share"].tolist() == [0.5, 0.5]


def test_a_centre_that_nobody_is_in_today_has_no_name_to_give():
    alone = centres_today([(RFM, TODAY.head(2))], NAMES, FITS)["shop", "rfm"]
    assert alone.names == ("small",)
    assert alone.places.shape == (1, 3)


@pytest.mark.parametrize("retailer", ["shop", "o'shop"])
def test_months_are_read_one_at_a_time_in_order(retailer):
    with duckdb.connect() as connection:
        connection.register("known", TODAY.assign(retailer=retailer))
        history = connection.sql("""
            select retailer, date '2011-02-01' as month_start, customer_id, recency_days, frequency, monetary
            from known order by customer_id desc
        """).union(
            connection.sql("""
                select retailer, date '2011-01-01', customer_id, recency_days, frequency, monetary
                from known where customer_id = 'a'
            """)
        )
        spans = connection.sql(f"""
            select * from (values
                ('{retailer.replace("'", "''")}', date '2011-02-01', date '2011-02-12'),
                ('{retailer.replace("'", "''")}', date '2011-01-01', date '2011-01-31'),
                ('nobody', date '2011-01-01', date '2011-01-31')
            ) as spans (retailer, month_start, month_end)
        """)
        found = list(read_months(history, spans))
    assert [(month.start, month.end) for month in found] == [JANUARY, FEBRUARY]
    assert [list(month.customers["customer_id"]) for month in found] == [["a"], ["a", "b", "c", "d"]]


def test_nothing_known_is_an_empty_table():
    assert past_clusters([], {}) == []
    assert typed(drift([], {}), DRIFT_SCHEMA).num_rows == 0
