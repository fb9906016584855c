"""Each gate is seen to close: the build goes red, says why, and the earlier warehouse is as it was."""

import re
import shutil

import duckdb
import pytest

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
LINE = "536365,85123A,MUG,{quantity},{date},{price},17850,United Kingdom\n"
GOOD = HEADER + LINE.format(quantity=6, date="12/1/2010 8:26", price="2.55")
# Where what is learned does not matter.
QUICKLY = ("--vars", "{palette_backtest: false, recommendation_models: popularity}")


def with_files(sandbox, **contents):
    """The sandbox with these files and a declaration as its whole input; `__` in a name stands for a dot."""
    folder = sandbox.folder / "input"
    folder.mkdir()
    (folder / "retailer.yml").write_text("form: online_retail\n")
    for name, content in contents.items():
        (folder / name.replace("__", ".")).write_bytes(content.encode())
    return type(sandbox)(sandbox.folder, folder, sandbox.project)


@pytest.fixture
def earlier(demo, sandbox):
    """An earlier warehouse, to be left alone to the last byte."""
    sandbox.warehouse.write_bytes(demo.warehouse.read_bytes())
    return sandbox.warehouse.read_bytes()


BROKEN_FILES = {
    "an empty file": ({"x__csv": ""}, ["x.csv", "empty"]),
    "a header and nothing else": ({"x__csv": HEADER}, ["x.csv", "no rows"]),
    "a missing column": ({"x__csv": GOOD.replace("Quantity,", "Units,")}, ["x.csv", "Quantity", "Units"]),
    "a date that is none": (
        {"x__csv": GOOD + LINE.format(quantity=6, date="31/31/2010 8:26", price="2.55")},
        ["x.csv", "row 2", "InvoiceDate", "31/31/2010 8:26"],
    ),
    "a number that is none": (
        {"x__csv": GOOD + LINE.format(quantity="six", date="12/1/2010 8:26", price="2.55")},
        ["x.csv", "row 2", "Quantity", "six"],
    ),
    "a price that is missing": (
        {"x__csv": GOOD + LINE.format(quantity=6, date="12/1/2010 8:26", price="")},
        ["x.csv", "row 2", "UnitPrice"],
    ),
    "a file that is not what it says": ({"x__parquet": "not parquet"}, ["x.parquet"]),
    "a workbook that is none": ({"x__xlsx": "PK"}, ["x.xlsx", "cannot be read"]),
    "a copy": ({"x__csv": GOOD, "y__csv": GOOD}, ["y.csv", "a copy of x.csv"]),
    "no file": ({}, ["no file of online_retail.invoice_lines", "retailer.yml"]),
    "a declaration that is none": (
        {"x__csv": GOOD, "retailer__yml": "form: online_retail\ncurency: GBP\n"},
        ["retailer.yml", "curency", "did you mean 'currency'"],
    ),
    "a declared column that is not there": (
        {
            "x__csv": GOOD,
            "retailer__yml": "form: online_retail\ncolumns: {invoice_lines: {quantity: Units}}\n",
        },
        ["x.csv", "no column 'Units'", "quantity", "Quantity"],
    ),
    "a set of steps that is none": (
        {"x__csv": GOOD, "retailer__yml": "form: online_retail\ncleaning_steps: standrad\n"},
        ["retailer.yml", "cleaning_steps", "standrad", "standard"],
    ),
    "a row for a seed that is wrong": (
        {"x__csv": GOOD, "product_facts__csv": "product_id,stock,margin\n85123A,many,0.5\n"},
        ["product_facts.csv", "line 2", "column stock", "many"],
    ),
    "a rule for a list that is wrong": (
        {"x__csv": GOOD, "recommendation_rules__csv": "list_name,rule,value\nnxt,least_stock,1\n"},
        ["recommendation_rules.csv", "line 2", "nxt", "did you mean 'next'"],
    ),
}


@pytest.mark.parametrize("case", BROKEN_FILES)
def test_a_broken_input_stops_the_build_before_anything_is_written(sandbox, earlier, case):
    files, words = BROKEN_FILES[case]
    run = with_files(sandbox, **files).dbt("build")
    assert run.code != 0
    for word in words:
        assert word in run.output
    assert "Traceback" not in run.output
    assert sandbox.warehouse.read_bytes() == earlier


def test_files_of_no_known_form_stop_the_build(sandbox, earlier):
    strange = with_files(sandbox, x__csv="Datum;Summe\n31.01.2025;3\n")
    (strange.data / "retailer.yml").unlink()
    run = strange.dbt("build")
    assert run.code != 0
    for word in (str(strange.data), "fit none of the forms", "palette add"):
        assert word in run.output
    assert sandbox.warehouse.read_bytes() == earlier


def test_a_broken_input_stops_the_command_as_well(sandbox, earlier):
    files, words = BROKEN_FILES["a number that is none"]
    run = with_files(sandbox, **files).run("palette", "build")
    assert run.code != 0
    for word in (*words, f"{sandbox.warehouse} is as it was"):
        assert word in run.output
    assert "Traceback" not in run.output
    assert sandbox.warehouse.read_bytes() == earlier


def test_a_missing_folder_stops_the_build(sandbox, earlier):
    nowhere = type(sandbox)(sandbox.folder, sandbox.folder / "nowhere")
    run = nowhere.dbt("build")
    assert run.code != 0
    assert "nowhere" in run.output
    assert sandbox.warehouse.read_bytes() == earlier


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ("{rfm_clusters: 40}", ["rfm_clusters", "40", "2 to 10"]),
        ("{as_of_date: yesterday}", ["as_of_date", "yesterday", "YYYY-MM-DD"]),
        ("{basket_min_suport: 0.1}", ["basket_min_suport", "did you mean 'basket_min_support'"]),
    ],
)
def test_a_wrong_setting_stops_the_build(sandbox, earlier, variables, words):
    run = sandbox.dbt("build", "--vars", variables)
    assert run.code != 0
    for word in words:
        assert word in run.output
    assert sandbox.warehouse.read_bytes() == earlier


def test_an_unknown_retailer_stops_the_build(sandbox, earlier):
    run = sandbox.dbt("build", environment={"PALETTE_RETAILERS": "online_retale"})
    assert run.code != 0
    assert "online_retale" in run.output
    assert "online_retail" in run.output.replace("online_retale", "")
    assert sandbox.warehouse.read_bytes() == earlier


def test_a_broken_contract_stops_the_build(broken_project):
    model = broken_project.project / "models/marts/core/order_lines.sql"
    written = model.read_text()
    assert written.count("{{ numeric_type() }}\n            ) as cost") == 1
    model.write_text(written.replace("{{ numeric_type() }}", "double"))
    run = broken_project.attempt("--select", "+order_lines")
    assert run.code != 0
    assert "contract" in run.output
    assert re.search(r"\| cost +\|.*data type mismatch", run.output)


def test_an_empty_cell_of_a_seed_table_stops_the_build(broken_project):
    seed = broken_project.project / "seeds/segments/advice_conditions.csv"
    header, first, *rows = seed.read_text().splitlines()
    condition, _, korean = first.split(",")
    seed.write_text("\n".join([header, f"{condition},,{korean}", *rows]))
    run = broken_project.attempt("--select", "advice_conditions")
    assert run.code != 0
    assert "NOT NULL constraint failed: advice_conditions.condition_en" in run.output


def test_a_broken_python_schema_stops_the_build(broken_project):
    model = broken_project.project / "python_models/core/calendar.py"
    code = model.read_text().replace("typed(calendar(", "typed(calendar_with_more(")
    model.write_text(code + "\n\ndef calendar_with_more(spans):\n    return calendar(spans).assign(more=1)\n")
    run = broken_project.attempt("--select", "+calendar")
    assert run.code != 0
    assert "columns differ from the declared schema: more" in run.output


def test_a_lost_line_fails_the_reconciliation(broken_project):
    model = broken_project.project / "models/marts/core/order_lines.sql"
    model.write_text(model.read_text().replace("is null", "is null and quantity < 100"))
    run = broken_project.attempt("--select", "+assert_input_is_kept_or_excluded")
    assert run.code != 0
    assert "in test assert_input_is_kept_or_excluded (" in run.output


def test_a_lost_product_fails_the_reference_to_it(broken_project):
    """Codes with a letter behind, such as 85123A."""
    model = broken_project.project / "models/marts/core/products.sql"
    model.write_text(model.read_text().replace("rank = 1", "rank = 1 and length(product_id) < 6"))
    test = "refers_to_order_lines_retailer__product_id__ref_products_"
    run = broken_project.attempt("--select", f"+{test}")
    assert run.code != 0
    assert f"in test {test} (" in run.output


def test_a_wrong_rule_fails_its_unit_test(broken_project):
    macro = broken_project.project / "macros/segments/quintile.sql"
    macro.write_text(macro.read_text().replace(" > ", " >= "))
    run = broken_project.dbt("build", "--select", "+customer_rfm")
    assert run.code != 0
    assert "equal_values_share_a_score_and_an_edge_belongs_to_the_lower_bin" in run.output


def test_a_failed_critical_expectation_stops_the_build(broken_project, earlier):
    """A retailer whose steps let returns through: the marts would sum negative purchases."""
    steps = broken_project.project / "seeds/core/cleaning_steps.csv"
    rows = steps.read_text().splitlines(keepends=True)
    steps.write_text("".join(row for row in rows if "non_positive" not in row))
    returned = LINE.format(quantity=-1, date="12/2/2010 8:26", price="2.55")
    returning = with_files(broken_project, x__csv=GOOD + returned)
    run = returning.palette("build", *QUICKLY)
    assert run.code != 0
    lines = [line for line in run.output.splitlines() if "CRITICAL core.order_lines" in line]
    assert any("(quantity)" in line and " rows unexpected" in line for line in lines), run.output
    assert broken_project.warehouse.read_bytes() == earlier
    name = broken_project.warehouse.name
    unfinished = broken_project.folder / ".building" / name / name
    assert "Others stand on what is wrong: order_lines" in run.output
    assert str(unfinished) in run.output
    with duckdb.connect(str(unfinished), read_only=True) as connection:
        failed = connection.execute("select count(*) from quality_results where not success").fetchone()
        builds = connection.execute("""
            select count(*) filter (not success and severity = 'critical') > 0
            from quality_history group by built_at order by built_at
        """).fetchall()
    assert failed[0] > 0
    assert builds == [(False,), (True,)]


def test_a_list_that_a_check_finds_wrong_is_withheld_and_the_rest_put_in_place(broken_project, demo):
    """A list of what customers have not bought that holds what they have."""
    model = broken_project.project / "models/marts/recommendations/recommendations.sql"
    swapped = """case list_name
                when 'again' then 'discover' when 'discover' then 'again' else list_name
            end as list_name,"""
    written = model.read_text()
    assert written.count("            list_name,\n") == 1
    model.write_text(written.replace("            list_name,\n", f"            {swapped}\n"))
    run = broken_project.palette("build", *QUICKLY)
    assert run.code == 3, run.output
    check = "assert_recommendations_are_not_bought"
    for words in (f"recommendations (retailer online_retail, list_name discover): {check} found", "Withheld"):
        assert words in run.output
    lists = broken_project.query("select distinct list_name from recommendations order by all")["list_name"]
    assert list(lists) == ["again", "bundle", "next", "premium", "push", "win_back"]
    (lacking,) = broken_project.query("select * from withheld").to_dict("records")
    assert (lacking["table_name"], lacking["list_name"], lacking["check_name"]) == (
        "recommendations",
        "discover",
        check,
    )
    customers = "select count(*) as customers, count(distinct customer_id) as different from customer_360"
    assert broken_project.query(customers).equals(demo.query(customers))
    assert "Withheld from recommendations (retailer online_retail" in run.output


def test_a_build_that_fails_half_way_leaves_the_earlier_warehouse(broken_project, earlier):
    shutil.rmtree(broken_project.project / "seeds/segments")
    assert broken_project.palette("build").code != 0
    assert broken_project.warehouse.read_bytes() == earlier


def test_a_file_that_is_no_warehouse_is_not_replaced(sandbox):
    sandbox.warehouse.write_bytes(b"something else")
    run = sandbox.run("palette", "build")
    assert run.code != 0
    for word in (str(sandbox.warehouse), "not a valid DuckDB", "nothing was built"):
        assert word in run.output
    assert "Traceback" not in run.output
    assert sandbox.warehouse.read_bytes() == b"something else"
