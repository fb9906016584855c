"""Time a full build and print it as JSON: wall time, peak memory, and every dbt node, slowest first."""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

ROOT = Path(__file__).parents[1]
REAL_DATA = ROOT.parent / "shared" / "data"
DEMO_DATA = ROOT / "data" / "demo"
MEBIBYTE = 1024


def main() -> None:
    """Build into a throw-away warehouse and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    default = REAL_DATA if REAL_DATA.is_dir() else DEMO_DATA
    parser.add_argument("--data", type=Path, default=default, help="data folder (default: %(default)s)")
    parser.add_argument("--retailers", default="online_retail", help="comma list (default: %(default)s)")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measure(chosen.data.absolute(), chosen.retailers, Path(folder)), indent=2))


def measure(data: Path, retailers: str, folder: Path) -> dict[str, object]:
    """Run `dbt build` from nothing; the peak is the largest resident size of dbt's one process."""
    warehouse = folder / "palette.duckdb"
    environment = os.environ | {
        "PALETTE_DATA": str(data),
        "PALETTE_DB": str(warehouse),
        "PALETTE_RETAILERS": retailers,
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
    }
    print(f"Building from {data} ...", file=sys.stderr)
    started = time.perf_counter()
    command = [str(Path(sys.executable).with_name("dbt")), "build", "--quiet"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=sys.stderr)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / MEBIBYTE
    results = json.loads((folder / "target" / "run_results.json").read_text())["results"]
    nodes = sorted(results, key=lambda node: node["execution_time"], reverse=True)
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        lines = connection.sql("select sum(lines_left)::bigint from cleaning_waterfall where step_number = 0")
        raw_lines = (lines.fetchone() or (None,))[0]
    return {
        "data": str(data),
        "retailers": retailers,
        "raw_lines": raw_lines,
        "cores": os.cpu_count(),
        "wall_seconds": round(seconds, 1),
        "peak_memory_mib": round(peak),
        "nodes": [{"node": node["unique_id"], "seconds": round(node["execution_time"], 2)} for node in nodes],
    }


if __name__ == "__main__":
    main()
