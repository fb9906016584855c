"""Builds as a user starts them, in places that may be harmed."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb

from harm import children, listen_to_ctrl_c

ROOT = Path(__file__).parents[2]
PALETTE = Path(sys.executable).with_name("palette")


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it printed."""

    code: int
    output: str


@dataclass(frozen=True)
class Running:
    """A build that goes on in a process group of its own."""

    process: subprocess.Popen[str]

    def kill(self, number: int = signal.SIGKILL) -> None:
        self.process.send_signal(number)

    def children(self) -> list[int]:
        """Ids of the processes that it started."""
        return children(self.process.pid)

    def wait(self) -> Done:
        output, _ = self.process.communicate()
        return Done(self.process.returncode, output)


@dataclass(frozen=True)
class Place:
    """A folder with a warehouse and, there or elsewhere, dbt's target; and the data that is built from."""

    folder: Path
    data: Path
    name: str = "palette"
    artefacts: Path | None = None

    @property
    def warehouse(self) -> Path:
        return self.folder / "warehouse" / f"{self.name}.duckdb"

    def start(self, *command: str, program: Path = PALETTE) -> Running:
        """Start a command; what it prints waits until its end."""
        artefacts = self.artefacts or self.folder
        environment = os.environ | {
            "PALETTE_DATA": str(self.data),
            "PALETTE_DB": str(self.warehouse),
            "DBT_TARGET_PATH": str(artefacts / "target"),
            "DBT_LOG_PATH": str(artefacts / "logs"),
            "COLUMNS": "200",
        }
        return Running(
            subprocess.Popen(
                [str(program), *command],
                cwd=ROOT,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
                preexec_fn=listen_to_ctrl_c,
            )
        )

    def build(self, *options: str) -> Running:
        return self.start("build", "--vars", "{palette_backtest: false}", *options)

    def left_over(self) -> set[str]:
        """What lies in the warehouse's folder beside it and the lock's file."""
        kept = {self.warehouse.name, f".{self.warehouse.name}.lock"}
        return {path.name for path in self.warehouse.parent.iterdir()} - kept


def fingerprint(warehouse: Path) -> dict[str, tuple[int, int]]:
    """Rows of every mart, and a sum over what is in them whatever their order; histories are left out."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        names = connection.execute(
            "select table_name from duckdb_tables() "
            "where schema_name = 'main' and not ends_with(table_name, '_history')"
        ).fetchall()
        query = "select count(*), coalesce(bit_xor(hash(t)), 0) from {} as t"
        return {name: connection.execute(query.format(name)).fetchone() for (name,) in names}


def state_of(warehouse: Path, states: dict[str, object]) -> str:
    """Name the whole warehouse that the file is; anything else fails."""
    if warehouse.read_bytes() == states["earlier"]:
        return "earlier"
    assert fingerprint(warehouse) == states["later"]
    return "later"
