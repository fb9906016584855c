"""The macros of `macros/engine` give on Spark what they give on DuckDB, of values that engines differ on."""

import random
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pyarrow as pa
import pytest
from jinja2 import Environment

pytest.importorskip("sparks", exc_type=ImportError)

from dbt.adapters.palette_spark.session import stop
from sparks import session_on

MACROS = Path(__file__).parents[2] / "macros"
CASES = {
    **{
        f"quantile {share}": f"{{{{ quantile('x', {share}) }}}} as result from numbers group by g order by g"
        for share in (0.05, 0.1, 0.25, 1 / 3, 0.5, 0.75, 0.9, 1)
    },
    "quantile of nothing": "{{ quantile('nullif(x, x)', 0.5) }} as result from numbers",
    "iso_weekday": "{{ iso_weekday('day') }} as result from days order by day",
    "text_list": "{{ text_list('x', byte_order('x')) }} as result from texts",
    "text_list of nothing": "{{ text_list('nullif(x, x)', 'x') }} as result from texts",
    "byte_order": "x as result from texts order by {{ byte_order('x') }}",
    "single_spaced": "{{ single_spaced('x') }} as result from texts order by number",
    "remove_pattern": r"{{ remove_pattern('x', '[ ,]+') }} as result from texts order by number",
    "json_object of texts": "{{ json_object({'x': 'x', 'letters': 'length(x)', 'none': 'nullif(x, x)'}) }} "
    "as result from texts order by number",
    "json_object of numbers": "{{ json_object({'x': 'x', 'g': 'g'}) }} as result from numbers order by g, x",
    "json_objects": """{{ json_object({'list': json_objects([
        {'when': 'x > 50', 'fields': {'x': 'x', 'g': 'g'}}, {'when': 'g = 3', 'fields': {'x': '-x', 'g': '7'}}
    ])}) }} as result from numbers order by g, x""",
    **{
        f"rounded to {digits}": f"{{{{ rounded('share', {digits}) }}}} as result from shares order by number"
        for digits in (1, 4, 6, 9)
    },
    **{
        f"as_decimal({arguments})": f"{{{{ as_decimal({arguments}) }}}} as result from shares order by number"
        for arguments in ("'share', 18, 4", "'share', 28, 9", "'whole', 28, 9", "'exact', 28, 9")
    },
    "line_amount": "{{ line_amount('quantity', 'price') }} as result from lines order by number",
}
Query = Callable[[str], pa.Table]


def tables() -> dict[str, pa.Table]:
    draw = random.Random(0)
    numbers = [
        (g, draw.choice((float(draw.randint(0, 300)), draw.random() * 10 ** draw.randint(-8, 14))))
        for g in range(20)
        for _ in range(2 * g + 1)
    ]
    texts = [
        "",
        " a ",
        "a  b",
        "a\tb\u00a0\u2003c",
        "Ä",
        "Z",
        "a",
        "ß",
        "가나",
        "\U0001f600",
        "\uffee",
        "\x1c x",
    ]
    texts += ["it's", 'say "x"', "c:\\d", "1,5, 2", "line\nline"]
    days = [date(2024, month, day) for month in (1, 2, 12) for day in range(1, 30)]
    lines = [
        ("2", "1.55"),
        ("0.3333", "0.0003"),
        ("-3", "0.5"),
        ("99999999.5", "12345.6789"),
        ("0.5", "0.0001"),
    ]
    money = pa.decimal128(18, 4)
    shares = [
        draw.randint(-9999, 99999) / draw.choice((100, 1000)) / draw.randint(1, 64) for _ in range(20_000)
    ]
    shares += [1 / 1024, 5e-5, 0.00015, 0.78875, 12345678901234.678, -2.5e13, 0.05, 0.25, 0.45]
    return {
        "numbers": pa.table({"g": [g for g, _ in numbers], "x": [x for _, x in numbers]}),
        "texts": pa.table({"number": range(len(texts)), "x": texts}),
        "shares": pa.table(
            {
                "number": range(len(shares)),
                "share": shares,
                "whole": [int(share) for share in shares],
                "exact": pa.array([Decimal(int(share)) / 8 for share in shares], pa.decimal128(38, 3)),
            }
        ),
        "days": pa.table({"day": days}),
        "lines": pa.table(
            {
                "number": range(len(lines)),
                "quantity": pa.array([Decimal(quantity) for quantity, _ in lines], money),
                "price": pa.array([Decimal(price) for _, price in lines], money),
            }
        ),
    }


def rendered(sql: str, engine: str) -> str:
    """Fill in the macros as dbt does: those of an engine go before those of all."""
    sources = [*(MACROS / "engine").glob("*.sql"), MACROS / "core/numeric_type.sql"]

    def dispatch(name: str, _package: str) -> Callable[..., str]:
        return found.get(f"{engine}__{name}") or found[f"default__{name}"]

    environment = Environment(extensions=["jinja2.ext.do"])
    environment.globals |= {
        "adapter": SimpleNamespace(dispatch=dispatch),
        "dbt": SimpleNamespace(type_string=lambda: "string"),
        "return": lambda result: result,
    }
    template = environment.from_string("\n".join(source.read_text("utf-8") for source in sources))
    found = vars(template.module)
    return "select " + environment.from_string(sql).render(**found)


@pytest.fixture(scope="module")
def on_duckdb() -> Iterator[Query]:
    with duckdb.connect() as connection:
        for name, table in tables().items():
            connection.register(name, table)
        yield lambda sql: connection.execute(rendered(sql, "duckdb")).to_arrow_table()


@pytest.fixture(scope="module")
def on_spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Query]:
    session = session_on(tmp_path_factory.mktemp("warehouse"), "local[1]")
    for name, table in tables().items():
        session.createDataFrame(table).createOrReplaceTempView(name)
    yield lambda sql: session.sql(rendered(sql, "spark")).toArrow()
    stop()


@pytest.mark.parametrize("sql", CASES.values(), ids=CASES)
def test_a_macro_means_the_same(sql: str, on_duckdb: Query, on_spark: Query) -> None:
    here, there = on_duckdb(sql), on_spark(sql)
    assert here.schema.types == there.schema.types
    assert here.column("result").to_pylist() == there.column("result").to_pylist()


def test_every_macro_of_a_value_is_compared() -> None:
    written = "".join(source.read_text("utf-8") for source in (MACROS / "engine").glob("*dialect.sql"))
    spoken = {
        line.split("default__")[1].split("(")[0] for line in written.splitlines() if "macro default__" in line
    }
    compared = "".join(CASES.values())
    assert {name for name in spoken if name not in compared} == {"inlined", "fingerprint"}  # give no value
