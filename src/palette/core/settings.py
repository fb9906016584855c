"""What may be set: environment variables that say where things are, and dbt vars that an analyst tunes.

``dbt_project.yml`` holds the same defaults, which a test compares; docs/settings.md is written from here.
"""

import datetime
import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from palette.core.catalogue import model_names
from palette.core.errors import ExpectedError, near


class Variable(NamedTuple):
    """An environment variable: its default in words, and what it says."""

    default: str
    meaning: str


ENVIRONMENT = {
    "PALETTE_DATA": Variable(
        "`data/shops`; without a shop in it `data/demo`", "folder of the retailers' folders"
    ),
    "PALETTE_DB": Variable(
        "`warehouse/palette.duckdb`", "the warehouse file; on Spark a folder, by default `warehouse/spark`"
    ),
    "PALETTE_MEMORY": Variable(
        "half of the memory",
        "what DuckDB may take, as in `4GiB`, before it writes to a scratch folder beside the warehouse",
    ),
    "PALETTE_RETAILERS": Variable("", "retailers to build, a comma list; empty: all in that folder"),
}


class SettingsError(ExpectedError):
    """A dbt var with a value, or a name, that the project cannot use."""


def _iso(value: object) -> object:
    if value is not None and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", str(value)):
        raise ValueError("not YYYY-MM-DD")
    return value


def _models(names: str) -> str:
    if names != "all" and not {name.strip() for name in names.split(",")} <= set(model_names()):
        raise PydanticCustomError("unknown_name", "there are: {names}", {"names": ", ".join(model_names())})
    return names


class Settings(BaseModel):
    """Every dbt var of the project."""

    model_config = ConfigDict(extra="forbid", strict=True)

    as_of_date: Annotated[datetime.date, Field(strict=False), BeforeValidator(_iso)] | None = Field(
        None, description="the warehouse sees only what was known at the end of this day, YYYY-MM-DD"
    )
    rfm_clusters: Literal["auto"] | Annotated[int, Field(ge=2, le=10)] = Field(
        4, description="number of RFM clusters, 2 to 10, or `auto`: the best silhouette"
    )
    behaviour_clusters: Literal["auto"] | Annotated[int, Field(ge=2, le=10)] = Field(
        4, description="number of behaviour clusters, 2 to 10, or `auto`: the best silhouette"
    )
    consumption_clusters: Literal["auto"] | Annotated[int, Field(ge=2, le=10)] = Field(
        3, description="number of consumption clusters, 2 to 10, or `auto`: the best silhouette"
    )
    cluster_seed: int = Field(
        0, ge=0, le=2**32 - 1, description="seed of k-means and of the silhouette's sample, 0 to 4294967295"
    )
    silhouette_sample: int = Field(
        10_000,
        ge=100,
        description="customers drawn for the silhouette, 100 or more; when there are fewer, all",
    )
    basket_min_support: float = Field(
        0.02,
        gt=0,
        le=1,
        description="least share of a cluster's orders that hold all items of a rule, above 0, up to 1",
    )
    basket_min_confidence: float = Field(
        0.5, ge=0, le=1, description="least confidence of a basket rule, 0 to 1"
    )
    basket_max_items: int = Field(
        3, ge=1, le=5, description="most items on either side of a basket rule, 1 to 5"
    )
    basket_min_orders: int = Field(
        10, ge=1, description="least number of orders behind a basket rule, whatever the support, 1 or more"
    )
    recommendations_per_customer: int = Field(
        10, ge=1, le=100, description="length of a recommendation list, 1 to 100"
    )
    recommendation_window_days: int = Field(
        28,
        ge=7,
        le=92,
        description="days that recommendations look ahead, and are learned and judged on, 7 to 92",
    )
    recommendation_models: Annotated[str, AfterValidator(_models)] = Field(
        "all",
        description="models that the hybrid weighs and is judged against, and that may make a list: `all`, "
        "or a comma list of single models of the seed `recommendation_model_names`",
    )
    recommendation_seed: int = Field(
        0,
        ge=0,
        le=2**31 - 1,
        description="seed of recommenders and forecasts, and of the backtests' resamples, 0 to 2147483647",
    )
    recommendation_rules_enabled: bool = Field(
        True,
        description="whether the rules in `recommendation_rules.csv` apply to the lists, `true` or `false`",
    )
    palette_backtest: bool = Field(
        True,
        description="whether lists and forecasts are judged on past windows, `true` or `false`; a daily run "
        "can skip it",
    )
    recommendation_folds: int = Field(
        3, ge=1, le=12, description="past windows that the lists are judged on, 1 to 12, the latest first"
    )
    value_folds: int = Field(
        3, ge=1, le=12, description="past windows that forecasts are judged on, 1 to 12, the latest first"
    )

    @classmethod
    def check(cls, values: Mapping[str, Any]) -> "Settings":
        """Validate dbt vars.

        Parameters
        ----------
        values
            Name and value of each var; a missing one takes its default.

        Raises
        ------
        SettingsError
            Names each wrong var, its value and what is allowed.
        """
        try:
            return cls.model_validate_json(json.dumps(dict(values), default=str))
        except ValidationError as error:
            wrong: dict[str, ErrorDetails] = {}
            for item in error.errors():
                wrong.setdefault(str(item["loc"][0]), item)
            problems = [_problem(name, values[name], item) for name, item in wrong.items()]
            raise SettingsError("; ".join(problems)) from None


def _problem(name: str, value: object, error: ErrorDetails) -> str:
    if field := Settings.model_fields.get(name):
        names = f"; {error['msg']}" if error["type"] == "unknown_name" else ""
        return f"var '{name}' cannot be {value!r}: {field.description} (default {field.default}{names})"
    return f"unknown var '{name}'{near(name, Settings.model_fields)}"


def models_of(names: str) -> tuple[str, ...]:
    """Return the names of the single recommenders that the setting ``recommendation_models`` asks for."""
    return model_names() if names == "all" else tuple(name.strip() for name in names.split(","))
