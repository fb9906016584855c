"""Clusters of the past by today's centres, so that a name means the same in every month.

Nothing is fitted again: a customer of a past month is where k-means of today would put them, and what moved
since is the drift of the centres.
"""

import datetime
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from sklearn.metrics import pairwise_distances_argmin

from palette.core.inputs import sql_string
from palette.engine import Relation, frame, local, typed
from palette.segments.clusterings import (
    BEHAVIOUR,
    CONSUMPTION,
    KEYS,
    RFM,
    VITALITIES,
    Clustering,
    with_categories,
)
from palette.segments.fits import Fit, Fits
from palette.segments.kmeans import THREADS, Labels, Matrix
from palette.segments.palette_groups import PARTS, Forests, predict_groups

# The columns that are read of the history of features and of that of category scores.
FEATURES = (*KEYS, "channel_group", *BEHAVIOUR.columns, "purchase_vitality")
SCORES = (*KEYS, "super_category", "unit_share", "pf_score")

HISTORY_SCHEMA = pa.schema(
    [
        pa.field("retailer", pa.string(), nullable=False),
        pa.field("month_start", pa.date32(), nullable=False),
        pa.field("customer_id", pa.string(), nullable=False),
        pa.field("rfm_cluster", pa.string(), nullable=False),
        pa.field("behaviour", pa.string()),
        pa.field("consumption", pa.string()),
        pa.field("palette_group", pa.string()),
        pa.field("palette_is_predicted", pa.bool_()),
    ]
)

DRIFT_SCHEMA = pa.schema(
    [
        pa.field("retailer", pa.string(), nullable=False),
        pa.field("month_end", pa.date32(), nullable=False),
        pa.field("clustering", pa.string(), nullable=False),
        pa.field("cluster_name", pa.string(), nullable=False),
        pa.field("customers", pa.int64(), nullable=False),
        pa.field("customer_share", pa.float64(), nullable=False),
        pa.field("mean_distance", pa.float64()),
        pa.field("centre_distance", pa.float64()),
    ]
)


@dataclass(frozen=True)
class Month:
    """What was known of a retailer's customers at the end of a month.

    Attributes
    ----------
    retailer
        Whose customers they are.
    start, end
        First and last day of the month.
    customers
        One row a customer, the columns of ``FEATURES``; shares of orders are missing of customers none
        of whose purchases count any more.
    scores
        One row a customer and super-category that they had bought of, the columns of ``SCORES``.
    """

    retailer: str
    start: datetime.date
    end: datetime.date
    customers: pd.DataFrame
    scores: pd.DataFrame

    def known(self) -> pd.DataFrame:
        """Return the customers of whom more than RFM is known."""
        return self.customers[self.customers["r_weekend"].notna()]

    def clustered(self, today: "Today") -> Iterator[tuple[str, pd.DataFrame, "Centres"]]:
        """Give each clustering that the retailer has today: its name, who is in it, and its centres."""
        yield RFM.name, self.customers, today[self.retailer, RFM.name]
        behaviour, consumption = (today.get((self.retailer, part)) for part in PARTS)
        if behaviour is None or consumption is None:
            return
        known = self.known()
        if set(VITALITIES) <= set(behaviour.fit.space.columns):  # of customers of both channels
            known = known[known["channel_group"] == "both"]
        if len(known):
            yield BEHAVIOUR.name, known, behaviour
            tastes = with_categories(known[KEYS], self.scores, "pf_score")
            columns = [*KEYS, *consumption.fit.space.columns]
            yield CONSUMPTION.name, tastes.reindex(columns=columns, fill_value=0.0), consumption


@dataclass(frozen=True)
class Centres:
    """The centres of a retailer's clusters as they are today, under the names that they have.

    Attributes
    ----------
    fit
        What k-means learned.
    names
        Of the clusters, in the order of ``places``.
    places
        Where k-means works, shape (clusters, columns of the points): those of the fit's centres that have
        customers.
    """

    fit: Fit
    names: tuple[str, ...]
    places: Matrix

    def nearest(self, customers: pd.DataFrame) -> tuple[Labels, Matrix]:
        """Return for each customer the number of the nearest centre, and the point where they are."""
        points = self.fit.space.points(self.fit.space.standardised(customers))
        with THREADS.limit(limits=1):
            return pairwise_distances_argmin(points, self.places), points


Today = Mapping[tuple[str, str], Centres]


def read_months(features: Relation, scores: Relation, months: Relation) -> Iterator[Month]:
    """Read a month at a time, in order, so that no more than one is held.

    Parameters
    ----------
    features
        One row a month and customer: ``month_start`` and ``FEATURES``.
    scores
        One row a month, customer and super-category: ``month_start`` and ``SCORES``.
    months
        ``retailer``, ``month_start`` and ``month_end``.
    """
    spans = local(months, ["retailer", "month_start", "month_end"]).order("retailer, month_start").fetchall()
    read = [
        (local(relation, ["month_start", *columns]), columns)
        for relation, columns in ((features, FEATURES), (scores, SCORES))
    ]
    for retailer, start, end in spans:
        of_month = f"retailer = {sql_string(retailer)} and month_start = date '{start}'"
        known, bought = (frame(relation.filter(of_month), columns) for relation, columns in read)
        if len(known):
            yield Month(retailer, start, end, known.sort_values("customer_id", ignore_index=True), bought)


def centres_today(
    populations: Iterable[tuple[Clustering, pd.DataFrame]], clusters: pd.DataFrame, fits: Fits
) -> dict[tuple[str, str], Centres]:
    """Find out which centre has which name.

    Parameters
    ----------
    populations
        See :func:`palette.segments.clusterings.populations`.
    clusters
        The names that are so, see :func:`palette.segments.naming.truthful`: ``retailer``, ``clustering``,
        ``customer_id`` and ``cluster_name``.
    fits
        See :func:`palette.segments.fits.fit`.

    Returns
    -------
    dict of (str, str) to Centres
        By retailer and name of the clustering.
    """
    found = {}
    for clustering, customers in populations:
        own = clusters.loc[clusters["clustering"] == clustering.name, [*KEYS, "cluster_name"]]
        for retailer, rows in customers.merge(own, on=KEYS).groupby("retailer", sort=True):
            key = str(retailer), clustering.name
            labels, _ = Centres(fits[key], (), fits[key].centres).nearest(rows)
            names = rows["cluster_name"].groupby(labels).first()
            found[key] = Centres(fits[key], tuple(names), fits[key].centres[names.index])
    return found


def past_clusters(
    months: Iterable[Month], today: Today, forests: Mapping[str, Forests]
) -> Iterator[pa.Table]:
    """Put the customers of past months into the clusters and palette groups of today.

    Parameters
    ----------
    months
        See :func:`read_months`.
    today
        Result of :func:`centres_today`.
    forests
        By retailer, see :func:`palette.segments.palette_groups.fit_forests`: they give a group to who was in
        no cluster of the palette, as today.

    Yields
    ------
    pyarrow.Table
        Of ``HISTORY_SCHEMA``, a table a month: a row a customer, in the order of the ids.
    """
    for month in months:
        parts = []
        for clustering, customers, centres in month.clustered(today):
            labels, _ = centres.nearest(customers)
            names = np.array(centres.names, dtype=object)[labels]
            parts.append(customers[KEYS].assign(clustering=clustering, cluster_name=names))
        named = pd.concat(parts)
        own = {month.retailer: forests[month.retailer]} if month.retailer in forests else {}
        groups = predict_groups(month.known(), month.scores, named, own)
        yield typed(
            named[named["clustering"] == RFM.name]
            .rename(columns={"cluster_name": "rfm_cluster"})
            .merge(groups.rename(columns={"is_predicted": "palette_is_predicted"}), on=KEYS, how="left")
            .assign(month_start=month.start)[HISTORY_SCHEMA.names],
            HISTORY_SCHEMA,
        )


def drift(months: Iterable[Month], today: Today) -> pd.DataFrame:
    """Tell how far the clusters of past months lay from where they are today.

    Parameters
    ----------
    months, today
        As for :func:`past_clusters`.

    Returns
    -------
    pandas.DataFrame
        Columns of ``DRIFT_SCHEMA``: a row a month and cluster. ``mean_distance`` is that of its customers of
        then to the centre of today, ``centre_distance`` that of their mean, both in standard deviations of
        today's customers; none where the cluster had no customers.
    """
    rows = []
    for month in months:
        for clustering, customers, centres in month.clustered(today):
            labels, points = centres.nearest(customers)
            for number, (name, place) in enumerate(zip(centres.names, centres.places, strict=True)):
                own = points[labels == number]
                away = np.linalg.norm(own - place, axis=1).mean() if len(own) else None
                moved = np.linalg.norm(own.mean(axis=0) - place) if len(own) else None
                rows.append(
                    {
                        "retailer": month.retailer,
                        "month_end": month.end,
                        "clustering": clustering,
                        "cluster_name": name,
                        "customers": len(own),
                        "customer_share": len(own) / len(points),
                        "mean_distance": away,
                        "centre_distance": moved,
                    }
                )
    found = pd.DataFrame(rows, columns=DRIFT_SCHEMA.names)
    distances = ["mean_distance", "centre_distance"]
    return found.assign(**found[distances].astype(np.float64).round(6))
