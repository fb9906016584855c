"""What differs between the engines has its places, and nothing else asks which one it runs on."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SEAM = (
    "macros/engine",
    "src/palette/quality/sources.py",
    "src/palette/engine",
    "src/dbt",
)
ASKS = re.compile(
    r"target\.(type|name)|adapter\.type|PALETTE_ENGINE|pyspark|palette_spark|SparkSession|toArrow|on_spark|\bspark__"
    r"|isinstance\([^)]*DuckDB\w+\)"
)
DUCKDB_ONLY = re.compile(r"\.df\(\)|\.fetchall\(|\bduckdb\b")
# What SQL is easily written with and Spark does not read; what else there is, `make test-spark` finds.
DUCKDB_SQL = re.compile(
    r"(?<![.])\b(unnest|generate_series|varchar|strftime|strptime|date_diff|string_agg|isodow|arg_max|arg_min)\b"
    r"|\bover [a-z_]+ [-+*/]"
)


def read(*folders: str) -> dict[str, str]:
    """Return the text of the project's code by its path, without the seam."""
    files = {
        path.relative_to(ROOT).as_posix(): path
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".sql", ".yml", ".j2")
    }
    return {name: path.read_text("utf-8") for name, path in files.items() if not name.startswith(SEAM)}


def asking(texts: dict[str, str], question: re.Pattern[str]) -> list[str]:
    return [
        f"{name}:{number}: {line.strip()}"
        for name, text in texts.items()
        for number, line in enumerate(text.splitlines(), 1)
        if question.search(line)
    ]


def test_no_other_file_asks_which_engine_runs() -> None:
    texts = read("macros", "models", "python_models", "seeds", "src", "tests/data", "tests/generic")
    assert len(texts) > 200
    assert asking(texts, ASKS) == []


def test_python_models_read_through_the_seam() -> None:
    assert asking(read("python_models"), DUCKDB_ONLY) == []


def test_sql_is_written_for_both_engines() -> None:
    assert asking(read("macros", "models", "tests/data", "tests/generic"), DUCKDB_SQL) == []


@pytest.mark.parametrize(
    "line", ["null::varchar as store", "from unnest(generate_series(1, 9))", "sum(x) over best_first - x"]
)
def test_a_word_of_one_engine_is_found(line: str) -> None:
    assert asking({"file": line}, DUCKDB_SQL) == [f"file:1: {line}"]


@pytest.mark.parametrize(
    "line",
    [
        "{% if target.type == 'duckdb' %}",
        "if isinstance(session, DuckDBPyConnection):",
        "import pyspark",
        "os.environ['PALETTE_ENGINE']",
        "{% macro spark__byte_order(text) %}",
    ],
)
def test_a_question_is_found(line: str) -> None:
    assert asking({"file": f"\n{line}"}, ASKS) == [f"file:2: {line}"]
