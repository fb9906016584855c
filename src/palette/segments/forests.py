"""A forest that tells a class of customers, as plain arrays, which can be kept and read by any version.

The trees are extremely randomised ones (Geurts, Ernst, Wehenkel: Extremely randomized trees, Machine Learning
63, 2006).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier

Matrix = NDArray[np.float64]
Nodes = NDArray[np.int32]

TREES = 60
SEEN = 0.5  # share of the features that a split may choose from
LEAF = 3  # customers at least in a leaf: a single one would pass for a certainty
TREE_SAMPLE = 5_000  # customers that a tree is grown on, drawn when there are more: the cost is bounded


@dataclass(frozen=True)
class Forest:
    """A forest that tells a class of customers, as plain arrays: the nodes of all trees one after another.

    Attributes
    ----------
    classes
        Their names, in the order of ``shares``.
    roots
        Where each tree begins.
    features, thresholds
        Which feature a node looks at, and up to which value it goes left.
    left, right
        The next nodes; -1 in a leaf.
    shares
        Share of each class among a node's customers, shape (nodes, classes).
    importances
        Of the features: mean decrease of the Gini impurity, adding up to 1, or 0 with one class only.
    """

    classes: tuple[str, ...]
    roots: Nodes
    features: Nodes
    thresholds: Matrix
    left: Nodes
    right: Nodes
    shares: Matrix
    importances: Matrix

    @classmethod
    def grow(cls, points: Matrix, labels: "pd.Series[str]", seed: int) -> "Forest":
        """Grow it on customers, shape (customers, features), and their classes."""
        is_sampled = len(points) > TREE_SAMPLE
        classes, codes = np.unique(labels.to_numpy(dtype=str), return_inverse=True)
        fitted = ExtraTreesClassifier(
            TREES,
            max_features=SEEN,
            min_samples_leaf=LEAF,
            bootstrap=is_sampled,
            max_samples=TREE_SAMPLE if is_sampled else None,
            random_state=seed,
        ).fit(points, codes)  # each tree would sort names anew
        return cls.of(fitted, tuple(classes.tolist()))

    @classmethod
    def of(cls, fitted: ExtraTreesClassifier, classes: tuple[str, ...]) -> "Forest":
        """Take it from scikit-learn's, with the names of its classes."""
        trees = [estimator.tree_ for estimator in fitted.estimators_]
        with np.errstate(invalid="ignore"):  # splits may all be of no use
            importances = np.nan_to_num(fitted.feature_importances_)
        roots = np.cumsum([0, *(tree.node_count for tree in trees)])[:-1].astype(np.int32)

        def joined(name: str) -> Nodes:
            children = [getattr(tree, name) for tree in trees]
            moved = [
                np.where(nodes < 0, -1, nodes + root) for nodes, root in zip(children, roots, strict=True)
            ]
            return np.concatenate(moved).astype(np.int32)

        return cls(
            classes=classes,
            roots=roots,
            features=np.concatenate([tree.feature for tree in trees]).astype(np.int32),
            thresholds=np.concatenate([tree.threshold for tree in trees]),
            left=joined("children_left"),
            right=joined("children_right"),
            shares=np.concatenate([tree.value[:, 0] for tree in trees]),
            importances=importances,
        )

    def probabilities(self, points: Matrix) -> Matrix:
        """Return each customer's mean share of each class over the trees, shape (customers, classes)."""
        values = points.astype(np.float32)  # as the trees were grown
        found = np.zeros((len(points), len(self.classes)))
        for root in self.roots:
            at = np.full(len(points), root)
            inner = np.flatnonzero(self.left[at] >= 0)
            while inner.size:
                nodes = at[inner]
                is_left = values[inner, self.features[nodes]] <= self.thresholds[nodes]
                at[inner] = np.where(is_left, self.left[nodes], self.right[nodes])
                inner = inner[self.left[at[inner]] >= 0]
            found += self.shares[at]
        return found / len(self.roots)

    def likeliest(self, points: Matrix) -> tuple[NDArray[np.object_], Matrix]:
        """Return each customer's most probable class and its probability."""
        probabilities = self.probabilities(points)
        classes = np.array(self.classes, dtype=object)
        return classes[probabilities.argmax(axis=1)], probabilities.max(axis=1)
