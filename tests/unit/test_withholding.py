"""What a failed check is about is taken out, and nothing else."""

import json

import duckdb
import pytest

from palette.withholding import advice, failures, take_out, withheld

NODES = {
    "model.palette.order_lines": ("model", ["palette", "marts", "core", "order_lines"], None),
    "model.palette.recommendations": (
        "model",
        ["palette", "marts", "recommendations", "recommendations"],
        None,
    ),
    "model.palette.quality_results": ("model", ["palette", "marts", "quality", "quality_results"], None),
    "test.palette.unique_lines": ("test", [], "model.palette.order_lines"),
    "test.palette.not_bought": ("test", [], None),
    "test.palette.critical": ("test", [], "model.palette.quality_results"),
    "unit_test.palette.rule": ("unit_test", [], None),
}
NOT_BOUGHT = """
    select 'recommendations' as mart, retailer, customer_id, list_name from main.recommendations
    where customer_id = 'b' and list_name = 'discover'
"""
UNIQUE = "select line, count(*) as copies from main.order_lines group by line having count(*) > 1"
CRITICAL = "select suite, relation, column_name, expectation, unexpected_count from main.quality_results"


@pytest.fixture
def built(tmp_path):
    """A scratch file with three offers, and a function that leaves what dbt says of its checks."""
    scratch = tmp_path / "palette.duckdb"
    with duckdb.connect(str(scratch)) as connection:
        connection.execute("create table order_lines as select 1 as line from range(2)")
        connection.execute("""
            create table recommendations as select * from (values
                ('shop', 'a', 'again'), ('shop', 'b', 'discover'), ('till', 'c', 'discover')
            ) as offer (retailer, customer_id, list_name)
        """)
        connection.execute("""
            create table quality_results as select
                'marts' as suite, 'recommendations' as relation, null::varchar as column_name,
                'expect_table_row_count' as expectation, 7 as unexpected_count
        """)
        connection.execute("""
            create table withheld (
                table_name varchar, retailer varchar, list_name varchar, check_name varchar,
                rows_found bigint, example varchar
            )
        """)
    (tmp_path / "row_counts.json").write_text('{"main.recommendations": 3, "main.withheld": 0}')

    def left(**statuses):
        names = {name.rpartition(".")[2]: name for name in NODES}
        queries = {"unique_lines": UNIQUE, "not_bought": NOT_BOUGHT, "critical": CRITICAL}
        results = [
            {"unique_id": names[name], "status": status, "compiled_code": queries.get(name)}
            for name, status in statuses.items()
        ]
        nodes = {
            key: {
                "name": key.rpartition(".")[2],
                "alias": key.rpartition(".")[2],
                "resource_type": kind,
                "fqn": place,
                "attached_node": attached,
                "schema": "main",
            }
            for key, (kind, place, attached) in NODES.items()
            if kind != "unit_test"
        }
        (tmp_path / "run_results.json").write_text(json.dumps({"results": results}))
        (tmp_path / "manifest.json").write_text(json.dumps({"nodes": nodes}))
        return tmp_path, scratch

    return left


def test_the_rows_of_a_test_say_which_part_is_wrong(built):
    ((found,), _) = failures(*built(recommendations="success", not_bought="fail"))
    assert (found.table, found.part) == ("recommendations", (("retailer", "shop"), ("list_name", "discover")))
    assert found.is_removable
    assert failures(*built(recommendations="success", not_bought="fail"))[1]
    assert not failures(*built(recommendations="error", not_bought="fail"))[1]
    assert str(found) == (
        "recommendations (retailer shop, list_name discover): not_bought found 1 row, "
        "such as retailer = shop, customer_id = b, list_name = discover"
    )


def test_a_table_that_others_stand_on_is_never_taken_out(built):
    ((found,), _) = failures(*built(unique_lines="fail"))
    assert not found.is_removable
    assert "order_lines: unique_lines found 1 row, such as line = 1, copies = 2" in advice([found])
    assert "dbt test --select unique_lines" in advice([found])


def test_an_expectation_is_about_its_relation(built):
    ((found,), _) = failures(*built(critical="fail"))
    assert (found.table, found.part, found.rows) == ("recommendations", (), 7)
    assert found.check == "expect_table_row_count"
    assert found.look == "target/quality/marts.html"


@pytest.mark.parametrize("status", [{"order_lines": "error"}, {"rule": "fail"}, {"not_bought": "error"}])
def test_what_is_no_failed_data_test_is_not_withheld(built, status):
    assert failures(*built(**status)) == ([], False)


def test_without_what_dbt_writes_nothing_is_withheld(built):
    artefacts, scratch = built(not_bought="fail")
    (artefacts / "run_results.json").unlink()
    assert failures(artefacts, scratch) == ([], False)


def test_the_wrong_part_is_taken_out_and_written_down(built):
    artefacts, scratch = built(not_bought="fail")
    counts = artefacts / "row_counts.json"
    take_out(scratch, counts, failures(artefacts, scratch)[0])
    with duckdb.connect(str(scratch)) as connection:
        rows = connection.execute("select retailer, list_name from recommendations order by all").fetchall()
        assert rows == [("shop", "again"), ("till", "discover")]
        assert withheld(connection) == [
            "recommendations (retailer shop, list_name discover): not_bought found 1 row, "
            "such as retailer = shop, customer_id = b, list_name = discover"
        ]
    assert json.loads(counts.read_text()) == {"main.recommendations": 2, "main.withheld": 1}


def test_a_part_that_nothing_tells_apart_is_all_of_the_table(built):
    artefacts, scratch = built(critical="fail")
    counts = artefacts / "row_counts.json"
    take_out(scratch, counts, failures(artefacts, scratch)[0])
    assert json.loads(counts.read_text()) == {"main.recommendations": 0, "main.withheld": 1}
