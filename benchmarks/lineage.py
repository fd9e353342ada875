"""How long questions about lineage take on a store of a thousand runs, start-up included.

    python benchmarks/lineage.py [--runs=1000]

Writes the runs into an SQLite file as LocalRunner writes them, with parameters as long as real
ones: the data changes every tenth run, half of the runs come from the cache, every seventh model is
refused, and a rollback follows every hundredth run. Each question is a process of its own; printed
are the least seconds of three, by the clock and of processor time.
"""

import argparse
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.support.lineage import PIPELINE, Story, Writer, data_file, sqlite_store

PROJECT = Path(__file__).parent.parent
OUTPUTS = PROJECT / "outputs" / "bench" / "lineage"
ROUNDS = 3
MORE = 2000
"""Characters; what real components are given is 2,000 to 5,000 long."""


def main() -> None:
    """Measures and prints one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    runs = parser.parse_args().runs
    shutil.rmtree(OUTPUTS, ignore_errors=True)
    OUTPUTS.mkdir(parents=True)
    start = time.monotonic()
    last = write(runs, OUTPUTS / "metadata.sqlite")
    size = (OUTPUTS / "metadata.sqlite").stat().st_size
    print(f"{runs} runs, {size / 1e6:.0f} MB, written in {time.monotonic() - start:.0f} s")
    print("| household-power lineage | s | of processor time |\n|---|---|---|")
    for question in (
        ["history"],
        ["history", f"--last={runs}"],
        ["model", last],
        ["data", str(OUTPUTS / "data-0.csv")],
        ["data", "2006-01-01..2200-01-01"],
        ["diff", "run-0", f"run-{runs - 1}"],
    ):
        wall, cpu = map(min, zip(*(seconds(question) for _ in range(ROUNDS)), strict=True))
        print(f"| `{' '.join(question)}` | {wall:.2f} | {cpu:.2f} |", flush=True)


def write(runs: int, database: Path) -> str:
    """Writes a store; returns the version that was pushed last.

    In memory first: ML Metadata waits for the disk after each step of each run.
    """
    with tempfile.TemporaryDirectory(dir="/dev/shm") as memory:
        file = Path(memory, "metadata.sqlite")
        story = Story(Writer(sqlite_store(file), str(OUTPUTS)), OUTPUTS / "serving", MORE)
        made, version = {}, ""
        for number in range(runs):
            if number % 2:
                story.again(f"run-{number}", made)
                continue
            span = number // 10
            content = data_file(OUTPUTS / f"data-{span}.csv", str(span))
            days = (f"{2007 + span:04}-01-01 00:00", f"{2007 + span:04}-12-31 23:59")
            made = story.trained(story.prepared(f"run-{number}", content, span, *days), number)
            own = None if number % 7 == 3 else str(1000 + number)
            made = story.evaluated(made, 0.1, own, against=version or None)
            if own and number % 100 == 0 and version:
                story.rolled_back(own)
            else:
                version = own or version
        shutil.copy(file, database)
    return version


def seconds(question: list[str]) -> tuple[float, float]:
    """Seconds of one question in a process of its own, and how many of them it computed."""
    command = [Path(sys.executable).with_name("household-power"), "lineage", *question]
    store = [f"--store={OUTPUTS / 'metadata.sqlite'}", f"--name={PIPELINE}"]
    start, before = time.monotonic(), children_seconds()
    subprocess.run([*command, *store], cwd=PROJECT, check=True, capture_output=True)
    return time.monotonic() - start, children_seconds() - before


def children_seconds() -> float:
    """Processor time of all processes that have been waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
