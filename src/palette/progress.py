"""Shows how far a build is: what dbt says of each node, a line each, or one live line on a terminal."""

import json
import time
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.table import Column

JSON_LOG = (
    "--log-format",
    "json",
    "--log-format-file",
    "debug",
)  # options of dbt that :class:`Progress` reads
STARTED = "LogStartLine"
FINISHED = (
    "LogModelResult",
    "LogNodeNoOpResult",
    "LogNodeResult",
    "LogSeedResult",
    "LogTestResult",
    "SkippingDetails",
)
TOLD = ("JinjaLogInfo", "JinjaLogWarning")  # by the project's macros
SHOWN = ("model", "seed")  # kinds of nodes that have a line of their own; a test has one where it fails
RUNNING = 3  # names of running nodes on the live line
REST_OF_THE_LINE = Column(ratio=1, no_wrap=True, overflow="ellipsis")


class Past(NamedTuple):
    """How long an earlier build took: ``seconds`` of each node by its unique id, and ``elapsed`` in all."""

    seconds: dict[str, float]
    elapsed: float

    @classmethod
    def read(cls, results: Path) -> Self:
        """Read dbt's ``run_results.json``; nothing is known where there is none that can be read."""
        try:
            content = json.loads(results.read_text(encoding="utf-8"))
            seconds = {node["unique_id"]: float(node["execution_time"]) for node in content["results"]}
            return cls(seconds, float(content["elapsed_time"]))
        except (OSError, ValueError, KeyError, TypeError):
            return cls({}, 0.0)

    def left(self, done: set[str]) -> float | None:
        """Return about how many seconds are left when some nodes are done; None where it cannot be known."""
        whole = sum(self.seconds.values())
        if not whole:
            return None
        share = sum(seconds for node, seconds in self.seconds.items() if node in done) / whole
        return self.elapsed * (1 - share)


class Progress:
    """Reads dbt's log in JSON, a line at a time, and shows what a person waits for.

    Parameters
    ----------
    console
        Where to show it.
    results
        ``run_results.json`` of an earlier build, of which the time that is left is told; it need not exist.
    """

    def __init__(self, console: Console, results: Path) -> None:
        self.past = Past.read(results)
        self.done: set[str] = set()
        self._console = console
        self._running: dict[str, str] = {}
        self._total = 0
        self._bar = Bar(
            TextColumn("Building"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
            TextColumn("{task.fields[running]}", style="dim", table_column=REST_OF_THE_LINE),
            console=console,
            expand=True,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("", total=None, left="", running="")

    def __enter__(self) -> Self:
        """Begin the live line."""
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        self._bar.stop()

    def __call__(self, line: str) -> None:
        """Take a line of dbt's log; one that is not dbt's is shown as it is."""
        try:
            event = json.loads(line)
            info, data = event["info"], event["data"]
        except (ValueError, KeyError, TypeError):
            self._say(line)
            return
        node = data.get("node_info") or {}
        if info["name"] == STARTED:
            self._total = max(self._total, int(data.get("total") or 0))
            self._running[node["unique_id"]] = node["node_name"]
        elif info["name"] in FINISHED:
            self._finished(node, data)
        if info["level"] in ("warn", "error") or info["name"] in TOLD:
            self._say(info["msg"])
        self._move()

    def _finished(self, node: dict[str, Any], data: dict[str, Any]) -> None:
        self.done.add(node["unique_id"])
        self._running.pop(node["unique_id"], None)
        if node.get("resource_type") in SHOWN and not self._console.is_terminal:
            place = f"{len(self.done):>{len(str(self._total))}}/{self._total}"
            self._say(f"{place} {node['node_name']}, {data.get('execution_time') or 0:.1f} s")

    def _move(self) -> None:
        left = self.past.left(self.done)
        told = "" if left is None else f"about {time.strftime('%M:%S', time.gmtime(left))} left"
        names = list(self._running.values())[:RUNNING]
        self._bar.update(
            self._task,
            completed=len(self.done),
            total=self._total or None,  # until dbt has read the project
            left=told,
            running=", ".join(names),
        )

    def _say(self, text: str) -> None:
        self._console.print(text.rstrip("\n"), markup=False, highlight=False, soft_wrap=True)
