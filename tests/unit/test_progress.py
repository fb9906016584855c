"""What is shown of a build: of dbt's log, line by line."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from palette.progress import Past, Progress


def event(name: str, msg: str = "", level: str = "info", node: str = "", kind: str = "model", **data) -> str:
    info = {"unique_id": f"{kind}.palette.{node}", "node_name": node, "resource_type": kind} if node else {}
    content = {"info": {"name": name, "msg": msg, "level": level}, "data": data | {"node_info": info}}
    return json.dumps(content) + "\n"


def results(folder: Path, **seconds: float) -> Path:
    file = folder / "run_results.json"
    nodes = [
        {"unique_id": f"model.palette.{name}", "execution_time": value} for name, value in seconds.items()
    ]
    file.write_text(json.dumps({"results": nodes, "elapsed_time": 40.0}))
    return file


def shown(lines: list[str], past: Path, *, terminal: bool = False, width: int = 160) -> str:
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=width, color_system=None)
    with Progress(console, past) as progress:
        for line in lines:
            progress(line)
        progress._bar.refresh()
    return out.getvalue()


def test_without_a_terminal_a_model_has_a_line_and_a_test_none(tmp_path):
    lines = [
        event("MainReportVersion", "Running with dbt"),
        event("LogStartLine", node="orders", total=12),
        event("LogStartLine", node="unique_orders", kind="test", total=12),
        event("LogModelResult", node="orders", execution_time=1.25),
        event("LogTestResult", node="unique_orders", kind="test", execution_time=9),
        event("LogStartLine", node="names", kind="seed", total=12),
        event("LogSeedResult", node="names", kind="seed", execution_time=0.04),
    ]
    assert shown(lines, tmp_path / "none") == " 1/12 orders, 1.2 s\n 3/12 names, 0.0 s\n"


def test_warnings_errors_and_what_the_project_says_are_shown_as_they_are(tmp_path):
    lines = [
        event("JinjaLogInfo", "shop.lines: 3 rows"),
        "recommendations: [shop]: lists for 3 customers\n",
        event("LogTestResult", "WARN 2 few", "warn", node="few", kind="test"),
        event("RunResultError", "Binder Error: [no]\nsuch column", "error"),
        event("Formatting", "not shown"),
        '{"json": "of somebody else"}\n',
    ]
    assert shown(lines, tmp_path / "none").splitlines() == [
        "shop.lines: 3 rows",
        "recommendations: [shop]: lists for 3 customers",
        "WARN 2 few",
        "Binder Error: [no]",
        "such column",
        '{"json": "of somebody else"}',
    ]


def test_on_a_terminal_one_line_says_how_far_it_is_and_what_is_left(tmp_path):
    lines = [
        event("LogStartLine", node="orders", total=3),
        event("LogModelResult", node="orders", execution_time=1.2),
        event("LogStartLine", node="customers", total=3),
    ]
    said = shown(lines, results(tmp_path, orders=10, customers=30), terminal=True)
    assert "1/3" in said
    assert "about 00:30 left" in said
    assert "customers" in said
    assert "orders, 1.2 s" not in said


def test_on_a_narrow_terminal_the_names_give_way_to_how_far_it_is(tmp_path):
    names = ["int_customer_category_classes", "int_customer_shapes", "int_customer_subcategory_classes"]
    lines = [event("LogStartLine", node=name, total=470) for name in names]
    last = shown(lines, results(tmp_path, orders=10), terminal=True, width=80).split("Building")[-1]
    assert "0/470" in last
    assert "about 00:40 left" in last
    assert "int_customer" in last


def test_while_dbt_reads_the_project_the_clock_runs_and_no_total_is_claimed(tmp_path):
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=80, color_system=None)
    with Progress(console, tmp_path / "none") as progress:
        progress(event("MainReportVersion", "Running with dbt"))
        assert not progress._bar.finished
        progress._bar.refresh()
    assert "0/?" in out.getvalue().split("Building")[-1]


@pytest.mark.parametrize("content", [None, "", "{}", "[1]", '{"results": [{}], "elapsed_time": 1}'])
def test_without_an_earlier_build_nothing_is_promised(tmp_path, content):
    file = tmp_path / "run_results.json"
    if content is not None:
        file.write_text(content)
    assert Past.read(file).left(set()) is None


def test_what_is_left_is_the_share_of_the_earlier_build(tmp_path):
    past = Past.read(results(tmp_path, orders=10, customers=30))
    assert past.left(set()) == 40
    assert past.left({"model.palette.customers", "model.palette.unheard_of"}) == 10
    assert past.left({"model.palette.customers", "model.palette.orders"}) == 0
