"""The benchmark's figures and their page, and the shops that it makes up."""

from collections import Counter
from pathlib import Path

import bench
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import shops

from palette.recommendations.learning import beyond_ease


def row(lines: int, seconds: float, **further: object) -> bench.Figures:
    return {
        "title": f"{lines} lines",
        "to_reach": "",
        "note": "",
        "lines": lines,
        "customers": 12_345,
        "build": {"wall_seconds": seconds, "cpu_seconds": 2 * seconds, "memory_gb": 1.55},
        "bare": None,
        "learning_cpu_seconds": None,
        "nodes": {},
        "said": [],
        **further,
    }


class TestExponent:
    @pytest.mark.parametrize(
        ("times_lines", "times_seconds", "expected"),
        [(10, 10, 1.0), (100, 10, 0.5), (10, 100, 2.0), (10, 1, 0.0)],
    )
    def test_is_the_power_of_lines_that_seconds_grow_with(
        self, times_lines: int, times_seconds: int, expected: float
    ) -> None:
        small, large = row(1_000, 8.0), row(1_000 * times_lines, 8.0 * times_seconds)
        assert bench.exponent(small, large, "wall_seconds") == pytest.approx(expected)

    def test_growth_is_told_of_sizes_that_were_measured(self) -> None:
        rows = {"real": row(1_000, 8.0), "hundred": row(100_000, 80.0), "next_basket": row(5, 1.0)}
        (line,) = bench.growths(rows)
        assert "to 100000 lines: seconds as lines to the power of 0.50, of the processor 0.50" in line
        assert bench.growths({"hundred": rows["hundred"]}) == []


class TestTable:
    def test_a_build_stands_beside_the_bare_script_of_the_same_run(self) -> None:
        bare = {"wall_seconds": 8.0, "cpu_seconds": 9.0, "memory_gb": 1.25}
        figures = row(1_909, 36.0, bare=bare, to_reach="6x", nodes={"a": 9.2, "b": 3.0, "c": 2.0, "d": 1.0})
        *_, line = bench.table([figures])
        assert line == (
            "| 1909 lines | 1,909 | 12,345 | 8.0 s, 1.2 GB | 36.0 s (4.5x) | 72.0 s | 1.6 GB | - | 6x "
            "| `a` 9 s, `b` 3 s, `c` 2 s |"
        )

    def test_what_was_not_measured_is_a_dash(self) -> None:
        *_, line = bench.table([row(10, 1.0, learning_cpu_seconds=19.96, note="the demo")])
        assert line == (
            "| 10 lines (the demo) | 10 | 12,345 | - | 1.0 s | 2.0 s | 1.6 GB | 20.0 s CPU | - |  |"
        )

    def test_all_lines_have_as_many_cells(self) -> None:
        lines = bench.table([row(10, 1.0), row(20, 2.0)])
        assert len({line.count("|") for line in lines}) == 1
        assert len(lines) == 4


def test_the_page_says_commit_and_machine_and_holds_rows_in_order_of_the_table() -> None:
    run = bench.this_run()
    left_out = beyond_ease("a", 1_234)
    run["rows"] = {
        "ten": row(10_000, 80.0, said=["recommendations: a: lists for 5 customers", left_out]),
        "real": row(1_000, 8.0),
    }
    page = bench.page(run)
    assert run["commit"] in page
    assert run["machine"]["processor"] in page
    assert page.index("| 1000 lines") < page.index("| 10000 lines")
    assert page.endswith(f"- 10000 lines: {left_out}\n")
    assert "lists for" not in page


def test_a_command_is_timed_with_the_processes_that_it_waits_for() -> None:
    work = "sum(range(20_000_000))"
    alone, printed = bench.timed([bench.sys.executable, "-c", f"print({work})"], {})
    inner = f"import subprocess, sys; subprocess.run([sys.executable, '-c', '{work}'], check=True)"
    through, _ = bench.timed([bench.sys.executable, "-c", inner], {})
    assert printed == "199999990000000\n"
    assert alone.cpu_seconds > 0
    assert through.cpu_seconds >= alone.cpu_seconds
    assert alone.memory_gb > 0.005  # what the process that starts it holds counts as well
    with pytest.raises(SystemExit, match="failed"):
        bench.timed([bench.sys.executable, "-c", "raise SystemExit(3)"], {})


class TestShops:
    @pytest.mark.parametrize("name", shops.SHAPES)
    def test_a_shop_has_exactly_its_shape(self, name: str) -> None:
        shape = shops.SHAPES[name].smaller(20)
        lines = shops.purchases(shape, seed=1)
        assert lines.num_rows == shape.lines
        assert pc.count_distinct(lines["customer_id"]).as_py() == shape.customers
        assert pc.count_distinct(lines["product_id"]).as_py() == shape.products
        assert lines.group_by(["order_id", "product_id"]).aggregate([]).num_rows == shape.lines
        orders = lines.group_by(["order_id", "customer_id"]).aggregate([])
        assert orders.num_rows == pc.count_distinct(lines["order_id"]).as_py()
        assert min(Counter(orders["customer_id"].to_pylist()).values()) >= shape.least_orders
        assert shape.lines / orders.num_rows == pytest.approx(shape.basket, rel=0.25)
        days = pc.days_between(pc.min(lines["ordered_on"]), pc.max(lines["ordered_on"])).as_py()
        assert 0.9 * shape.days < days < shape.days

    def test_customers_buy_their_own_products_again_and_few_products_sell_much(self) -> None:
        shape = shops.SHAPES["next_basket"]
        lines = shops.purchases(shape, seed=1)
        by_customer = lines.group_by(["customer_id", "product_id"]).aggregate([([], "count_all")])
        again = 1 - by_customer.num_rows / lines.num_rows
        chance = lines.append_column("other", [lines["customer_id"].to_pylist()[::-1]])
        by_chance = chance.group_by(["other", "product_id"]).aggregate([([], "count_all")])
        assert again > 3 * (1 - by_chance.num_rows / lines.num_rows)
        sales = sorted(Counter(lines["product_id"].to_pylist()).values(), reverse=True)
        assert sum(sales[: len(sales) // 10]) > 0.35 * shape.lines

    def test_the_same_seed_gives_the_same_bytes_and_another_another_shop(self, tmp_path: Path) -> None:
        written = [
            (
                shops.write("next_basket", tmp_path / str(place), seed, smaller=20) / "orders.parquet"
            ).read_bytes()
            for place, seed in enumerate((0, 0, 1))
        ]
        assert written[0] == written[1] != written[2]
        folder = tmp_path / "0" / "next_basket"
        assert "form: orders" in (folder / "retailer.yml").read_text()
        assert pq.read_metadata(folder / "orders.parquet").num_rows == 5_600

    def test_a_shape_with_too_few_lines_is_refused(self) -> None:
        shape = shops.SHAPES["next_basket"]
        with pytest.raises(ValueError, match="needs lines"):
            shops.purchases(shops.replace(shape, lines=20_000), seed=0)
