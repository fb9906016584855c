"""The adapter on a project of a few rows: it starts Spark once, in this process."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from textwrap import dedent
from typing import Any

import duckdb
import pytest

pytest.importorskip("sparks", exc_type=ImportError)

from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt_common.exceptions import DbtConfigError

from dbt.adapters.palette_spark import PaletteSparkCredentials
from dbt.adapters.palette_spark.connections import literal
from dbt.adapters.palette_spark.session import session_of, stop

pytestmark = pytest.mark.slow

WORDS = [
    (1, "it's", "0.1", "2024-02-29"),
    (2, "back\\slash \\' \\n \\u0041", None, None),
    (3, 'two\nlines, "quoted"', "123456789012345678.25", "1969-12-31"),
    (4, "100 % of ${HOME} and {{ this }}", "-1", "0001-01-01"),
    (9007199254740993, None, "0", "9999-12-31"),
    (6, "''", "1e3", "2024-01-01"),
]
DATEADDS = [  # part, interval, from, expected
    ("day", "1", "date '2024-02-28'", datetime(2024, 2, 29)),
    ("day", "-28", "timestamp_ntz '2024-03-01 10:20:30.123456'", datetime(2024, 2, 2, 10, 20, 30, 123456)),
    ("minute", "60 * 2 + 30 * 1", "timestamp_ntz '2024-03-31 01:30:00'", datetime(2024, 3, 31, 4)),
    ("day", "1 + 1", "date '2024-02-28'", datetime(2024, 3, 1)),
    ("week", "1 + 1", "date '2024-02-28'", datetime(2024, 3, 13)),
    ("month", "1", "date '2024-01-31'", datetime(2024, 2, 29)),
    ("month", "-1", "date '2024-03-31'", datetime(2024, 2, 29)),
    ("quarter", "2", "date '2023-08-31'", datetime(2024, 2, 29)),
    ("year", "1", "timestamp_ntz '2024-02-29 23:59:59'", datetime(2025, 2, 28, 23, 59, 59)),
    ("hour", "cast(25 as bigint)", "date '2024-12-31'", datetime(2025, 1, 1, 1)),
    ("second", "-1", "timestamp_ntz '2024-01-01 00:00:00'", datetime(2023, 12, 31, 23, 59, 59)),
    ("millisecond", "1500", "timestamp_ntz '2024-01-01 00:00:00'", datetime(2024, 1, 1, 0, 0, 1, 500000)),
    ("microsecond", "7", "timestamp_ntz '2024-01-01 00:00:00'", datetime(2024, 1, 1, 0, 0, 0, 7)),
    ("day", "null", "date '2024-02-28'", None),
    ("day", "1", "cast(null as date)", None),
]
DATEDIFFS = [  # part, first, second, expected
    ("day", "2024-02-28 23:59:59", "2024-03-01 00:00:00", 2),
    ("day", "2024-03-01 00:00:00", "2024-02-28 23:59:59", -2),
    ("day", "2024-03-01 00:00:00", "2024-03-01 23:59:59.999999", 0),
    ("week", "2024-03-02 23:59:59", "2024-03-03 00:00:00", 1),  # a Saturday and a Sunday
    ("week", "2024-03-03 00:00:00", "2024-03-09 23:59:59", 0),
    ("week", "2024-03-03 00:00:00", "2024-03-02 23:59:59", -1),
    ("week", "2024-02-29 00:00:00", "2024-03-14 00:00:00", 2),
    ("month", "2024-01-31 00:00:00", "2024-02-01 00:00:00", 1),
    ("month", "2024-03-31 00:00:00", "2024-04-30 00:00:00", 1),
    ("month", "2024-02-01 00:00:00", "2024-02-29 23:00:00", 0),
    ("quarter", "2023-12-31 23:59:59", "2024-01-01 00:00:00", 1),
    ("quarter", "2024-01-01 00:00:00", "2023-12-31 23:59:59", -1),
    ("year", "2023-12-31 23:59:59", "2024-01-01 00:00:00", 1),
    ("year", "2023-01-01 00:00:00", "2023-12-31 23:59:59", 0),
    ("hour", "2024-03-31 01:59:59", "2024-03-31 03:00:00", 2),  # no hour is left out in UTC
    ("minute", "2024-01-01 00:00:59.999", "2024-01-01 00:01:00", 1),
    ("second", "2024-01-01 00:00:00.999999", "2024-01-01 00:00:01", 1),
    ("second", "2024-01-01 00:00:00.000001", "2024-01-01 00:00:00.999999", 0),
    ("millisecond", "2024-01-01 00:00:00.001999", "2024-01-01 00:00:00.002", 1),
    ("microsecond", "2024-01-01 00:00:00", "2024-01-01 00:00:01", 1_000_000),
]
FILES = {
    "dbt_project.yml": """
        name: tiny
        version: "1.0"
        profile: tiny
        flags: {send_anonymous_usage_stats: false}
        on-run-start: "{% if var('hook', none) %} {{ var('hook') }} {% endif %}"
        """,
    "profiles.yml": """
        tiny:
          outputs:
            tiny:
              type: palette_spark
              schema: tiny
              master: local[2]
              warehouse: "{{ env_var('TINY_WAREHOUSE') }}"
              threads: 4
              spark_conf: {spark.driver.memory: 1g, spark.sql.shuffle.partitions: 2}
          target: tiny
        """,
    "macros/ask.sql": """
        {% macro ask(function, argument) %}
            {% do log("answer: " ~ adapter.call(function, argument), info=true) %}
        {% endmacro %}
        """,
    "models/words_kept.sql": """
        select id, word, amount, on_day, cast(on_day as timestamp) as at from {{ ref('words') }}
        """,
    "models/lengths.sql": """
        select word, length(word) as letters, word rlike '^it' as begins from {{ ref('words_kept') }}
        """,
    "models/dates.sql": """
        {% for part, interval, start, expected in var('dateadds') %}
            select {{ loop.index0 }} as number, {{ dbt.dateadd(part, interval, start) }} as result
            {{ 'union all' if not loop.last }}
        {% endfor %}
        """,
    "models/spans.sql": """
        {% for part, first, second, expected in var('datediffs') %}
            {% set first, second = "timestamp_ntz '" ~ first ~ "'", "timestamp_ntz '" ~ second ~ "'" %}
            select
                {{ loop.index0 }} as number,
                {{ dbt.datediff(first, second, part) }} as result,
                {{ dbt.date_trunc(part, first) }} as beginning
            {{ 'union all' if not loop.last }}
        {% endfor %}
        """,
    "models/nothing_missing.sql": "select id, word from {{ ref('words') }} where word is not null",
    "models/missing.sql": "select id, word from {{ ref('words') }}",
    "models/after_missing.sql": "select * from {{ ref('missing') }}",
    "models/narrower.sql": "select cast(id as int) as id from {{ ref('words') }} where id < 10",
    "models/bad_cast.sql": "select cast(word as int) as number from {{ ref('words') }}",
    "models/bad_cast_view.sql": "{{ config(materialized='view') }}\n"
    "select cast(word as int) as number from {{ ref('words') }}",
    "models/overflow.sql": "select cast(2147483647 as int) + cast(id as int) as number "
    "from {{ ref('words') }} where id = 1",
    "models/from_pandas.py": """
        def model(dbt, session):
            words = dbt.ref("words").toPandas()
            words["share"] = words["word"].str.len() / 2
            return words[["id", "word", "share", "on_day"]]
        """,
    "models/from_spark.py": """
        from pyspark.sql.functions import udf

        @udf("bigint")
        def vowels(text):
            return None if text is None else sum(letter in "aeiou" for letter in text)

        def model(dbt, session):
            words = dbt.ref("words")
            return words.select("id", vowels("word").alias("vowels"))
        """,
    "models/from_arrow.py": """
        from datetime import datetime

        import pyarrow as pa

        def model(dbt, session):
            times = [datetime(2024, 3, 31, 2, 30), None]
            return pa.table({"at": pa.array(times, pa.timestamp("us")), "share": [0.1, None]})
        """,
    "models/from_reader.py": """
        import pyarrow as pa

        SCHEMA = pa.schema([("number", pa.int64())])

        def batches():
            for number in range(3):
                yield pa.record_batch([pa.array([number, number])], schema=SCHEMA)

        def model(dbt, session):
            return pa.RecordBatchReader.from_batches(SCHEMA, batches())
        """,
    "models/failing_reader.py": """
        import pyarrow as pa

        SCHEMA = pa.schema([("number", pa.int64())])

        def batches():
            yield pa.record_batch([pa.array([1])], schema=SCHEMA)
            raise ValueError("no second batch")

        def model(dbt, session):
            return pa.RecordBatchReader.from_batches(SCHEMA, batches())
        """,
    "models/failing.py": """
        def model(dbt, session):
            words = dbt.ref("words")
            if words.count():
                raise ValueError("no such word")
            return words
        """,
    "models/no_frame.py": """
        def model(dbt, session):
            number = 7
            return number
        """,
    "models/models.yml": """
        models:
          - name: nothing_missing
            config: {materialized: table, contract: {enforced: true}}
            columns: &columns
              - {name: id, data_type: bigint, constraints: [{type: not_null}]}
              - {name: word, data_type: string, constraints: [{type: not_null}]}
          - name: missing
            config: {materialized: table, contract: {enforced: true}}
            columns: *columns
          - name: narrower
            config: {materialized: table, contract: {enforced: true}}
            columns: [{name: id, data_type: bigint}]
          - name: after_missing
            config: {materialized: table}
          - {name: words_kept, config: {materialized: table}}
          - {name: dates, config: {materialized: table}}
          - {name: spans, config: {materialized: table}}
          - {name: bad_cast, config: {materialized: table}}
          - {name: overflow, config: {materialized: table}}
        unit_tests:
          - name: letters_are_counted
            model: lengths
            given:
              - input: ref('words_kept')
                rows: [{word: "it's"}, {word: 'a\\b'}, {word: null}]
            expect:
              rows:
                - {word: "it's", letters: 4, begins: true}
                - {word: 'a\\b', letters: 3, begins: false}
                - {word: null, letters: null, begins: null}
          - name: letters_are_counted_wrongly
            model: lengths
            given: [{input: ref('words_kept'), rows: [{word: "it's"}]}]
            expect: {rows: [{letters: 5}]}
        """,
    "seeds/seeds.yml": """
        seeds:
          - name: words
            config: {column_types: {amount: "decimal(20,2)"}}
          - &never_null
            name: whole
            config: {column_types: {id: int NOT NULL, word: string not null}}
          - <<: *never_null
            name: hollow
        """,
    "seeds/whole.csv": "id,word\n1,it's\n",
    "seeds/hollow.csv": "id,word\n1,a\n2,\n",
}


class Project:
    """A folder with the files above."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.warehouse = str(folder / "warehouse")
        for name, text in FILES.items():
            file = folder / name
            file.parent.mkdir(exist_ok=True)
            file.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
        rows = [
            ",".join(cell(value) for value in row) for row in [("id", "word", "amount", "on_day"), *WORDS]
        ]
        (folder / "seeds" / "words.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
        self.printed: list[str] = []

    def dbt(self, command: str, *arguments: str, **variables: object) -> dbtRunnerResult:
        given = {"dateadds": DATEADDS, "datediffs": DATEDIFFS} | variables
        folder = str(self.folder)
        return dbtRunner(callbacks=[lambda event: self.printed.append(event.info.msg)]).invoke(
            [
                *(command, *arguments),
                *(
                    "--project-dir",
                    folder,
                    "--profiles-dir",
                    folder,
                    "--vars",
                    json.dumps(given, default=str),
                ),
            ]
        )

    def run(self, command: str, *names: str) -> dict[str, tuple[str, str]]:
        """Run some nodes; returns status and message of each."""
        done = self.dbt(command, "--select", *names)
        if done.exception:
            raise done.exception
        nodes = done.result
        return {
            node.node.name: (str(node.status), node.message or "")
            for node in nodes
            if node.node.resource_type != "operation"
        }

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in session_of(self.credentials).sql(query).collect()]

    @property
    def credentials(self) -> PaletteSparkCredentials:
        return PaletteSparkCredentials(
            schema="tiny",
            master="local[2]",
            warehouse=self.warehouse,
            spark_conf={"spark.driver.memory": "1g", "spark.sql.shuffle.partitions": 2},
        )


def cell(value: object) -> str:
    return "" if value is None else '"' + str(value).replace('"', '""') + '"'


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    tiny = Project(tmp_path_factory.mktemp("a folder with blanks"))
    models = ("words_kept", "nothing_missing", "dates", "spans", "from_pandas")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TINY_WAREHOUSE", tiny.warehouse)
        found = tiny.run("build", "words", *models)
        assert found == {"words": ("success", "INSERT 6"), **dict.fromkeys(models, ("success", "OK"))}
        yield tiny
        stop()


def test_cells_of_seeds_arrive_as_they_are(project: Project) -> None:
    rows = project.rows("select id, word, cast(amount as string), cast(on_day as string) from tiny.words")
    amounts = {1: "0.10", 3: "123456789012345678.25", 4: "-1.00", 9007199254740993: "0.00", 6: "1000.00"}
    assert sorted(rows, key=str) == sorted(
        [(number, word, amounts.get(number), day) for number, word, _, day in WORDS], key=str
    )


def test_timestamps_have_no_time_zone(project: Project) -> None:
    ((kind,),) = project.rows("select distinct typeof(at) from tiny.words_kept")
    assert kind == "timestamp_ntz"


def test_everything_is_in_the_warehouses_folder(project: Project) -> None:
    found = {path.name for path in (project.folder / "warehouse").iterdir()}
    assert found >= {"tiny.db", "metastore_db", "derby.log"}
    assert not [path for path in project.folder.iterdir() if path.name in ("metastore_db", "derby.log")]
    assert list((project.folder / "warehouse" / "tiny.db" / "words_kept").glob("*.parquet"))


def test_a_second_process_is_told_that_the_folder_is_taken(project: Project) -> None:
    code = (
        "from dbt.adapters.palette_spark import PaletteSparkCredentials\n"
        "from dbt.adapters.palette_spark.session import session_of\n"
        f"session_of(PaletteSparkCredentials(schema='tiny', warehouse={project.warehouse!r}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "another process has this warehouse open" in done.stderr


def test_dateadd(project: Project) -> None:
    results = dict(project.rows("select number, result from tiny.dates"))
    assert [results[number] for number in range(len(DATEADDS))] == [case[-1] for case in DATEADDS]


def test_datediff_counts_boundaries_as_duckdb_does(project: Project) -> None:
    results = dict(project.rows("select number, result from tiny.spans"))
    assert [results[number] for number in range(len(DATEDIFFS))] == [case[-1] for case in DATEDIFFS]
    for part, first, second, expected in DATEDIFFS:
        if part == "week":
            continue  # DuckDB counts seven days each, dbt the Sundays
        sql = f"select date_diff('{part}', timestamp '{first}', timestamp '{second}')"
        assert duckdb.execute(sql).fetchone() == (expected,)


def test_date_trunc_gives_what_it_is_given(project: Project) -> None:
    results = dict(project.rows("select number, beginning from tiny.spans"))
    for number, (part, first, _, _) in enumerate(DATEDIFFS):
        assert duckdb.execute(f"select date_trunc('{part}', timestamp '{first}')").fetchone() == (
            results[number],
        )


def test_a_missing_value_stops_a_model_and_leaves_no_table(project: Project) -> None:
    found = project.run("run", "missing", "after_missing")
    status, message = found["missing"]
    assert status == "error"
    assert "NOT NULL constraint failed: missing.word (1 of 6 rows)" in message
    assert found["after_missing"][0] == "skipped"
    assert not project.rows("show tables in tiny like 'missing'")


def test_a_type_that_differs_from_the_contract_stops_a_model(project: Project) -> None:
    status, message = project.run("run", "narrower")["narrower"]
    assert status == "error"
    assert "contract" in message


@pytest.mark.parametrize(
    ("model", "words"), [("bad_cast", "CAST_INVALID_INPUT"), ("overflow", "ARITHMETIC_OVERFLOW")]
)
def test_what_cannot_be_computed_stops_a_model(project: Project, model: str, words: str) -> None:
    for _ in range(2):  # the first leaves nothing that hinders the second
        status, message = project.run("run", model)[model]
        assert status == "error"
        assert words in message
        assert "\tat " not in message
    assert not project.rows(f"show tables in tiny like '{model}'")


def test_a_query_without_result_is_computed_all_the_same(project: Project) -> None:
    found = project.dbt("run", "--select", "words_kept", hook="select cast('x' as int)")
    assert not found.success
    assert "CAST_INVALID_INPUT" in str(found.result.results if found.result else found.exception)


def test_python_models(project: Project) -> None:
    assert project.run("run", "from_spark", "from_arrow") == {
        "from_spark": ("success", "OK"),
        "from_arrow": ("success", "OK"),
    }
    assert project.rows("select share, on_day from tiny.from_pandas where id = 1") == [
        (2.0, date(2024, 2, 29))
    ]
    assert project.rows("select word, share from tiny.from_pandas where word is null") == [(None, None)]
    assert project.rows("select vowels from tiny.from_spark where id in (1, 5) order by id") == [(1,)]
    assert project.rows("select at, share, typeof(at) from tiny.from_arrow order by at desc nulls last") == [
        (datetime(2024, 3, 31, 2, 30), 0.1, "timestamp_ntz"),
        (None, None, "timestamp_ntz"),
    ]


def test_a_reader_is_written_piece_by_piece(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dbt.adapters.palette_spark.impl.PIECE", 3)
    found = project.run("run", "from_reader", "failing_reader")
    assert found["from_reader"] == ("success", "OK")
    numbers = project.rows("select number from tiny.from_reader order by number")
    assert numbers == [(0,), (0,), (1,), (1,), (2,), (2,)]
    assert "no second batch" in found["failing_reader"][1]
    assert not project.rows("show tables in tiny like 'failing_reader'")


def test_a_seed_whose_type_says_not_null_refuses_an_empty_cell(project: Project) -> None:
    found = project.run("seed", "whole", "hollow")
    assert found["whole"] == ("success", "INSERT 1")
    assert project.rows("select * from tiny.whole") == [(1, "it's")]
    assert found["hollow"][0] == "error"
    assert "NOT NULL constraint failed: hollow.word (1 of 2 rows)" in found["hollow"][1]


def test_a_failing_python_model_says_where(project: Project) -> None:
    found = project.run("run", "failing", "no_frame")
    assert found["failing"][0] == "error"
    assert 'raise ValueError("no such word")' in found["failing"][1]
    assert "a model returns a data frame, not int" in found["no_frame"][1]


def test_unit_tests(project: Project) -> None:
    project.run("run", "lengths")
    found = project.run("test", "lengths")
    assert found["letters_are_counted"][0] == "pass"
    assert found["letters_are_counted_wrongly"][0] == "fail"


def test_a_macro_calls_python(project: Project) -> None:
    def ask(function: str) -> dbtRunnerResult:
        arguments = json.dumps({"function": function, "argument": "x'y"})
        return project.dbt("run-operation", "ask", "--args", arguments)

    assert ask("builtins.len").success
    assert "answer: 3" in project.printed
    assert not ask("builtins.int").success


def test_rows_are_shown(project: Project) -> None:
    shown = project.dbt("show", "--inline", "select id from {{ ref('words') }} order by id", "--limit", "2")
    assert [row[0] for row in shown.result.results[0].agate_table.rows] == [1, 2]


def test_the_catalog_has_every_column(project: Project) -> None:
    found = project.dbt("docs", "generate").result
    assert list(found.nodes["model.tiny.words_kept"].columns) == ["id", "word", "amount", "on_day", "at"]


@pytest.mark.parametrize(
    ("profile", "words"),
    [
        ({"spark_conf": {"spark.sql.ansi.enabled": False}}, "spark.sql.ansi.enabled is always true"),
        ({"master": "sc://here:15002", "warehouse": "x"}, "has its own warehouse"),
        ({"warehouse": "s3a://bucket/tables"}, "set `metastore`"),
    ],
)
def test_a_profile_that_cannot_be_is_refused(profile: dict[str, Any], words: str) -> None:
    with pytest.raises(DbtConfigError, match=words):
        PaletteSparkCredentials(schema="tiny", **profile)


@pytest.mark.parametrize("value", ["it's", "a\\", "\\'", "two\nlines", "${x} %s", 1.5, None])
def test_a_literal_reads_as_what_it_was(project: Project, value: object) -> None:
    ((read,),) = project.rows(f"select {literal(value)}")
    assert read == (None if value is None else str(value))
