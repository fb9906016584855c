"""How the features of customers go together, as the study's two heat maps show it."""

import pandas as pd
import pyarrow as pa

from palette.core.tables import empty

SCHEMA = pa.schema(
    [
        pa.field("retailer", pa.string(), nullable=False),
        pa.field("matrix", pa.string(), nullable=False),
        pa.field("feature", pa.string(), nullable=False),
        pa.field("other_feature", pa.string(), nullable=False),
        pa.field("customers", pa.int64(), nullable=False),
        pa.field("correlation", pa.float64()),
    ]
)


def correlations(features: pd.DataFrame, matrix: str) -> pd.DataFrame:
    """Correlate every feature with every feature, a retailer at a time.

    Parameters
    ----------
    features
        One row a customer: ``retailer``, ``customer_id`` and numeric features, of which there are some.
    matrix
        Name of the matrix, repeated in the result.

    Returns
    -------
    pandas.DataFrame
        Columns of ``SCHEMA``: Pearson's coefficient of each ordered pair, itself included, rounded to nine
        decimals; null where a feature is constant among the retailer's customers. Features that are 0 for all
        of them, such as another retailer's categories, are left out.
    """
    parts = [empty(SCHEMA)]
    for retailer, rows in features.groupby("retailer", sort=True):
        numbers = rows.sort_values("customer_id").drop(columns=["retailer", "customer_id"]).astype(float)
        numbers = numbers.loc[:, (numbers != 0).any()]
        pairs = numbers.corr().round(9).rename_axis("feature").reset_index()
        part = pairs.melt("feature", var_name="other_feature", value_name="correlation")
        parts.append(part.assign(retailer=str(retailer), matrix=matrix, customers=len(rows)))
    return pd.concat(parts, ignore_index=True)[list(SCHEMA.names)]
