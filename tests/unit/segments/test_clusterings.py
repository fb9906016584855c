import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from small_clusters import SEEDS, assigned, measured, omnichannel

from palette.core.tables import typed
from palette.segments.clusterings import BEHAVIOUR, CONSUMPTION, ONE_CHANNEL, RFM, populations, wide
from palette.segments.clusters import CLUSTERS_SCHEMA, DIAGNOSTICS_SCHEMA


def test_wide_has_a_column_a_category_and_0_where_nothing_was_bought():
    scores = pd.DataFrame(
        [("shop", "b", "Pet", 2, 0.5), ("shop", "a", "Food", 3, 1.0), ("shop", "b", "Food", 1, 0.5)],
        columns=["retailer", "customer_id", "super_category", "pf_score", "unit_share"],
    )
    assert wide(scores, "pf_score").to_dict("list") == {
        "retailer": ["shop", "shop"],
        "customer_id": ["a", "b"],
        "Food": [3.0, 1.0],
        "Pet": [0.0, 2.0],
    }
    assert wide(scores, "unit_share")["Pet"].tolist() == [0.0, 0.5]
    assert wide(scores.iloc[:0], "pf_score").columns.tolist() == ["retailer", "customer_id"]


def test_populations_fit_rfm_on_everybody_and_the_others_on_users_of_both_channels():
    features, scores, _ = omnichannel(1)
    features.loc[:3, "channel_group"] = ["offline_only", "offline_only", "online_only", "offline_only"]
    found = populations(features, features, scores[scores["customer_id"] != "00011"])
    assert [clustering.name for clustering, _ in found] == ["rfm", "behaviour", "consumption"]
    assert [len(rows) for _, rows in found] == [12, 8, 8]
    consumption = found[2][1].set_index("customer_id")
    assert consumption.columns.tolist() == ["retailer", "Baby", "Beauty", "Food", "Kitchen"]
    assert consumption.loc["00011"].tolist() == ["mall", 0, 0, 0, 0]


@pytest.mark.slow
def test_behaviour_and_consumption_do_not_depend_on_the_order_of_rows():
    features, scores, _ = omnichannel(3)
    before = populations(features, features, scores)
    shuffled = features.sample(frac=1, random_state=0)
    after = populations(shuffled, shuffled, scores.sample(frac=1, random_state=1))
    for (clustering, rows), (_, again) in zip(before, after, strict=True):
        assert_frame_equal(measured(again, 4, clustering), measured(rows, 4, clustering))


@pytest.mark.slow
def test_a_retailer_that_nobody_uses_both_channels_of_is_clustered_by_time_and_taste():
    features, scores, _ = omnichannel(1)
    shop = features.assign(retailer="shop", channel_group="offline_only")
    all_scores = pd.concat([scores, scores.assign(retailer="shop")])
    both = pd.concat([features, shop])
    found = [
        (clustering, set(measured(rows, 2, clustering)["retailer"]))
        for clustering, rows in populations(both, both, all_scores)
    ]
    everywhere = {"mall", "shop"}
    assert found == [
        (RFM, everywhere),
        (BEHAVIOUR, {"mall"}),
        (ONE_CHANNEL, {"shop"}),
        (CONSUMPTION, everywhere),
    ]
    assert not set(ONE_CHANNEL.columns) & {"offline_vitality", "online_vitality"}


def test_a_retailer_of_one_channel_and_one_category_has_rfm_only():
    features, scores, _ = omnichannel(1)
    shop = features.assign(channel_group="online_only")
    one = scores[scores["super_category"] == "Food"]
    found = populations(shop, shop, one)
    assert [len(rows) for _, rows in found] == [12, 0, 0]


def test_no_customers_give_empty_tables_of_every_clustering():
    features, scores, _ = omnichannel(1)
    archetypes = pd.read_csv(SEEDS / "cluster_archetypes.csv")
    for clustering, rows in populations(features.iloc[:0], features.iloc[:0], scores.iloc[:0]):
        clusters = assigned(rows, clustering, 4, archetypes)
        assert typed(measured(rows, 4, clustering), DIAGNOSTICS_SCHEMA).num_rows == 0
        assert typed(clusters, CLUSTERS_SCHEMA).num_rows == 0
