"""What a shop says of itself: ``retailer.yml`` beside its files, validated before anything is built.

Every key has a default: the form's where its sources declare one, else the one below.
"""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import holidays
import yaml
from babel.numbers import list_currencies
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from palette.core.errors import InputError, near
from palette.core.forms import Form, forms
from palette.core.values import DateOrder, DecimalMark

FILE = "retailer.yml"
NO_CURRENCY = "XXX"  # ISO 4217: no currency is involved

Rule = Literal[
    "missing_customer",
    "missing_product",
    "missing_customer_or_product_name",
    "missing_customer_or_product",
    "duplicate_line",
    "repeated_line_number",
    "non_positive_quantity_or_price",
    "non_positive_quantity_or_amount",
    "non_positive_amount",
    "non_product_code",
    "service_line",
    "amount_outlier",
]
_NEEDS_PARAMETER = ("non_product_code", "amount_outlier")


def _time_zone(name: str) -> str:
    if name not in zoneinfo.available_timezones():
        raise ValueError(
            f"no IANA time zone, such as Europe/Berlin{near(name, zoneinfo.available_timezones())}"
        )
    return name


def _currency(code: str) -> str:
    if code not in list_currencies():
        raise ValueError("no ISO 4217 code, such as EUR")
    return code


def _norway(code: object) -> object:
    return "NO" if code is False else code  # YAML reads NO without quotes as false


def _country(code: str) -> str:
    if code not in holidays.list_supported_countries(include_aliases=False):
        raise ValueError("no ISO 3166-1 alpha-2 code of a country with known holidays, such as DE")
    return code


def _delimiter(character: str) -> str:
    if character in '"\r\n\0':
        raise ValueError("a quote or the end of a line cannot be the delimiter")
    return character


def _encoding(name: str) -> str:
    try:
        "".encode(name)
    except (LookupError, UnicodeError):
        raise ValueError("no encoding of text that Python knows") from None
    return name


def _list(value: object) -> object:
    return [value] if isinstance(value, str) else value


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class CleaningStep(_Strict):
    """One step of a shop's own cleaning."""

    rule: Rule = Field(description="what the step drops, as the seed table `cleaning_steps` explains")
    step: str | None = Field(None, description="name to show; default: the rule's")
    parameter: float | None = Field(
        None, description="number that `non_product_code` and `amount_outlier` need"
    )


class Csv(_Strict):
    """How the shop's text files are written; what is left out is found by looking at each file."""

    delimiter: Annotated[str, Field(min_length=1, max_length=1), AfterValidator(_delimiter)] | None = Field(
        None, description="character between two fields"
    )
    encoding: Annotated[str, AfterValidator(_encoding)] | None = Field(
        None, description="utf-8, utf-16, cp1252, cp949, latin-1"
    )
    header: bool | None = Field(
        None, description="whether the first line holds names; without, columns are column_1, column_2, ..."
    )


class Snapshot(_Strict):
    """Where `palette refresh` reads the shop's purchases again; the password stays in the environment."""

    uri: str = Field(description="postgresql://user@host:port/database, without a password")
    query: str = Field(description="the query whose result is the snapshot")
    file: str = Field(description="name of the Parquet file written beside this one")


class Retailer(_Strict):
    """A shop, and how its files are to be read."""

    form: str = Field("orders", description="shape of the files: a folder of `models/staging`")
    name: str | None = Field(None, description="name to show; default: the folder's")
    currency: Annotated[str, AfterValidator(_currency)] = Field(
        NO_CURRENCY, description="ISO 4217 code of all amounts; XXX: not known"
    )
    country: Annotated[str, BeforeValidator(_norway), AfterValidator(_country)] | None = Field(
        None,
        description="ISO 3166-1 alpha-2 code of the country whose public holidays count; none: no holidays",
    )
    subdivision: str | None = Field(
        None, description="part of that country, as the package `holidays` names it"
    )
    time_zone: Annotated[str, AfterValidator(_time_zone)] | None = Field(
        None,
        description="IANA name of the zone to which times with an offset are brought, such as Europe/Berlin",
    )
    date_order: DateOrder | None = Field(
        None, description="how dates such as 01/02/2025 are read; default: what the values of a file prove"
    )
    decimal_mark: DecimalMark | None = Field(
        None, description="mark of decimals; default: what the values of a file prove"
    )
    recency_unit: Literal["calendar_days", "elapsed_days"] = Field(
        "calendar_days", description="recency as the difference of two dates, or in whole days of 24 hours"
    )
    item_level: Literal["product", "subcategory", "category", "none"] | None = Field(
        None,
        description="what baskets and lists are made of; default: product, none for a shop without products",
    )
    revenue: Literal["after_discount", "before_discount"] = Field(
        "after_discount",
        description="what counts as revenue where the files have discounts and no amount paid",
    )
    money: Literal["gross", "net"] = Field(
        "gross",
        description="what scores count as money spent: all that was paid, or less what was given back",
    )
    channel: Literal["online", "offline", "unknown"] = Field(
        "unknown", description="where all purchases were made, for files without a column that says it"
    )
    channels: dict[str, Literal["online", "offline"]] = Field(
        default_factory=dict, description="the shop's own words for its channels"
    )
    cleaning_steps: str | list[CleaningStep] = Field(
        "standard",
        description="name of a set in the seed table `cleaning_steps`, or the steps themselves, in order",
    )
    service_lines: str | None = Field(None, description="name of a set in the seed table of that name")
    product_themes: str | None = Field(None, description="name of a set in the seed table of that name")
    super_categories: str | None = Field(None, description="name of a set in the seed table of that name")
    recommendation_rules: str | None = Field(None, description="name of a set in the seed table of that name")
    csv: Csv = Field(default_factory=Csv, description="how text files are written")
    files: dict[str, Annotated[list[str], BeforeValidator(_list)]] = Field(
        default_factory=dict, description="table -> file name, or a list of names or patterns"
    )
    columns: dict[str, dict[str, str]] = Field(
        default_factory=dict, description="table -> our column: the file's own header"
    )
    snapshot: Snapshot | None = Field(None, description="a database behind one of the files")


_NESTED: Mapping[str, type[BaseModel]] = {"csv": Csv, "snapshot": Snapshot, "cleaning_steps": CleaningStep}
PRESETS = ("cleaning_steps", "service_lines", "product_themes", "super_categories", "recommendation_rules")
ADDED_ROWS = tuple(f"{seed}.csv" for seed in (*PRESETS, "product_facts"))  # beside its files, no raw files


@dataclass(frozen=True)
class Declared:
    """A retailer with its folder and form.

    Attributes
    ----------
    key
        Its name in the marts' column ``retailer``, and of its folder.
    folder
        Where its files lie.
    form
        Their shape.
    retailer
        What is declared, defaults filled in.
    """

    key: str
    folder: Path
    form: Form
    retailer: Retailer


def declare(key: str, folder: Path, values: Mapping[str, Any] | None = None) -> Declared:
    """Validate what a shop declares.

    Parameters
    ----------
    key, folder
        See :class:`Declared`.
    values
        Keys and values of its declaration; None reads ``retailer.yml`` in the folder.

    Raises
    ------
    InputError
        Names the file, each wrong key with its value, and what is allowed.
    """
    path = folder / FILE
    values = _read(path) if values is None else values
    form = values.get("form", Retailer.model_fields["form"].default)
    if not isinstance(form, str) or form not in forms():
        raise InputError(f"{path}: form: {form!r} is no form (there are: {', '.join(forms())})")
    if not re.fullmatch(r"[\w-]+", key):
        raise InputError(f"{folder}: a retailer's folder is named with letters, digits, _ and - alone")
    defaults = dict(forms()[form].defaults)
    if key != form:
        defaults.pop("name", None)
    try:
        retailer = Retailer.model_validate(defaults | dict(values) | {"form": form})
    except ValidationError as error:
        raise InputError(f"{path}: {'; '.join(_problems(error))}") from None
    declared = Declared(key, folder, forms()[form], _completed(key, retailer))
    if problems := [*_unknown_names(declared), *_contradictions(retailer)]:
        raise InputError(f"{path}: {'; '.join(problems)}")
    return declared


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of ``retailer.yml``, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | Retailer.model_json_schema()


def _read(path: Path) -> Mapping[str, Any]:
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise InputError(f"{path}: not UTF-8 text") from None
    except yaml.YAMLError as error:
        raise InputError(f"{path}: no YAML: {' '.join(str(error).split())}") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise InputError(f"{path}: has to hold keys and values, such as `currency: EUR`")
    return {str(key): value for key, value in values.items()}


def _completed(key: str, retailer: Retailer) -> Retailer:
    """Fill in what depends on the rest."""
    lines = retailer.columns.get("order_lines")
    has_products = lines is None or {"product_id", "product_name"} & set(lines)
    item_level = retailer.item_level or ("product" if has_products else "none")
    return retailer.model_copy(update={"name": retailer.name or key, "item_level": item_level})


def _problems(error: ValidationError) -> Iterator[str]:
    """Say each problem in a sentence: key, value, what is allowed."""
    seen = set()
    for item in error.errors():
        name, *within = [
            str(part)
            for part in item["loc"]
            if not str(part).startswith(("function-", "list[", "constrained"))
        ]
        if name == "cleaning_steps" and item["type"] == "string_type":
            if isinstance(item["input"], list):
                continue  # they are meant as steps; what is wrong with those is said too
            within = []
        key = ".".join([name, *within])
        if key in seen:
            continue
        seen.add(key)
        model = _NESTED[name] if within and name in _NESTED else Retailer
        if item["type"] == "extra_forbidden":
            yield f"{key}: unknown key{near([name, *within][-1], model.model_fields)}"
        elif item["type"] == "missing":
            yield f"{key} is missing ({model.model_fields[within[-1]].description})"
        else:
            field = Retailer.model_fields.get(name)
            allowed = f" ({field.description})" if field else ""
            yield f"{key}: {item['input']!r}: {item['msg'].removeprefix('Value error, ')}{allowed}"


def _unknown_names(declared: Declared) -> Iterator[str]:
    """Object to tables and columns that the form does not have."""
    for key in ("files", "columns"):
        for table, names in getattr(declared.retailer, key).items():
            if table not in declared.form.tables:
                tables = declared.form.tables
                there = ", ".join(tables)
                yield f"{key}.{table}: no table of the form {declared.form.name} (there are: {there})"
            elif key == "columns":
                known = [column.name for column in declared.form.tables[table].columns]
                for name in names:
                    if name not in known:
                        yield (
                            f"columns.{table}.{name}: no column of {table}{near(name, known)} "
                            f"(there are: {', '.join(known)})"
                        )


def _contradictions(retailer: Retailer) -> Iterator[str]:
    if retailer.subdivision is not None and retailer.country is None:
        yield f"subdivision: {retailer.subdivision!r} needs a country, as in country: DE"
    elif retailer.subdivision is not None:
        known = holidays.list_supported_countries(include_aliases=True).get(retailer.country or "", [])
        if retailer.subdivision not in known:
            yield (
                f"subdivision: {retailer.subdivision!r} is no part of the country {retailer.country} "
                f"(there are: {', '.join(known) or 'none'})"
            )
    steps = retailer.cleaning_steps if isinstance(retailer.cleaning_steps, list) else []
    for number, step in enumerate(steps, 1):
        if (step.rule in _NEEDS_PARAMETER) != (step.parameter is not None):
            needs = "needs a parameter" if step.rule in _NEEDS_PARAMETER else "takes no parameter"
            yield f"cleaning_steps: step {number}: {step.rule} {needs}"
