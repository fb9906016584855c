"""The ways to cluster customers, and the customers that each is fitted on.

Source: docs/methods.md, "Clusters": the logarithms of recency, frequency and monetary of all customers;
behaviour (time ratios, vitalities and RFM, reduced by SVD) and consumption (preference scores), of customers
who use both channels.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from palette.engine import Relation, frame

KEYS = ["retailer", "customer_id"]
TIME_RATIOS = ("r_weekday", "r_weekend", "r_dawn", "r_afternoon", "r_dinner")
VITALITIES = ("offline_vitality", "online_vitality")
RFM_COLUMNS = ("recency_days", "frequency", "monetary")


@dataclass(frozen=True)
class Clustering:
    """A way to cluster customers.

    Attributes
    ----------
    name
        Its name.
    columns
        What it looks at. Empty: everything in the features that is not 0 throughout, in alphabetical order.
    logarithms
        Those of the columns that count by their logarithm, what is below 0 as 0; all of them when None.
    components
        Number of SVD components that k-means sees instead of the standardised columns; None: no reduction.
    archetypes
        What the seed table calls its archetypes, where that is not its name.
    """

    name: str
    columns: tuple[str, ...] = ()
    logarithms: tuple[str, ...] | None = None
    components: int | None = None
    archetypes: str | None = None

    def of(self, rows: pd.DataFrame) -> "Clustering":
        """Return the clustering with the columns that it has on these customers."""
        if self.columns:
            return self
        found = sorted(name for name in rows.columns.difference(KEYS) if rows[name].any())
        return replace(self, columns=tuple(found))


# Two of the ten columns follow from others (time ratios add up to 1), and two more nearly repeat how much is
# bought: six components hold 95 % of the demo retailer's variance, and k-means finds its types in them as
# well as in eight (adjusted Rand index 0.77; in four 0.75, in two 0.73).
BEHAVIOUR_COMPONENTS = 6

RFM = Clustering("rfm", RFM_COLUMNS)
BEHAVIOUR = Clustering(
    "behaviour",
    (*TIME_RATIOS, *VITALITIES, *RFM_COLUMNS),
    logarithms=(*VITALITIES, *RFM_COLUMNS),
    components=BEHAVIOUR_COMPONENTS,
)
# Where nobody uses both channels, times and RFM are what tells how people shop.
ONE_CHANNEL = Clustering(
    "behaviour",
    (*TIME_RATIOS, *RFM_COLUMNS),
    logarithms=RFM_COLUMNS,
    components=BEHAVIOUR_COMPONENTS,
    archetypes="behaviour_one_channel",
)
CONSUMPTION = Clustering("consumption", logarithms=())


def populations(
    customer_rfm: pd.DataFrame, features: pd.DataFrame, category_scores: pd.DataFrame
) -> list[tuple[Clustering, pd.DataFrame]]:
    """Pair each clustering with the customers it is fitted on.

    Parameters
    ----------
    customer_rfm
        One row a customer: ``retailer``, ``customer_id`` and the columns of ``RFM``.
    features
        One row a customer: ``retailer``, ``customer_id``, ``channel_group`` and the columns of ``BEHAVIOUR``.
    category_scores
        See :func:`wide`; ``pf_score`` is what ``CONSUMPTION`` looks at.

    Returns
    -------
    list of (Clustering, pandas.DataFrame)
        RFM with all customers; behaviour and consumption with those whose ``channel_group`` is ``both``, or
        with everybody of a retailer that nobody uses both channels of and that has more than one category.
    """
    both = features[features["channel_group"] == "both"]
    categories = category_scores.groupby("retailer")["super_category"].nunique()
    alone = features[
        ~features["retailer"].isin(both["retailer"])
        & features["retailer"].isin(categories.index[categories > 1])
    ]
    tasted = pd.concat([both[KEYS], alone[KEYS]])
    return [
        (RFM, customer_rfm),
        (BEHAVIOUR, both),
        *([(ONE_CHANNEL, alone)] if len(alone) else []),
        (CONSUMPTION, with_categories(tasted, category_scores, "pf_score")),
    ]


def read_populations(
    customer_rfm: Relation, features: Relation, category_scores: Relation
) -> list[tuple[Clustering, pd.DataFrame]]:
    """Read what :func:`populations` needs of the marts it is made of, and no more."""
    return populations(
        frame(customer_rfm, [*KEYS, *RFM.columns]),
        frame(features, [*KEYS, "channel_group", *BEHAVIOUR.columns]),
        frame(category_scores, [*KEYS, "super_category", "pf_score"]),
    )


def wide(category_scores: pd.DataFrame, value: str) -> pd.DataFrame:
    """Turn category scores, a row a customer and category, into a row a customer.

    Parameters
    ----------
    category_scores
        ``retailer``, ``customer_id``, ``super_category`` and scores; no row where a customer bought nothing.
    value
        Name of the score to take.

    Returns
    -------
    pandas.DataFrame
        ``retailer``, ``customer_id`` and a column a super-category, in alphabetical order; 0 where there is
        no row. Sorted by customer.
    """
    pivoted = category_scores.pivot(index=KEYS, columns="super_category", values=value)
    return pivoted.astype(np.float64).fillna(0.0).rename_axis(columns=None).reset_index()


def with_categories(customers: pd.DataFrame, category_scores: pd.DataFrame, value: str) -> pd.DataFrame:
    """Join the columns of :func:`wide` to customers, 0 for those without any score."""
    scores = wide(category_scores, value)
    joined = customers.merge(scores, on=KEYS, how="left")
    return joined.fillna(dict.fromkeys(scores.columns.drop(KEYS), 0.0))
