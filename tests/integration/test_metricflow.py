"""MetricFlow answers with the marts' own numbers."""

import shutil
from dataclasses import replace

import pandas as pd
import pytest
import yaml
from sandboxes import ROOT, Parsing, Sandbox, parsed

from projects import copy_of_project

METRICS = ROOT / "models" / "metrics"
ANSWERS = {  # each saved query's answer, from the marts that hold it
    "sales_by_month": """
        select retailer, month_start as metric_time__month, revenue, returned_revenue, net_revenue,
            margin, orders, revenue / orders as average_order, return_rate
        from sales_monthly
    """,
    "worth_by_segment": """
        with repeated as (
            select retailer, rfm_segment, count(*) filter (where orders > 1) as repeat_customers,
                repeat_customers / count(*) as repeat_rate, sum(expected_revenue_90_days) as expected_value
            from customer_360 group by all
        )
        select retailer, rfm_segment as customer__rfm_segment, customers, repeat_customers,
            repeat_rate, expected_value, value_at_stake as at_risk
        from segment_outlook join repeated using (retailer, rfm_segment)
    """,
}


def saved_queries() -> list[str]:
    content = yaml.safe_load((METRICS / "_saved_queries.yml").read_text())
    return [query["name"] for query in content["saved_queries"]]


@pytest.fixture(scope="module")
def asked(demo: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """A copy of the demo's warehouse, which MetricFlow opens as if to write, and of the project.

    Its target has what dbt parsed: MetricFlow looks there alone.
    """
    folder = tmp_path_factory.mktemp("asked")
    project = copy_of_project(folder / "project")
    shutil.copy(demo.warehouse, folder)
    assert parsed()
    assert Parsing.folder
    (project / "target").mkdir()
    shutil.copy(Parsing.folder / "semantic_manifest.json", project / "target")
    return replace(demo, folder=folder, project=project)


@pytest.mark.parametrize("name", saved_queries())
def test_a_saved_query_says_what_the_marts_say(asked: Sandbox, tmp_path, name):
    out = tmp_path / "answer.csv"
    run = asked.run("mf", "query", "--saved-query", name, "--csv", str(out))
    assert run.code == 0, run.output
    answer, expected = pd.read_csv(out), asked.query(ANSWERS[name])
    keys = [column for column in expected if not pd.api.types.is_numeric_dtype(expected[column])]
    for frame in (answer, expected):
        frame[keys] = frame[keys].astype(str).replace(" 00:00:00", "", regex=True)
    assert len(expected) > 5
    pd.testing.assert_frame_equal(
        answer[expected.columns],  # in an order that is read
        expected.sort_values(keys, ignore_index=True),
        check_dtype=False,
    )


def test_every_metric_is_in_a_saved_query():
    """So that all of them are compared with the marts."""
    queries = yaml.safe_load((METRICS / "_saved_queries.yml").read_text())["saved_queries"]
    asked_for = {name for query in queries for name in query["query_params"]["metrics"]}
    assert asked_for == {
        metric["name"] for metric in yaml.safe_load((METRICS / "_metrics.yml").read_text())["metrics"]
    }


def test_the_metrics_are_sound(asked: Sandbox):
    run = asked.run("mf", "validate-configs")
    assert run.code == 0, run.output
    assert "ERRORS: 0" in run.output
