import datetime
from dataclasses import replace

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from numpy.testing import assert_allclose
from palette_shop import RETAILER, shop
from pandas.testing import assert_frame_equal

from palette.core.tables import typed
from palette.segments.clusterings import KEYS, RFM, populations
from palette.segments.fits import fit
from palette.segments.palette_groups import Forests, fit_forests, predict_groups, purchase_features
from palette.segments.past import (
    DRIFT_SCHEMA,
    FEATURES,
    HISTORY_SCHEMA,
    SCORES,
    Centres,
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
    unused = dict.fromkeys(FEATURES, 0.5) | {"retailer": "shop", "customer_id": ids, "channel_group": "both"}
    return pd.DataFrame(unused | {column: np.expm1(numbers) for column in RFM.columns})


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
        Month("shop", start, end, rows, pd.DataFrame(columns=list(SCORES)))
        for (start, end), rows in zip((JANUARY, FEBRUARY), of_month, strict=False)
    ]


def test_the_past_has_the_names_of_the_nearest_centres_of_today():
    found = pa.concat_tables(past_clusters(months(customers(a=4, c=0), TODAY), CENTRES, {}))
    assert found.schema.equals(HISTORY_SCHEMA)
    assert found["palette_group"].null_count == len(found)
    assert found.select(["month_start", "customer_id", "rfm_cluster"]).to_pylist() == [
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
    quoted = retailer.replace("'", "''")
    known = pd.concat(
        [
            TODAY.assign(retailer=retailer, month_start=pd.Timestamp(FEBRUARY[0])).iloc[::-1],
            TODAY.head(1).assign(retailer=retailer, month_start=pd.Timestamp(JANUARY[0])),
        ]
    )
    bought = known[["retailer", "month_start", "customer_id"]].assign(
        super_category="Tea", unit_share=1.0, pf_score=2.0
    )
    with duckdb.connect() as connection:
        spans = connection.sql(f"""
            select * from (values
                ('{quoted}', date '2011-02-01', date '2011-02-12'),
                ('{quoted}', date '2011-01-01', date '2011-01-31'),
                ('nobody', date '2011-01-01', date '2011-01-31')
            ) as spans (retailer, month_start, month_end)
        """)
        found = list(read_months(connection.from_df(known), connection.from_df(bought), spans))
    assert [(month.start, month.end) for month in found] == [JANUARY, FEBRUARY]
    assert [list(month.customers["customer_id"]) for month in found] == [["a"], ["a", "b", "c", "d"]]
    assert [len(month.scores) for month in found] == [1, 4]


def test_nothing_known_is_an_empty_table():
    assert list(past_clusters([], {}, {})) == []
    assert typed(drift([], {}), DRIFT_SCHEMA).num_rows == 0


@pytest.fixture(scope="module")
def mall() -> tuple[Month, dict[tuple[str, str], Centres], dict[str, Forests], pd.DataFrame]:
    """A shop of both channels today: the month, its centres, its forests and its palette groups."""
    features, scores, _ = shop()
    scores = scores.assign(pf_score=scores["unit_share"])
    clustered = populations(features, features, scores)
    fits = {key: fitted for way, rows in clustered for key, fitted in fit(rows, way, k=2, seed=0).items()}
    names = pd.concat(
        rows[KEYS].assign(
            clustering=way.name,
            cluster_name=[f"{way.name} {label}" for label in own.nearest(rows)[0]],
        )
        for way, rows in clustered
        for own in [Centres(fits[RETAILER, way.name], (), fits[RETAILER, way.name].centres)]
    )
    forests = fit_forests(purchase_features(features, scores), names, seed=0)
    groups = predict_groups(features, scores, names, forests)
    month = Month(RETAILER, *FEBRUARY, features, scores)
    return month, centres_today(clustered, names, fits), forests, groups


def test_the_present_has_the_palette_groups_of_today(mall):
    month, today, forests, groups = mall
    (found,) = past_clusters([month], today, forests)
    expected = groups.rename(columns={"is_predicted": "palette_is_predicted"}).drop(columns="probability")
    rows = found.to_pandas().sort_values("customer_id", ignore_index=True)
    assert_frame_equal(rows[list(expected)], expected, check_dtype=False)
    assert set(drift([month], today)["clustering"]) == {"rfm", "behaviour", "consumption"}


def test_who_used_one_channel_by_then_has_a_group_that_is_predicted(mall):
    month, today, forests, _ = mall
    customers = month.customers.assign(channel_group="offline_only")
    (found,) = past_clusters([replace(month, customers=customers)], today, forests)
    assert found["palette_is_predicted"].to_pylist() == [True] * len(customers)
    assert set(drift([replace(month, customers=customers)], today)["clustering"]) == {"rfm"}


def test_who_has_no_purchase_that_counts_today_has_no_group(mall):
    month, today, forests, _ = mall
    gone = month.customers.copy()
    gone.loc[0, ["r_weekend", "purchase_vitality"]] = np.nan
    gone.loc[0, "channel_group"] = "unknown"
    scores = month.scores[month.scores["customer_id"] != gone.loc[0, "customer_id"]]
    (found,) = past_clusters([replace(month, customers=gone, scores=scores)], today, forests)
    alone = found.filter(pc.equal(found["customer_id"], gone.loc[0, "customer_id"])).to_pylist()
    assert [(row["palette_group"], row["palette_is_predicted"]) for row in alone] == [(None, None)]
    assert found["palette_group"].null_count == 1
    assert found["rfm_cluster"].null_count == 0
