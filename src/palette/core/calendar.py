"""The calendar of each retailer: every day of its data, with its country's public holidays."""

import holidays
import pandas as pd
import pyarrow as pa

from palette.core.tables import empty

SCHEMA = pa.schema(
    [
        pa.field("retailer", pa.string(), nullable=False),
        pa.field("date_day", pa.date32(), nullable=False),
        pa.field("holiday_name", pa.string()),
    ]
)


def calendar(spans: pd.DataFrame) -> pd.DataFrame:
    """List the days between each retailer's first and last one, with the name of the holiday on it.

    Parameters
    ----------
    spans
        One row a retailer: ``retailer``, ``country_code`` (ISO 3166-1 alpha-2), ``subdivision`` (of the
        ``holidays`` package, or null), ``first_day``, ``last_day``; both days are included.

    Returns
    -------
    pandas.DataFrame
        ``retailer, date_day, holiday_name`` (null on other days), one row a retailer and day.

    Raises
    ------
    NotImplementedError
        The ``holidays`` package does not know the country or the subdivision.
    """
    columns = ["retailer", "country_code", "subdivision", "first_day", "last_day"]
    ordered = spans.sort_values("retailer")[columns].itertuples(index=False)
    days: list[pd.DataFrame] = [_days(*span) for span in ordered]
    return pd.concat([empty(SCHEMA), *days], ignore_index=True)


def _days(
    retailer: str,
    country_code: str | None,
    subdivision: str | None,
    first_day: pd.Timestamp,
    last_day: pd.Timestamp,
) -> pd.DataFrame:
    days = pd.date_range(first_day, last_day, freq="D")
    names = {}
    if not pd.isna(country_code):
        names = holidays.country_holidays(
            country_code,
            subdiv=None if pd.isna(subdivision) else subdivision,
            years=range(days[0].year, days[-1].year + 1),
            language="en_US",
        )
    return pd.DataFrame(
        {
            "retailer": retailer,
            "date_day": days.date,
            "holiday_name": [names.get(day) for day in days.date],
        }
    )
