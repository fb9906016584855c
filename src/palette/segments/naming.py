"""Names that are true of their clusters: what a name claims is checked against the figures of its own shop.

Clusters get their names by matching centroids to archetypes, and the nearest archetype may still be far away.
A name that claims what is not so gives way to a milder one; clusters that do not stand apart have numbers.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from palette.segments.clusterings import CONSUMPTION, KEYS, wide

COUNTED = ["orders", "order_lines", "units", "revenue"]
CUSTOMERS = [*KEYS, "first_ordered_at", "last_ordered_at", *COUNTED]  # the columns of them that are read
CATEGORY = "pf_score of "  # before the name of a super-category
NO_CATEGORY = "Other Products"


Means = dict[str, dict[str, float]]


@dataclass(frozen=True)
class Claim:
    """What a name says of its cluster; see :func:`truthful`."""

    fact: str
    comparison: str
    value: float
    otherwise: str

    def holds(self, means: dict[str, float], of_all: dict[str, float]) -> bool:
        """Tell whether it is so; what is not known is not."""
        own, everybody = means.get(self.fact, np.nan), of_all.get(self.fact, np.nan)
        return {
            "above_all": own > everybody,
            "below_all": own < everybody,
            "at_least": own >= self.value,
            "at_most": own <= self.value,
        }[self.comparison]


def facts(customers: pd.DataFrame, features: pd.DataFrame, category_scores: pd.DataFrame) -> pd.DataFrame:
    """Put together what the name of a cluster may claim of its customers.

    Parameters
    ----------
    customers
        One row a customer: ``retailer``, ``customer_id``, ``first_ordered_at``, ``last_ordered_at`` and
        ``COUNTED``.
    features
        One row a customer: ``retailer``, ``customer_id`` and numbers.
    category_scores
        See :func:`palette.segments.clusterings.wide`.

    Returns
    -------
    pandas.DataFrame
        One row a customer. ``usual_gaps_since`` is the recency in median times between two orders of the
        retailer, none where nobody ordered twice; the preference score of a super-category is
        ``pf_score of <super-category>``.
    """
    numbers = features[[*KEYS, *features.columns.difference(KEYS)]].drop(columns="channel_group")
    known = customers[[*KEYS, *COUNTED]].astype(dict.fromkeys(COUNTED, np.float64))
    span = (customers["last_ordered_at"] - customers["first_ordered_at"]).dt.total_seconds() / 86_400
    gaps = (span / (known["orders"] - 1)).where(known["orders"] > 1)
    usual = gaps.groupby(customers["retailer"]).transform("median").replace(0, np.nan)
    joined = known.assign(usual_gap=usual).merge(numbers, on=KEYS)
    joined["usual_gaps_since"] = joined["recency_days"] / joined.pop("usual_gap")
    scores = wide(category_scores, "pf_score").set_index(KEYS).add_prefix(CATEGORY).reset_index()
    return joined.merge(scores, on=KEYS, how="left")


def truthful(
    clusters: pd.DataFrame, diagnostics: pd.DataFrame, claims: pd.DataFrame, known: pd.DataFrame
) -> pd.DataFrame:
    """Replace the names that are not so.

    Parameters
    ----------
    clusters
        Result of :func:`palette.segments.clusters.assign`, of any clusterings.
    diagnostics
        Result of :func:`palette.segments.clusters.diagnostics`: ``stands_apart`` of the chosen number.
    claims
        ``clustering``, ``cluster_name``, ``fact``, ``comparison`` (``above_all``, ``below_all``,
        ``at_least``, ``at_most``), ``value`` of the last two, and ``otherwise``, the name to take where the
        claim does not hold; none: a number, or for tastes the category that is preferred most.
    known
        Result of :func:`facts`.

    Returns
    -------
    pandas.DataFrame
        The clusters under names that hold, one a cluster. Numbers, as in ``group 1 of 4``, go by revenue per
        customer, highest first.
    """
    categories = [name for name in known.columns if str(name).startswith(CATEGORY)]
    categories = [name for name in categories if name != f"{CATEGORY}{NO_CATEGORY}"]
    chosen = diagnostics[diagnostics["is_chosen"] & diagnostics["stands_apart"].eq(True)]
    apart = set(zip(chosen["retailer"], chosen["clustering"], strict=True))
    parts = [clusters.head(0)]
    for (retailer, clustering), rows in clusters.groupby(["retailer", "clustering"], sort=True):
        members = rows[[*KEYS, "cluster_name"]].merge(known, on=KEYS).drop(columns=KEYS)
        means = _means(members)
        of_all = _means(members.assign(cluster_name=""))[""]
        names = dict.fromkeys(means, "")
        if (retailer, clustering) in apart:
            names = _holding(means, of_all, _claims(claims[claims["clustering"] == clustering]))
            if clustering == CONSUMPTION.name:
                names = _tastes(names, means, of_all)
        ranked = sorted(means, key=lambda name: -means[name]["revenue"])
        final = {
            name: names[name] or f"group {number} of {len(means)}"
            for number, name in enumerate(ranked, start=1)
        }
        parts.append(rows.assign(cluster_name=rows["cluster_name"].map(final)))
    return pd.concat(parts, ignore_index=True)


def _means(members: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Return the means of each cluster by name; those an order and a line are ratios of sums."""
    groups = members.groupby("cluster_name", sort=True)
    means, sums = groups.mean(), groups[COUNTED].sum()
    means = means.assign(
        revenue_per_order=sums["revenue"] / sums["orders"],
        units_per_line=sums["units"] / sums["order_lines"],
    )
    return {
        str(name): {str(fact): float(mean) for fact, mean in row.items()} for name, row in means.iterrows()
    }


def _claims(claims: pd.DataFrame) -> dict[str, list[Claim]]:
    """Return the claims of each name."""
    found: dict[str, list[Claim]] = {}
    for row in claims.fillna({"otherwise": ""}).to_dict("records"):
        claim = Claim(row["fact"], row["comparison"], float(row["value"] or np.nan), row["otherwise"])
        found.setdefault(row["cluster_name"], []).append(claim)
    return found


def _holding(means: Means, of_all: dict[str, float], claims: dict[str, list[Claim]]) -> dict[str, str]:
    """Return for each cluster its name, one it falls back on, or nothing where no claim holds."""

    def broken(name: str, cluster: str) -> Claim | None:
        told = claims.get(name, [])
        return next((claim for claim in told if not claim.holds(means[cluster], of_all)), None)

    names = {cluster: cluster for cluster in means if broken(cluster, cluster) is None}
    for cluster in (name for name in means if name not in names):
        name = cluster
        while name and (claim := broken(name, cluster)):
            name = claim.otherwise
        names[cluster] = "" if name in names.values() else name
    return names


def _tastes(names: dict[str, str], means: Means, of_all: dict[str, float]) -> dict[str, str]:
    """Name a taste that no archetype fits after the category it prefers most, compared with everybody."""
    found = dict(names)
    categories = [name for name in of_all if name.startswith(CATEGORY) and not name.endswith(NO_CATEGORY)]
    for cluster in (name for name, held in names.items() if not held):
        lead = {name: means[cluster][name] - of_all[name] for name in categories}
        preferred = sorted((name for name in lead if lead[name] > 0), key=lambda name: -lead[name])
        own = [f"buyers of {name.removeprefix(CATEGORY)}" for name in preferred]
        found[cluster] = next((name for name in own if name not in found.values()), "")
    return found
