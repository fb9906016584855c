"""What sold, when, where and to whom."""

from typing import Any

import altair as alt
import pandas as pd

from palette.report.charts import sales as charts
from palette.report.charts.common import count_tip, money_tip, ranked_bars, share_tip
from palette.report.frames import highest, rows
from palette.report.marts import Marts
from palette.report.sections.common import TOP, Drawing, Figure, Section, traced
from palette.report.words import Words

DEMOGRAPHIC = ["gender_label", "age_band", "revenue", "revenue_per_customer", "customers"]


def build(marts: Marts, words: Words) -> Section:
    """Assemble the section."""
    return Section(
        "sales",
        words("sales.title"),
        _best(marts, words),
        [
            _by_day(marts, words),
            *_weather(marts, words),
            _by_month(marts, words),
            _by_weekday_and_hour(marts, words),
            *_ranking(marts, words, "category", "sales_by_category", "category"),
            *_ranking(marts, words, "product", "product_sales", "product_name"),
            *_ranking(marts, words, "store", "sales_by_store", "store"),
            *_returned(marts, words),
            *_by_demographic(marts, words),
            *_ranking(marts, words, "country", "sales_by_country", "country"),
        ],
    )


def _best(marts: Marts, words: Words) -> str:
    """Name the best day; where it may not be shown, the best month."""
    day: Any = marts("sales_peaks", where="period = 'day'").iloc[0]
    if (marts("sales_daily", order="date_day")["date_day"] == day["peak_start"]).any():
        return words(
            "sales.sentence",
            day=words.day(day["peak_start"]),
            revenue=words.money(day["peak_revenue"]),
            times=words.decimal(1 + day["share_above_mean"], 1),
        )
    return _by_month(marts, words).sentence


@traced
def _by_day(marts: Marts, words: Words) -> Figure:
    daily = marts("sales_daily", order="date_day")
    if daily.empty:
        return Figure("day", words("sales.by_day"), words("anonymous.too_few"))
    holidays = daily[daily["is_holiday"]]
    ordinary = daily[~daily["is_holiday"]]
    known = marts("retailer_overview")["country_code"].notna().any()
    sentence = (
        words("sales.days_shown", days=words.count(len(daily)))
        if holidays.empty and "sales_daily" in marts.hidden
        else (words("sales.no_holidays") if known else words("sales.no_country"))
        if holidays.empty or ordinary.empty
        else words(
            "sales.by_day_sentence",
            holidays=words.count(len(holidays)),
            holiday=words.short_money(holidays["revenue"].mean()),
            ordinary=words.short_money(ordinary["revenue"].mean()),
        )
    )
    return Figure(
        "day",
        words("sales.by_day"),
        sentence,
        Drawing(
            charts.revenue_by_day(
                daily[["date_day", "revenue", "orders", "is_holiday", "holiday_name"]], words
            )
        ),
        wide=True,
        note="" if holidays.empty else words("sales.by_day_note"),
    )


@traced
def _weather(marts: Marts, words: Words) -> list[Figure]:
    correlations = marts("weather_correlation", order="measure desc")
    daily = marts("sales_daily", ", ".join(["date_day", *correlations["measure"]]), order="date_day")
    figures = []
    for found in rows(correlations):
        known = daily.dropna(subset=[found.measure])
        title = words.term("feature", found.measure)
        undefined = pd.isna(found.revenue_correlation)
        sentence = words(
            "sales.weather_undefined" if undefined else "sales.weather_sentence",
            days=words.count(found.days),
            strength=_strength(found.revenue_correlation, words),
            correlation=words.decimal(found.revenue_correlation),
        )
        chart = charts.weather_by_day(known[["date_day", found.measure]], found.measure, words)
        figures.append(Figure(found.measure, title, sentence, Drawing(chart), of_all=True))
    return figures


def _strength(correlation: float, words: Words) -> str:
    """Name a correlation's size as Cohen (1988) does: small from .1, medium from .3, large from .5."""
    names = {0.5: "strong", 0.3: "medium", 0.1: "weak"}
    found = next((name for least, name in names.items() if abs(correlation) >= least), "no")
    return words(f"sales.correlation.{found}")


@traced
def _by_month(marts: Marts, words: Words) -> Figure:
    monthly = marts("sales_monthly", order="month_start")
    if monthly.empty:
        return Figure("month", words("sales.by_month"), words("anonymous.too_few"))
    best = highest(monthly, monthly["revenue"])
    monthly = monthly.assign(month=pd.to_datetime(monthly["month_start"]).dt.strftime("%Y-%m"))
    return Figure(
        "month",
        words("sales.by_month"),
        words(
            "sales.by_month_sentence",
            month=words.month(best["month_start"]),
            revenue=words.money(best["revenue"]),
        ),
        Drawing(
            charts.revenue_by_month(
                monthly[["month", "revenue", "revenue_change", "orders", "customers", "is_complete"]], words
            )
        ),
        note="" if monthly["is_complete"].all() else words("sales.by_month_note"),
    )


@traced
def _by_weekday_and_hour(marts: Marts, words: Words) -> Figure:
    hours = marts("sales_by_weekday_hour", order="weekday, hour_of_day")
    if hours.empty:
        return Figure("week", words("sales.by_week"), words("anonymous.too_few"))
    best = highest(hours, hours["revenue"])
    hours = hours.assign(day=hours["weekday"].map(words.weekday))
    timed = hours["hour_of_day"].nunique() > 1
    return Figure(
        "week",
        words("sales.by_week") if timed else words("sales.by_weekday"),
        words(
            "sales.by_week_sentence",
            weekday=words.weekday(int(best["weekday"])),
            hour=f"{int(best['hour_of_day']):02d}:00",
            revenue=words.money(best["revenue"]),
        )
        if timed
        else words(
            "sales.by_weekday_sentence",
            weekday=words.weekday(int(best["weekday"])),
            revenue=words.money(best["revenue"]),
        ),
        Drawing(charts.week_heatmap(hours[["day", "hour_of_day", "revenue", "orders"]], words)),
    )


@traced
def _ranking(marts: Marts, words: Words, key: str, mart: str, column: str) -> list[Figure]:
    """Rank categories, products, stores or countries by revenue, where the data hold any."""
    title = words(f"sales.by_{key}")
    ranked = marts(mart, order=f"revenue desc, {column}").dropna(subset=[column])
    if ranked.empty:
        return []
    whole = marts("retailer_overview").iloc[0]
    if len(ranked) == 1 and (
        key != "country"
        or ranked[column].iloc[0] == "unknown"
        or ranked["customers"].iloc[0] < whole["customers"]
    ):
        return []  # one of one says nothing
    if key == "country" and len(ranked) == 1:
        return [Figure(key, title, words("sales.one_country", name=ranked[column].iloc[0]))]
    if key == "product":
        ranked = _told_apart(ranked)
    top = ranked.head(TOP)
    top = top.assign(text=top["revenue"].map(words.short_money))
    first = top.iloc[0]
    figure = Figure(
        key,
        title,
        words(
            f"sales.by_{key}_sentence",
            name=first[column],
            revenue=words.money(first["revenue"]),
            share=words.percent(first["revenue"] / whole["revenue"]),
            all=words.count(len(ranked)),
        ),
        Drawing(
            ranked_bars(
                top[[column, "revenue", "text", "orders", "customers"]],
                label=column,
                value="revenue",
                text="text",
                tooltip=[
                    alt.Tooltip(f"{column}:N", title=words(f"sales.{key}")),
                    money_tip("revenue", words("revenue"), words),
                    count_tip("orders", words("orders")),
                    count_tip("customers", words("customers")),
                ],
            )
        ),
        note=words("sales.top", top=words.count(TOP), all=words.count(len(ranked)))
        if len(ranked) > TOP
        else "",
    )
    return [figure]


def _told_apart(products: pd.DataFrame) -> pd.DataFrame:
    """Add the code to names that two products share: a bar needs one of its own."""
    names, same = products["product_name"], products["product_name"].duplicated(keep=False)
    return products.assign(product_name=names.where(~same, names + " (" + products["product_id"] + ")"))


@traced
def _returned(marts: Marts, words: Words) -> list[Figure]:
    """Show what came back, and say which money the report speaks of; nothing where nothing did."""
    whole: Any = marts("retailer_overview").iloc[0]
    if not whole["returned_revenue"] > 0:
        return []
    sentence = words(
        "sales.returned_sentence",
        money=words.money(whole["returned_revenue"]),
        share=words.percent(whole["return_rate"]),
        net=words.money(whole["net_revenue"]),
    )
    money = marts("retailers")["money"].iloc[0]
    products = _told_apart(marts("product_sales", order="returned_revenue desc, product_id"))
    top = products[products["returned_revenue"] > 0].head(TOP)
    body = None
    if len(top):
        shown = top.assign(text=top["returned_revenue"].map(words.short_money))
        body = Drawing(
            ranked_bars(
                shown[["product_name", "returned_revenue", "text", "revenue", "return_rate"]],
                label="product_name",
                value="returned_revenue",
                text="text",
                tooltip=[
                    alt.Tooltip("product_name:N", title=words("sales.product")),
                    money_tip("returned_revenue", words("sales.given_back"), words),
                    money_tip("revenue", words("revenue"), words),
                    share_tip("return_rate", words("sales.return_rate")),
                ],
            )
        )
    note = words.term("money", money)
    return [Figure("returned", words("sales.returned"), sentence, body, note=note)]


@traced
def _by_demographic(marts: Marts, words: Words) -> list[Figure]:
    """Show who spends what by gender and age, or by the one of them that is known."""
    groups = marts("sales_by_demographic", order="gender, age_band")
    told = [column for column in ("gender", "age_band") if (groups[column] != "unknown").any()]
    known = groups[(groups[told] != "unknown").all(axis=1)] if told else groups.head(0)
    if known.empty:
        return []
    kind = "demographic" if len(told) > 1 else told[0].removesuffix("_band")
    sums = known.groupby(told, sort=True)[["revenue", "customers"]].sum().reset_index()
    known = sums.assign(
        revenue_per_customer=sums["revenue"] / sums["customers"],
        gender_label=sums["gender"].map(lambda gender: words.term("gender", gender))
        if "gender" in told
        else words("customers"),
    )
    unknown = 1 - known["customers"].sum() / marts("retailer_overview")["customers"].iloc[0]
    left_out = words(
        "sales.left_out_note" if "sales_by_demographic" in marts.hidden else f"sales.{kind}_note",
        share=words.percent(unknown),
    )
    figures = []
    for measure in ("revenue", "revenue_per_customer"):
        best = highest(known, known[measure])
        figures.append(
            Figure(
                measure,
                words(f"sales.{kind}_{measure}"),
                words(
                    f"sales.{kind}_{measure}_sentence",
                    gender=best["gender_label"],
                    age=best.get("age_band", ""),
                    amount=words.money(best[measure]),
                    customers=words.count(best["customers"]),
                ),
                Drawing(
                    charts.demographics(known.reindex(columns=DEMOGRAPHIC, fill_value=""), measure, words)
                ),
                note=left_out if unknown > 0 else "",
            )
        )
    return figures
