"""The figures of README and docs: `make bench` runs this, and writes them into figures.json.

Whole processes are timed, from their start to their end. Ratios are between runs of the same call,
because machines differ and are noisy.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from figures import main as write_documents
from figures import record

from tfx_pipeline.report.summary import RunSummary, read_summary

PROJECT = Path(__file__).parent.parent
OUTPUTS = PROJECT / "outputs" / "bench"
ROWS = 2_075_259
GIB = 2**30
DATA_NODES = ("PowerExampleGen", "StatisticsGen", "SchemaGen", "ExampleValidator", "Transform")


def pipeline(name: str, *options: str) -> tuple[RunSummary, float]:
    """Runs the pipeline under a name of its own; returns its summary and the process's seconds."""
    print(f"--- {name}", flush=True)
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "runner_local.py", f"--name={name}", f"--outputs={OUTPUTS}", *options],
        cwd=PROJECT,
        check=True,
    )
    seconds = time.perf_counter() - start
    return read_summary(OUTPUTS / "latest"), seconds


def script(name: str, *arguments: str) -> str:
    """Runs another benchmark; returns the last line that it prints."""
    print(f"--- {name}", flush=True)
    done = subprocess.run(
        [sys.executable, f"benchmarks/{name}.py", *arguments],
        cwd=PROJECT,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return done.stdout.splitlines()[-1]


def newest(folder: Path) -> Path:
    """The last version of an artifact."""
    return max(folder.iterdir(), key=lambda version: int(version.name))


def families(run: Path) -> None:
    """Compares the families of networks on the Examples of a run."""
    outputs = ("PowerExampleGen/examples", "Transform/transform_graph")
    script("families", *(str(newest(run / "artifacts" / output)) for output in outputs))


def figures(run: tuple[RunSummary, float]) -> dict[str, Any]:
    """The figures of one run that documents speak of."""
    summary, process_seconds = run
    data = [node for node in summary.nodes if node.id in DATA_NODES]
    if summary.evaluation is None or summary.data is None:
        raise RuntimeError(f"{summary.run_id} has no evaluation")
    return {
        **summary.evaluation.model_dump(
            mode="json", exclude={"slices", "verdicts", "baseline", "reasons"}
        ),
        "rows": summary.data.rows,
        "process_seconds": process_seconds,
        "node_seconds": sum(node.seconds for node in summary.nodes),
        "peak_gib": summary.peak_rss_bytes / GIB,
        "data_seconds": sum(node.seconds for node in data),
        "data_peak_gib": max(node.peak_rss_bytes for node in data) / GIB,
        "seconds": {node.id: node.seconds for node in summary.nodes},
    }


def main() -> None:
    """Runs everything afresh, and writes the figures into the file and the documents."""
    shutil.rmtree(OUTPUTS, ignore_errors=True)
    record("whole", figures(pipeline("whole")))
    record("again", figures(pipeline("whole")))
    quarter = ("--model.steps=10", "--tuner.steps=10")
    record("quarter", figures(pipeline("quarter", f"--data.rows={ROWS // 4}", *quarter)))
    record("least", json.loads(script("least")))
    record("article_script", json.loads(script("article_script")))
    record("article", figures(pipeline("article", "--profile=article")))
    families(OUTPUTS / "whole")
    write_documents(["--write"])


if __name__ == "__main__":
    main()
