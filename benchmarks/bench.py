"""Time full builds and print them as JSON: wall time, peak memory, and every dbt node, slowest first.

What is built: the real Online Retail file (the demo shop where it is not there), a generated L.POINT retailer
of the original size and, but with --quick, one of ten times that; with --data a folder of one's own instead.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from palette.demo import write_demo

ROOT = Path(__file__).parents[1]
REAL_DATA = ROOT.parent / "shared" / "data"
LPOINT_CLIENTS = 72_399
MEBIBYTE = 1024


def main() -> None:
    """Build into throw-away warehouses and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="data folder of your own, instead of the usual builds")
    parser.add_argument("--retailers", default="", help="of that folder, a comma list (default: all in it)")
    parser.add_argument("--quick", action="store_true", help="without ten times the L.POINT retailer")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if chosen.data:
            builds = {"own": (chosen.data, chosen.retailers)}
        else:
            builds = usual_builds(Path(folder), growth=not chosen.quick)
        figures = {name: measure(data.absolute(), retailers) for name, (data, retailers) in builds.items()}
    if "lpoint_times_ten" in figures:
        figures["growth"] = {
            figure: round(figures["lpoint_times_ten"][figure] / figures["lpoint"][figure], 2)
            for figure in ("raw_lines", "wall_seconds", "peak_memory_mib")
        }
    print(json.dumps(figures, indent=2))


def usual_builds(folder: Path, *, growth: bool) -> dict[str, tuple[Path, str]]:
    """Generate what is not at hand; returns the data folder and the retailers of each build."""
    online = REAL_DATA
    if not online.is_dir():
        online = folder / "online"
        write_demo(online, ["online_retail"])
    builds = {"online_retail": (online, "online_retail")}
    for name, times in (("lpoint", 1), ("lpoint_times_ten", 10))[: 1 + growth]:
        print(f"Generating {name} ...", file=sys.stderr)
        write_demo(folder / name, ["lpoint"], customers=times * LPOINT_CLIENTS)
        builds[name] = (folder / name, "lpoint")
    return builds


def measure(data: Path, retailers: str) -> dict[str, object]:
    """Run `dbt build` from nothing; the peak is the largest resident size of dbt's one process."""
    with tempfile.TemporaryDirectory() as folder:
        warehouse = Path(folder) / "palette.duckdb"
        environment = os.environ | {
            "PALETTE_DATA": str(data),
            "PALETTE_DB": str(warehouse),
            "PALETTE_RETAILERS": retailers,
            "DBT_TARGET_PATH": f"{folder}/target",
            "DBT_LOG_PATH": f"{folder}/logs",
        }
        print(f"Building {retailers or 'all'} from {data} ...", file=sys.stderr)
        started = time.perf_counter()
        command = [str(Path(sys.executable).with_name("dbt")), "build", "--quiet"]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=sys.stderr)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        if status:
            sys.exit("the build failed, see above")
        results = json.loads(Path(folder, "target", "run_results.json").read_text())["results"]
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            lines = connection.sql(
                "select sum(lines_left)::bigint from cleaning_waterfall where step_number = 0"
            )
            (raw_lines,) = lines.fetchone() or (None,)
    nodes = sorted(results, key=lambda node: node["execution_time"], reverse=True)
    return {
        "retailers": retailers,
        "raw_lines": raw_lines,
        "cores": os.cpu_count(),
        "wall_seconds": round(seconds, 1),
        "peak_memory_mib": round(usage.ru_maxrss / MEBIBYTE),
        "nodes": [{"node": node["unique_id"], "seconds": round(node["execution_time"], 2)} for node in nodes],
    }


if __name__ == "__main__":
    main()
