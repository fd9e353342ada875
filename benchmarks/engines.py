"""How long the Beam steps take, and what memory, by rows, engine and workers.

    python benchmarks/engines.py                            # everything, most of an hour
    python benchmarks/engines.py --rows=quarter --engines=direct-1,flink-2

Each is a run of the whole pipeline with hardly any training. The rows are a quarter of the embedded
data, all of them, and ten times all (repeated, each time four years later). Flink is a cluster of
`make flink`'s kind with two task managers on this machine. Figures go into figures.json as each run
ends, with those of earlier calls.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from figures import FILE, record

from tfx_pipeline.data.raw.location import locate
from tfx_pipeline.report.summary import RunSummary, read_summary
from tools.cluster.jars import bring
from tools.cluster.processes import started
from tools.flink.cluster import Cluster
from tools.flink.jars import FLINK

PROJECT = Path(__file__).parent.parent
OUTPUTS = PROJECT / "outputs" / "engines"
ROWS = 2_075_259
NODES = ("PowerExampleGen", "StatisticsGen", "Transform", "Evaluator")
HARDLY_ANY = ("--tuner.enabled=false", "--model.steps=40", "--model.stride=48")
ENGINES = {
    "direct-1": ["--beam.workers=1"],
    "direct-2": ["--beam.workers=2"],
    "direct-2-threads": [
        "--beam.workers=2",
        "--beam.options=--direct_running_mode=multi_threading",
    ],
    "flink-1": ["--beam.workers=1"],
    "flink-2": ["--beam.workers=2"],
}
TIMES = 10
MIB = 2**20


class Memory:
    """The most memory that a process below another one had, by process; sampled twice a second.

    Args:
        parent: Process whose descendants are looked at.
    """

    def __init__(self, parent: int) -> None:
        self._parent = parent
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._sample)
        self.peaks: dict[int, int] = {}
        """Process -> bytes of its own share (Pss)."""

    def __enter__(self) -> Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._ended.wait(0.5):
            for process in descendants(self._parent):
                with suppress(OSError, StopIteration, ValueError):
                    self.peaks[process] = max(self.peaks.get(process, 0), share(process))


def descendants(parent: int) -> Iterator[int]:
    """Processes started by a process, and by those."""
    for children in Path(f"/proc/{parent}/task").glob("*/children"):
        with suppress(OSError):
            for child in map(int, children.read_text().split()):
                yield child
                yield from descendants(child)


def share(process: int) -> int:
    """Bytes of memory of a process, where what several share is divided among them."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return 1024 * int(next(line for line in lines if line.startswith("Pss:")).split()[1])


@contextmanager
def rows_of(size: str) -> Iterator[list[str]]:
    """Options of a quarter of the embedded data, of all, or of ten times all.

    Each time is four years later than the one before, so that leap days fit.
    """
    if size != "ten":
        yield {"quarter": [f"--data.rows={ROWS // 4}"], "all": []}[size]
        return
    base, name = locate(None).base, locate(None).pattern
    path = OUTPUTS / "ten_times.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("wb") as out:
            for number in range(TIMES):
                with (Path(base) / name).open("rb") as lines:
                    header = next(lines)
                    if number == 0:
                        out.write(header)
                    years = {
                        b"%d" % year: b"%d" % (year + 4 * number) for year in range(2006, 2011)
                    }
                    out.writelines(years[line[:4]] + line[4:] for line in lines)
        yield [f"--data.path={path}"]
    finally:
        path.unlink(missing_ok=True)


def measure(rows: str, engine: str, data: list[str], flink: Cluster | None) -> None:
    """Runs the pipeline once and records it."""
    name = f"{rows}-{engine}"
    print(f"--- {name}", flush=True)
    given = [*flink.settings, "--beam.shared=/"] if flink else []
    given = [option for option in given if not option.startswith("--beam.workers")]
    options = [f"--name={name}", f"--outputs={OUTPUTS}", *HARDLY_ANY, *given, *ENGINES[engine]]
    start = time.perf_counter()
    load = os.getloadavg()[0]
    process = subprocess.Popen([sys.executable, "runner_local.py", *options, *data], cwd=PROJECT)
    with Memory(flink.pool if flink else process.pid) as memory:
        code = process.wait()
    if code:
        raise SystemExit(f"{name} failed")
    record("engines", known() | {name: figures(read_summary(OUTPUTS / "latest"), memory, load)})
    print(f"{name}: {time.perf_counter() - start:.0f} s", flush=True)


def figures(summary: RunSummary, memory: Memory, load: float) -> dict[str, Any]:
    """What documents speak of."""
    nodes = {node.id: node for node in summary.nodes}
    if summary.evaluation is None or summary.data is None:
        raise RuntimeError(f"{summary.run_id} has no evaluation")
    return {
        "rows": summary.data.rows,
        "seconds": {name: round(nodes[name].seconds, 1) for name in NODES},
        "total_seconds": round(sum(nodes[name].seconds for name in NODES), 1),
        "peak_mib": {name: round(nodes[name].peak_rss_bytes / MIB) for name in NODES},
        "workers_mib": sorted((round(peak / MIB) for peak in memory.peaks.values()), reverse=True)[
            :2
        ],
        "load": round(load, 1),
        "mse": summary.evaluation.mse,
    }


def known() -> dict[str, Any]:
    """What was measured before."""
    before = json.loads(FILE.read_text("utf-8")).get("engines", {})
    return {name: run for name, run in before.items() if name != "date"}


def main() -> None:
    """Measures what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", default="quarter,all,ten")
    parser.add_argument("--engines", default=",".join(ENGINES))
    asked = parser.parse_args()
    jars = bring(FLINK, PROJECT / ".runtime/flink")
    with started(Cluster(jars, OUTPUTS / "flink")) as flink:
        for size in asked.rows.split(","):
            with rows_of(size) as data:
                for engine in asked.engines.split(","):
                    measure(size, engine, data, flink if engine.startswith("flink") else None)


if __name__ == "__main__":
    # Whoever ends this ends its cluster.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    main()
