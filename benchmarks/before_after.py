"""The default run at an earlier commit and at this one: time, memory, accuracy, medians of three.

    python benchmarks/before_after.py COMMIT

Runs take turns, because machines differ and are noisy. Both use this environment's packages, and
working trees of their own: who edits a file meanwhile changes no run.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from figures import record

PROJECT = Path(__file__).parent.parent
RUNS = 3
GIB = 2**30


@contextmanager
def checked_out(commit: str) -> Iterator[Path]:
    """A working tree of a commit, removed at the end."""
    with tempfile.TemporaryDirectory() as name:
        tree = Path(name) / "tree"
        git = ["git", "-C", str(PROJECT), "worktree"]
        subprocess.run([*git, "add", "--quiet", "--detach", str(tree), commit], check=True)
        try:
            yield tree
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], check=True)


def run(tree: Path) -> dict[str, float]:
    """Runs the pipeline of a tree from nothing."""
    with tempfile.TemporaryDirectory() as outputs:
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, "runner_local.py", f"--outputs={outputs}"],
            cwd=tree,
            env=os.environ | {"PYTHONPATH": f"{tree}:{tree}/packages/tfx-kubeflow/src"},
            check=True,
        )
        seconds = time.perf_counter() - start
        summary = json.loads((Path(outputs) / "latest/summary.json").read_text())
    evaluation = summary["evaluation"]
    return {
        "seconds": seconds,
        "gib": summary["peak_rss_bytes"] / GIB,
        **{name: evaluation[name] for name in ("mse_ratio", "mae_ratio", "coverage_p10_p90")},
    }


def medians(runs: list[dict[str, float]]) -> dict[str, Any]:
    """The median of each figure, and the seconds of every run."""
    middle = {name: statistics.median(one[name] for one in runs) for name in runs[0]}
    return {**middle, "all_seconds": [round(one["seconds"], 1) for one in runs]}


def main(commit: str) -> None:
    """Measures and records both."""
    head = ["git", "-C", str(PROJECT), "rev-parse", "--short", "HEAD"]
    # Now: who commits meanwhile changes no run.
    newer = subprocess.run(head, check=True, capture_output=True, text=True).stdout.strip()
    with checked_out(commit) as before, checked_out(newer) as after:
        runs = [(run(before), run(after)) for _ in range(RUNS)]
    old, new = ([pair[number] for pair in runs] for number in (0, 1))
    found = {
        "commits": {"before": commit, "after": newer},
        "before": medians(old),
        "after": medians(new),
    }
    record("before_after", found)
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main(sys.argv[1])
