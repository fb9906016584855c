"""Time `dbt build` from nothing beside a bare script that does the same by hand, in one run on one machine.

`make bench` writes `benchmarks/results/<commit>.json` and the table of it, `benchmarks/README.md`.
`ROWS="real ten"` measures these rows only, `HUNDRED=1` also the one that takes most of an hour; figures of
other rows of the same commit stay. `QUICK=1` tries everything on small shops and writes nothing.
`DATA=/folder` times shops of one's own instead.

A build is what `palette build` runs, without the report.
"""

import argparse
import datetime
import json
import math
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import shops

from palette.demo import write_demo
from palette.warehouse import UNTESTED

ROOT = Path(__file__).parents[1]
SHARED = Path(os.environ.get("PALETTE_TEST_FILES") or ROOT.parent / "shared")
REAL_DATA = SHARED / "data"
REAL_FILE = REAL_DATA / "online_retail_2010_2011.parquet"
BARE_SCRIPT = SHARED / "reference" / "bare_script.py"
COPIES = SHARED / "reference" / "scale.py"
SAID = "recommendations: "  # lines of ours begin so; what libraries print has paths of the machine
RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "benchmarks" / "README.md"

DEMO_CUSTOMERS, LPOINT_CLIENTS = 820, 72_399
SMALLER = 20  # times, in a quick run
WITHOUT_BACKTEST = "{palette_backtest: false}"
LEARNING = "path:python_models/recommendations"  # the models that learn and make lists
QUICKEST = "retailers"  # a model that takes no time: what is left is dbt's start
SLOWEST = 3  # nodes that the table names
LEAST_SECONDS = 0.5  # of a node whose seconds are kept

Figures = dict[str, Any]
"""Of a row, as JSON: see `measure`."""


@dataclass(frozen=True)
class Shop:
    """A data folder, retailers to build of it, the file for the bare script, and what stands in for it."""

    data: Path
    retailers: str
    raw: Path | None = None
    note: str = ""


@dataclass(frozen=True)
class Usage:
    """What a command took: seconds by the clock and of the processor, and gigabytes (10^9 bytes).

    The seconds are those of all threads and of all processes that the command waited for, the memory is the
    largest resident size of one of them.
    """

    wall_seconds: float
    cpu_seconds: float
    memory_gb: float


@dataclass(frozen=True)
class Row:
    """A line of the table: what is built, and the figures it is to reach.

    Attributes
    ----------
    make
        Writes the shop into an empty folder, a small one in a quick run.
    dbt_vars
        Of the build, as YAML.
    is_bare
        Whether the bare script takes the same file.
    learns
        Whether learning and lists are measured once more apart, beside the finished warehouse.
    is_usual
        Whether it is measured where no rows are named.
    """

    title: str
    make: Callable[[Path, bool], Shop]
    to_reach: str = ""
    dbt_vars: str = "{}"
    is_bare: bool = False
    learns: bool = False
    is_usual: bool = True


def online_retail(times: int) -> Callable[[Path, bool], Shop]:
    """Take so many copies of the real file; the demo shop where it is not there or is to be small."""

    def make(folder: Path, is_quick: bool) -> Shop:
        if is_quick or not REAL_FILE.is_file():
            return _demo_shop(folder, DEMO_CUSTOMERS * times // (SMALLER if is_quick else 1))
        if times == 1:
            return Shop(REAL_DATA, "online_retail", REAL_FILE)
        out = folder / "online_retail"
        subprocess.run([sys.executable, COPIES, str(times), REAL_FILE, out], check=True, stdout=sys.stderr)
        return Shop(folder, "online_retail", out / "online_retail.parquet")

    return make


def _demo_shop(folder: Path, customers: int) -> Shop:
    written = write_demo(folder / "data", ["online_retail"], customers=customers)["online_retail"][0].path
    raw = folder / "raw.parquet"
    codes = dict.fromkeys(("InvoiceNo", "StockCode"), str)
    pd.read_csv(written, encoding="latin-1", dtype=codes).to_parquet(raw)
    return Shop(folder / "data", "online_retail", raw, f"the demo shop of {customers:,} customers stands in")


def lpoint(folder: Path, is_quick: bool) -> Shop:
    """Make up an L.POINT retailer of the study's size."""
    write_demo(folder, ["lpoint"], customers=LPOINT_CLIENTS // (SMALLER if is_quick else 1))
    return Shop(folder, "lpoint")


def made_up(name: str) -> Callable[[Path, bool], Shop]:
    """Make up a shop of `shops.SHAPES`."""

    def make(folder: Path, is_quick: bool) -> Shop:
        shops.write(name, folder, smaller=SMALLER if is_quick else 1)
        return Shop(folder, name)

    return make


ROWS = {
    "real": Row("real file, whole build", online_retail(1), "at most 6x, 2 GB", is_bare=True),
    "without_backtest": Row(
        "real file, `palette_backtest: false`",
        online_retail(1),
        "at most 4x",
        dbt_vars=WITHOUT_BACKTEST,
        is_bare=True,
    ),
    "ten": Row("ten times", online_retail(10), "at most 0.6x, 5 GB", is_bare=True),
    "hundred": Row(
        "a hundred times",
        online_retail(100),
        "24 GB, under 2,700 s, growth at most 1.0",
        is_usual=False,
    ),
    "next_basket": Row(
        "made up in the shape of Ta Feng",
        made_up("next_basket"),
        "learning and lists at most 20 s CPU",
        dbt_vars=WITHOUT_BACKTEST,
        learns=True,
    ),
    "catalogue": Row("made up, a wide range", made_up("catalogue"), "under 180 s", learns=True),
    "lpoint": Row("made up, L.POINT in its own size", lpoint, is_usual=False),
}


def main() -> None:
    """Measure what is asked for, write the figures and their page, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", nargs="*", choices=ROWS, help="what to measure (default: the usual)")
    parser.add_argument("--hundred", action="store_true", help="also a hundred times, most of an hour")
    parser.add_argument("--quick", action="store_true", help="small shops, and nothing is written")
    parser.add_argument("--data", type=Path, help="data folder of your own, instead of the rows")
    parser.add_argument("--retailers", default="", help="of that folder, a comma list (default: all in it)")
    chosen = parser.parse_args()
    if chosen.data:
        own = Shop(chosen.data.absolute(), chosen.retailers)
        rows = {"own": Row(f"shops of {chosen.data}", lambda *_: own, learns=True)}
    else:
        names = chosen.rows or [name for name, row in ROWS.items() if row.is_usual]
        names += ["hundred"] * chosen.hundred
        rows = {name: row for name, row in ROWS.items() if name in names}
    is_kept = not (chosen.quick or chosen.data)
    run = this_run()
    path = RESULTS / f"{run['commit']}.json"
    if is_kept and path.is_file():
        run["rows"] = json.loads(path.read_text())["rows"]
    for name, row in rows.items():
        run["rows"][name] = measure(row, is_quick=chosen.quick)
        if is_kept:  # after each, since the last takes longest
            keep(run, path)
    print(page(run))


def this_run() -> Figures:
    """Say what is measured, where and with what, in a run without rows yet."""
    commit = _git("rev-parse", "--short=10", "HEAD")
    written = (f":!{path.relative_to(ROOT)}" for path in (PAGE, RESULTS))
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", ".", *written)
    return {
        "commit": f"{commit}-changed" if changed else commit,
        "machine": {
            "processor": _processor(),
            "cores": len(os.sched_getaffinity(0)),
            "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
            "system": platform.platform(terse=True),
            "python": platform.python_version(),
            "duckdb": duckdb.__version__,
        },
        "rows": {},
    }


def measure(row: Row, *, is_quick: bool) -> Figures:
    """Make a row's shop, run the bare script on it where that can, and build it from nothing.

    Returns
    -------
    dict
        `title`, `to_reach`, `note`, `day`, the number of `lines` and `customers`, the usage of the `build`
        and of the `bare` script, `learning_cpu_seconds` of learning and lists (both None where not
        measured), seconds of the `nodes` that take long, and what the build `said`.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "shop").mkdir()
        say(f"{row.title}: writing the shop")
        shop = row.make(folder / "shop", is_quick)
        bare = None
        if row.is_bare and shop.raw and BARE_SCRIPT.is_file():
            say(f"{row.title}: the bare script")
            bare, _ = timed([sys.executable, str(BARE_SCRIPT), str(shop.raw)], {})
        say(f"{row.title}: building")
        target = folder / "target"
        environment = {
            "PALETTE_DATA": str(shop.data),
            "PALETTE_DB": str(folder / "palette.duckdb"),
            "PALETTE_RETAILERS": shop.retailers,
            "DBT_TARGET_PATH": str(target),
            "DBT_LOG_PATH": str(folder / "logs"),
        }
        build, output = timed(dbt("build", row.dbt_vars, *UNTESTED), environment)
        results = json.loads((target / "run_results.json").read_text())["results"]
        with duckdb.connect(str(folder / "palette.duckdb"), read_only=True) as connection:
            lines, customers = connection.sql("""
                select
                    (select sum(lines_left)::bigint from cleaning_waterfall where step_number = 0),
                    (select count(*) from customers)
            """).fetchone() or (0, 0)
        learning = None
        if row.learns:
            say(f"{row.title}: learning and lists once more")
            seconds = [
                timed(dbt("run", row.dbt_vars, "--select", what), environment)[0].cpu_seconds
                for what in (LEARNING, QUICKEST)
            ]
            learning = round(seconds[0] - seconds[1], 1)
    nodes = {node["unique_id"].removeprefix("model.palette."): node["execution_time"] for node in results}
    return {
        "title": row.title,
        "to_reach": row.to_reach,
        "note": shop.note,
        "day": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "lines": lines,
        "customers": customers,
        "build": asdict(build),
        "bare": asdict(bare) if bare else None,
        "learning_cpu_seconds": learning,
        "nodes": {
            node: round(seconds, 1)
            for node, seconds in sorted(nodes.items(), key=lambda item: -item[1])
            if seconds >= LEAST_SECONDS
        },
        "said": [line for line in output.splitlines() if line.startswith(SAID)],
    }


def dbt(command: str, dbt_vars: str, *arguments: str) -> list[str]:
    """Give the command line of dbt, which then prints what the project has to say and nothing else."""
    return [str(Path(sys.executable).with_name("dbt")), "--quiet", command, "--vars", dbt_vars, *arguments]


def timed(command: Sequence[str], environment: Mapping[str, str]) -> tuple[Usage, str]:
    """Run a command in the project; returns what it took and what it printed.

    Raises
    ------
    SystemExit
        It failed; what it printed has been shown.
    """
    with tempfile.TemporaryFile("w+") as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | environment, stdout=output, stderr=subprocess.STDOUT
        )
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        output.seek(0)
        printed = output.read()
    if status:
        sys.exit(f"{printed}\n{' '.join(command)}: failed")
    usage = Usage(
        round(seconds, 1), round(used.ru_utime + used.ru_stime, 1), round(used.ru_maxrss * 1024 / 1e9, 2)
    )
    return usage, printed


def keep(run: Figures, path: Path) -> None:
    """Write the figures of a run and the page of them."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(run, indent=2, ensure_ascii=False) + "\n")
    PAGE.write_text(page(run))


def page(run: Figures) -> str:
    """Render a run as the Markdown page that is kept beside its figures."""
    machine = run["machine"]
    figures = f"results/{run['commit']}.json"
    rows = [run["rows"][name] for name in [*ROWS, "own"] if name in run["rows"]]
    return "\n".join(
        [
            "# Benchmarks",
            "",
            "Written by `make bench`: `dbt build` from raw files to every mart, data test and quality",
            "check, parsing included, beside a bare script (pandas, scikit-learn, mlxtend) that does the",
            "study's steps by hand, without tests and without judging its lists. Ratios are of seconds by",
            "the clock in one run; memory is the largest resident size of a process, in 10^9 bytes.",
            "",
            f"Commit `{run['commit']}`, {machine['cores']} cores of {machine['processor']}, "
            f"{machine['memory_gb']} GB, Python {machine['python']},",
            f"DuckDB {machine['duckdb']}; the figures, node by node: [{figures}]({figures}).",
            "",
            *table(rows),
            "",
            *(said := growths(run["rows"]) + left_out(rows)),
            *[""] * bool(said),
        ]
    )


def table(rows: Sequence[Figures]) -> list[str]:
    """Render figures of rows as lines of a Markdown table."""
    header = (
        "build",
        "lines",
        "customers",
        "bare script",
        "seconds",
        "CPU seconds",
        "memory",
        "learning and lists",
        "to reach",
        "slowest models",
    )
    cells = [_cells(row) for row in rows]
    return [f"| {' | '.join(line)} |" for line in (header, ["---"] * len(header), *cells)]


def _cells(row: Figures) -> list[str]:
    build, bare, learning = row["build"], row["bare"], row["learning_cpu_seconds"]
    times = f" ({build['wall_seconds'] / bare['wall_seconds']:.2g}x)" if bare else ""
    slowest = [f"`{node}` {seconds:.0f} s" for node, seconds in list(row["nodes"].items())[:SLOWEST]]
    return [
        f"{row['title']} ({row['note']})" if row["note"] else row["title"],
        f"{row['lines']:,}",
        f"{row['customers']:,}",
        f"{bare['wall_seconds']:.1f} s, {bare['memory_gb']:.1f} GB" if bare else "-",
        f"{build['wall_seconds']:.1f} s{times}",
        f"{build['cpu_seconds']:.1f} s",
        f"{build['memory_gb']:.1f} GB",
        "-" if learning is None else f"{learning:.1f} s CPU",
        row["to_reach"] or "-",
        ", ".join(slowest),
    ]


def growths(rows: Mapping[str, Figures]) -> list[str]:
    """Say how the time of a build grows with the lines of the same shop, one line for each larger size."""
    return [
        f"- Growth from the real file to {rows[name]['title']}: seconds as lines to the power of "
        f"{exponent(rows['real'], rows[name], 'wall_seconds'):.2f}, of the processor "
        f"{exponent(rows['real'], rows[name], 'cpu_seconds'):.2f}."
        for name in ("ten", "hundred")
        if {"real", name} <= rows.keys()
    ]


def left_out(rows: Sequence[Figures]) -> list[str]:
    """Repeat what the builds said that they left out."""
    return [f"- {row['title']}: {line}" for row in rows for line in row["said"] if "left out" in line]


def exponent(small: Figures, large: Figures, figure: str) -> float:
    """Give the power of the number of lines that a figure of the build grows with."""
    times = large["build"][figure] / small["build"][figure]
    return math.log(times) / math.log(large["lines"] / small["lines"])


def say(message: str) -> None:
    """Tell who waits what is being done."""
    print(message, file=sys.stderr, flush=True)


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def _processor() -> str:
    """Name the processor as Linux does, else as Python knows it."""
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text().splitlines() if facts.is_file() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


if __name__ == "__main__":
    main()
