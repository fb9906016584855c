"""Python models are binders, and each returns a table of a declared schema."""

import ast
from importlib import import_module
from pathlib import Path

import pyarrow as pa
import pytest

from palette.core.tables import empty, typed

ROOT = Path(__file__).parents[2]
BINDERS = sorted((ROOT / "python_models").rglob("*.py"))
LINES = 40

GOOD = '''"""Binds it."""

from palette.core.calendar import SCHEMA, calendar
from palette.core.tables import typed


def model(dbt, session):
    return typed(calendar(dbt.ref("spans").df()), SCHEMA)
'''


def schemas(source: str) -> list[tuple[str, str]]:
    """Module and name of every schema that a binder imports from the package."""
    return [
        (node.module, alias.name)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "palette"
        for alias in node.names
        if alias.name.endswith("SCHEMA")
    ]


def faults(source: str) -> list[str]:
    """What keeps a file from being a binder."""
    tree = ast.parse(source)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    last = tree.body[-1].body[-1] if functions and tree.body[-1] is functions[-1] else None
    match last:
        case ast.Return(
            value=ast.Call(func=ast.Name("typed" | "streamed" | "spread"), args=[*_, ast.Name(schema)])
        ):
            returned = schema
        case _:
            returned = None
    found = {
        "has no docstring": not ast.get_docstring(tree),
        f"is longer than {LINES} lines": len(source.splitlines()) > LINES,
        "is not one function, model": [function.name for function in functions] != ["model"],
        "uses a lambda": any(isinstance(node, ast.Lambda) for node in ast.walk(tree)),
        "does not end with return typed, streamed or spread(..., SCHEMA)": returned
        not in {name for _, name in schemas(source)},
    }
    return [fault for fault, present in found.items() if present]


def test_binders_are_found():
    assert len(BINDERS) >= 4


@pytest.mark.parametrize("path", BINDERS, ids=lambda path: path.stem)
def test_python_model_is_a_binder(path: Path):
    assert faults(path.read_text("utf-8")) == []


@pytest.mark.parametrize("path", BINDERS, ids=lambda path: path.stem)
def test_schema_of_a_python_model_can_be_empty(path: Path):
    declared = schemas(path.read_text("utf-8"))
    assert declared
    for module, name in declared:
        schema = getattr(import_module(module), name)
        assert isinstance(schema, pa.Schema)
        assert typed(empty(schema), schema).equals(schema.empty_table())


def test_good_binder_has_no_fault():
    assert faults(GOOD) == []
    assert schemas(GOOD) == [("palette.core.calendar", "SCHEMA")]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('"""Binds it."""', "", "has no docstring"),
        ("\n\n\ndef", "\n" * LINES + "def", "is longer than 40 lines"),
        ("    return", "    def helper(): ...\n\n    return", "is not one function, model"),
        ("def model", "def helper(): ...\n\n\ndef model", "is not one function, model"),
        ("def model", "def fit", "is not one function, model"),
        ("    return", "    last = lambda rows: rows\n    return", "uses a lambda"),
        (
            "typed(calendar(",
            "(calendar(",
            "does not end with return typed, streamed or spread(..., SCHEMA)",
        ),
        ("SCHEMA)\n", "OTHER)\n", "does not end with return typed, streamed or spread(..., SCHEMA)"),
    ],
)
def test_broken_binder_is_caught(old: str, new: str, fault: str):
    broken = GOOD.replace(old, new)
    assert broken != GOOD
    assert fault in faults(broken)
