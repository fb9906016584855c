"""A rule has one home: what a contract, a schema or a dbt test refuses, no quality suite asks again."""

import ast
import json
from importlib import import_module
from pathlib import Path

import pyarrow as pa
import pytest
from sandboxes import ROOT

from palette.quality.expectations import SUITES, Check, load_suite


@pytest.fixture(scope="module")
def manifest(omnichannel) -> dict:
    return json.loads((omnichannel.target / "manifest.json").read_text())


def schema_of(binder: Path) -> pa.Schema:
    """Return the schema that a Python model's table is cast to."""
    tree = ast.parse(binder.read_text("utf-8"))
    returned = next(node.value for node in ast.walk(tree) if isinstance(node, ast.Return))
    name = returned.args[1].id
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    module = next(each.module for each in imports if name in {alias.name for alias in each.names})
    return getattr(import_module(module), name)


def never_null(node: dict) -> set[str]:
    """Return the columns whose contract or schema refuses nulls."""
    if node["language"] == "python":
        return {field.name for field in schema_of(ROOT / node["original_file_path"]) if not field.nullable}
    return {
        name
        for name, column in node["columns"].items()
        if any(constraint["type"] in ("not_null", "primary_key") for constraint in column["constraints"])
    }


def asked_of(manifest: dict, relation: str) -> list[tuple[str, dict]]:
    """Return name and arguments of the generic tests of a model."""
    return [
        (test["test_metadata"]["name"], test["test_metadata"]["kwargs"])
        for test in manifest["nodes"].values()
        if test["resource_type"] == "test"
        and (test.get("attached_node") or "").endswith(f".{relation}")
        and test.get("test_metadata")
    ]


def is_repeated(check: Check, node: dict, tests: list[tuple[str, dict]]) -> bool:
    """Tell whether a check asks what a contract, a schema or a dbt test of the same table refuses."""
    kwargs = check.kwargs
    column = kwargs.get("column")
    own = [(name, asked) for name, asked in tests if asked.get("column_name") == column]
    if kwargs.get("mostly", 1) < 1:
        return False
    match check.type:
        case "expect_column_values_to_not_be_null":
            return column in never_null(node) or any(name == "not_null" for name, _ in own)
        case "expect_column_values_to_be_unique" | "expect_compound_columns_to_be_unique":
            columns = set(kwargs.get("column_list", [column]))
            keys = [asked["columns"] for name, asked in tests if name == "unique_combination"]
            keys += [[asked["column_name"]] for name, asked in tests if name == "unique"]
            return any(columns >= set(key) for key in keys)
        case "expect_column_values_to_be_between":
            least, most = kwargs.get("min_value"), kwargs.get("max_value")
            ranges = [asked["ranges"] for name, asked in tests if name == "within"]
            return not kwargs.get("strict_min") and any(
                (least is None or limits[column][0] >= least) and (most is None or limits[column][1] <= most)
                for limits in ranges
                if column in limits
            )
        case "expect_column_values_to_be_in_set":
            return any(
                name == "accepted_values" and set(asked["values"]) <= set(kwargs["value_set"])
                for name, asked in own
            )
    return False


def repeated(manifest: dict, checks: list[Check]) -> list[str]:
    """Name the checks that ask what is refused elsewhere."""
    models = {node["name"]: node for node in manifest["nodes"].values() if node["resource_type"] == "model"}
    return [
        f"{check.relation}: {check.type}({check.column_name})"
        for check in checks
        if is_repeated(check, models[check.relation], asked_of(manifest, check.relation))
    ]


def test_no_suite_asks_what_is_refused_elsewhere(manifest):
    checks = [check for suite in SUITES for check in load_suite(suite).checks]
    assert len(checks) > 100
    assert repeated(manifest, checks) == []


@pytest.mark.parametrize(
    ("relation", "expectation", "kwargs", "found"),
    [
        # a contract, a schema, a dbt test
        ("customer_rfm", "not_be_null", {"column": "frequency"}, True),
        ("customer_palette", "not_be_null", {"column": "behaviour"}, True),
        ("customer_clusters", "not_be_null", {"column": "silhouette"}, False),
        ("sessions", "not_be_null", {"column": "session_seconds", "mostly": 0.8}, False),
        ("stg_lpoint__order_lines", "not_be_null", {"column": "order_id"}, False),
        ("customer_rfm", "be_between", {"column": "r_score", "min_value": 1, "max_value": 5}, True),
        ("customer_rfm", "be_between", {"column": "r_score", "min_value": 0}, True),
        ("customer_rfm", "be_between", {"column": "r_score", "min_value": 2, "max_value": 5}, False),
        ("customer_rfm", "be_between", {"column": "monetary", "min_value": 0, "strict_min": True}, False),
        ("customer_features", "be_in_set", {"column": "channel_group", "value_set": ["both"]}, False),
    ],
)
def test_repetitions_are_told_from_what_is_asked_once(manifest, relation, expectation, kwargs, found):
    check = Check(relation, f"expect_column_values_to_{expectation}", kwargs, "critical", "why")
    assert bool(repeated(manifest, [check])) is found


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        (["retailer", "customer_id"], True),
        (["retailer", "customer_id", "frequency"], True),
        (["customer_id"], False),
    ],
)
def test_a_key_is_unique_with_whatever_is_added(manifest, columns, found):
    kwargs = {"column_list": columns}
    check = Check("customer_rfm", "expect_compound_columns_to_be_unique", kwargs, "critical", "why")
    assert bool(repeated(manifest, [check])) is found
