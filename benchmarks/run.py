"""The README's figures: `make bench` runs this and prints one table; the rest is in outputs/bench.

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

PROJECT = Path(__file__).parent.parent
OUTPUTS = PROJECT / "outputs" / "bench"
ROWS = 2_075_259
DATA_NODES = ("PowerExampleGen", "StatisticsGen", "SchemaGen", "ExampleValidator", "Transform")


def pipeline(name: str, *options: str) -> dict[str, Any]:
    """Runs the pipeline under a name of its own; returns its summary and the process's seconds."""
    print(f"--- {name}", flush=True)
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "runner_local.py", f"--name={name}", f"--outputs={OUTPUTS}", *options],
        cwd=PROJECT,
        check=True,
    )
    seconds = time.perf_counter() - start
    summary = json.loads((OUTPUTS / "latest" / "summary.json").read_text())
    return summary | {"process_seconds": seconds}


def script(name: str) -> dict[str, Any]:
    """Runs a benchmark that prints one JSON object."""
    print(f"--- {name}", flush=True)
    environment = os.environ | {"PYTHONPATH": str(PROJECT)}
    done = subprocess.run(
        [sys.executable, f"benchmarks/{name}.py"],
        cwd=PROJECT,
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def data_seconds(summary: dict[str, Any]) -> float:
    """Seconds that the data components took together."""
    return sum(node["seconds"] for node in summary["nodes"] if node["id"] in DATA_NODES)


def data_peak(summary: dict[str, Any]) -> float:
    """Largest resident size of the process during the data components, in GiB."""
    peaks = [node["peak_rss_bytes"] for node in summary["nodes"] if node["id"] in DATA_NODES]
    return max(peaks) / 2**30


def main() -> None:
    """Runs everything afresh and prints the table."""
    shutil.rmtree(OUTPUTS, ignore_errors=True)
    whole = pipeline("whole")
    again = pipeline("whole")
    quarter = pipeline(
        "quarter", f"--data.rows={ROWS // 4}", "--model.steps=10", "--tuner.steps=10"
    )
    script_run = script("article_script")
    article = pipeline("article", "--profile=article")
    evaluation = whole["evaluation"]
    minutes = [
        f"{row['mse_kw2']:.4f} / {row['persistence_mse_kw2']:.4f}"
        for row in evaluation["per_minute"]
    ]
    worse = [
        row["minute"]
        for row in evaluation["per_minute"]
        if row["mse_kw2"] > row["persistence_mse_kw2"] or row["mae_kw"] > row["persistence_mae_kw"]
    ]
    rows = [
        ("rows", f"{whole['data']['rows']:,}"),
        ("MSE over persistence's, newest 20 %", f"{evaluation['mse_ratio']:.3f}"),
        ("MAE over persistence's", f"{evaluation['mae_ratio']:.3f}"),
        ("MSE / persistence per minute ahead, kW²", ", ".join(minutes)),
        ("minutes ahead that are worse than persistence", str(worse or "none")),
        ("share of values in P10..P90", f"{evaluation['coverage_p10_p90']:.3f}"),
        ("blessed and pushed", f"{whole['blessed']}, {whole['pushed_version']}"),
        ("whole run, seconds", f"{whole['process_seconds']:.0f}"),
        ("whole run, peak memory, GiB", f"{whole['peak_rss_bytes'] / 2**30:.2f}"),
        (
            "unchanged re-run, seconds (of which nodes)",
            f"{again['process_seconds']:.0f} "
            f"({sum(node['seconds'] for node in again['nodes']):.1f})",
        ),
        ("data components, seconds, all rows", f"{data_seconds(whole):.1f}"),
        (
            "data components, a quarter of the rows over all",
            f"{data_seconds(quarter) / data_seconds(whole):.2f}",
        ),
        (
            "data components, peak memory, all rows and a quarter, GiB",
            f"{data_peak(whole):.2f}, {data_peak(quarter):.2f}",
        ),
        (
            "articles' script, training alone, seconds (CPU)",
            f"{script_run['train_seconds']:.0f} ({script_run['train_cpu_seconds']:.0f})",
        ),
        ("`article` profile, everything, seconds", f"{article['process_seconds']:.0f}"),
        (
            "... over the articles' script's training",
            f"{article['process_seconds'] / script_run['train_seconds']:.2f}",
        ),
    ]
    table = "\n".join(["| what | figure |", "|---|---|", *(f"| {a} | {b} |" for a, b in rows)])
    (OUTPUTS / "bench.md").write_text(table + "\n")
    (OUTPUTS / "bench.json").write_text(
        json.dumps(
            {
                "whole": whole,
                "again": again,
                "quarter": quarter,
                "article": article,
                "script": script_run,
            },
            indent=2,
        )
    )
    print(table)


if __name__ == "__main__":
    main()
