"""The figures of README and docs, from the one file that the benchmarks write.

    python benchmarks/figures.py            # fails where a document says another
    python benchmarks/figures.py --write    # puts them into the documents

A table stands between `<!-- figures: NAME -->` and `<!-- end -->` and is rendered here. A figure in
a sentence has its key behind it, `0.677<!-- whole.mse_ratio -->`, and keeps its number of digits.
"""

import argparse
import datetime
import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[1]
FILE = PROJECT / "benchmarks" / "figures.json"
DOCUMENTS = (
    "README.md",
    "docs/model.md",
    "docs/gate.md",
    "docs/data.md",
    "docs/settings.md",
    "docs/decisions/0018-naive-forecasts.md",
    "docs/beam.md",
    "docs/serving.md",
    "docs/decisions/0031-what-alarms.md",
)
BLOCK = re.compile(r"(<!-- figures: ([a-z_]+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
INLINE = re.compile(r"(-?[\d,]+(?:\.(\d+))?)(<!-- ([a-z_]+(?:\.[A-Za-z_0-9]+)+) -->)")

PROFILES = ("target-only", "hourly", "quarter-hours")

Figures = Mapping[str, Any]


def record(section: str, figures: Figures) -> None:
    """Writes what a benchmark measured, with its date, and leaves the other sections alone."""
    known = json.loads(FILE.read_text("utf-8")) if FILE.exists() else {}
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    known[section] = {"date": today, **figures}
    FILE.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def rendered(text: str, figures: Figures) -> str:
    """Returns a document with the file's figures in it.

    Raises:
        KeyError: It names a table or figure that there is not.
    """
    text = BLOCK.sub(lambda m: m[1] + TABLES[m[2]](figures) + m[4], text)
    return INLINE.sub(lambda m: _number(_at(figures, m[4]), len(m[2] or "")) + m[3], text)


def _at(figures: Figures, key: str) -> float:
    value: Any = figures
    for part in key.split("."):
        value = value[int(part) if part.isdigit() else part]
    return value


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"


def _table(rows: Sequence[Sequence[str]]) -> str:
    heading, *others = rows
    lines = [heading, ["---"] * len(heading), *others]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _per_step(figures: Figures) -> str:
    """Errors by step ahead."""
    whole = figures["whole"]
    steps, unit = whole["per_step"], whole["unit"]
    rows = (
        (f"MSE of the mean, {unit}²", "mse", 4),
        (f"the best naive forecast's MSE, {unit}²", "naive_mse", 4),
        (f"MAE of the median, {unit}", "mae", 4),
        (f"the best naive forecast's MAE, {unit}", "naive_mae", 4),
        ("fraction within P10..P90", "coverage_p10_p90", 3),
    )
    total = {
        "mse": f"**{whole['mse_ratio']:.3f}**",
        "mae": f"**{whole['mae_ratio']:.3f}**",
        "coverage_p10_p90": f"{whole['coverage_p10_p90']:.3f}",
    }
    return _table(
        [
            [
                f"{whole['forecasts']:,} forecasts, steps ahead",
                *(str(step["step"]) for step in steps),
                "ratio",
            ],
            *(
                [name, *(_number(step[key], digits) for step in steps), total.get(key, "")]
                for name, key, digits in rows
            ),
        ]
    )


def _costs(figures: Figures) -> str:
    """Seconds and memory."""
    whole, again, quarter = figures["whole"], figures["again"], figures["quarter"]
    article, script = figures["article"], figures["article_script"]
    return _table(
        [
            ["what", "seconds", "peak memory"],
            ["raw file to pushed model, search included", *_cost(whole)],
            [
                f"unchanged re-run, of which its nodes {again['node_seconds']:.1f} s",
                *_cost(again),
            ],
            [
                "reading, statistics, validation and Transform of all rows",
                f"{whole['data_seconds']:.1f}",
                f"{whole['data_peak_gib']:.2f} GiB",
            ],
            [
                "the same for a quarter of the rows",
                f"{quarter['data_seconds']:.1f}",
                f"{quarter['data_peak_gib']:.2f} GiB",
            ],
            ["`article` profile: four two-layer LSTMs and everything around them", *_cost(article)],
            [
                "a plain Keras script of those four trainings alone",
                f"{script['train_seconds']:.0f}",
                "",
            ],
        ]
    )


def _cost(run: Figures) -> tuple[str, str]:
    return f"{run['process_seconds']:.0f}", f"{run['peak_gib']:.2f} GiB"


def _families(figures: Figures) -> str:
    """The families of networks side by side."""
    return _table(
        [
            ["family", "parameters", "steps", "CPU s", "MSE ratio", "MAE ratio", "P10..P90"],
            *(
                [
                    name,
                    f"{family['parameters']:,}",
                    str(family["steps"]),
                    f"{family['cpu_seconds']:.0f}",
                    f"{family['mse_ratio']:.3f}",
                    f"{family['mae_ratio']:.3f}",
                    f"{family['coverage']:.3f}",
                ]
                for name, family in sorted(figures["families"].items())
                if name != "date"
            ),
        ]
    )


def _measured(figures: Figures) -> dict[str, Figures]:
    """The profiles that were held against LightGBM."""
    keys = {name: f"profile_{name.replace('-', '_')}" for name in PROFILES}
    return {name: figures[key] for name, key in keys.items() if key in figures}


def _profiles(figures: Figures) -> str:
    """The profiles beside naive forecasts and LightGBM."""
    measured = _measured(figures)
    return _table(
        [
            [
                "profile",
                "a step",
                "ahead",
                "looks back",
                "MSE ratio",
                "worst step",
                "MAE ratio",
                "worst step",
                "MSE over LightGBM's",
            ],
            *(
                [
                    f"`{name}`",
                    found["cadence"],
                    str(found["horizon"]),
                    str(found["window"]),
                    *(
                        f"{found[key]:.3f}"
                        for key in (
                            "mse_ratio",
                            "worst_step_mse_ratio",
                            "mae_ratio",
                            "worst_step_mae_ratio",
                            "ratio_to_lightgbm",
                        )
                    ),
                ]
                for name, found in measured.items()
            ),
        ]
    )


def _peers(figures: Figures) -> str:
    """Squared errors of all forecasts of the profiles, on average and one step ahead."""
    rows = []
    for name, found in _measured(figures).items():
        steps = found["per_step"]
        by_step = {
            "persistence": [step["persistence_mse"] for step in steps],
            "same time yesterday": [step["same_time_yesterday_mse"] for step in steps],
            "same time last week": [step["same_time_last_week_mse"] for step in steps],
            "LightGBM": found["lightgbm_mse_by_step"],
            "this model": [step["mse"] for step in steps],
        }
        means = {one: sum(values) / len(values) for one, values in by_step.items()}
        cpu = f"{found['cpu_seconds']:.0f} / {found['lightgbm_cpu_seconds']:.0f}"
        rows.append([f"`{name}`, all steps", *(f"{mean:.4f}" for mean in means.values()), cpu])
        first = (f"{values[0]:.4f}" for values in by_step.values())
        rows.append([f"`{name}`, one step ahead", *first, ""])
    return _table([["MSE, kW²", *by_step, "CPU s of the fits, model / LightGBM"], *rows])


def _step_noise(figures: Figures) -> str:
    """What the worst step of a model that is as good as the naive forecast looks like."""
    rows, weeks = [], sorted(figures["step_noise_hourly"]["mse"], key=int)
    for name in ("hourly", "quarter-hours"):
        for measure, found in figures[f"step_noise_{name.replace('-', '_')}"].items():
            if measure != "date":
                worst = (f"{found[one]['worst_step']:.2f}" for one in weeks)
                above = f"{found[weeks[-1]]['above_strict']:.0%} of {weeks[-1]} weeks"
                rows.append([f"`{name}`, {measure.upper()}", *worst, above])
    return _table([["of weeks", *weeks, "above 1.02"], *rows])


ENGINE_NAMES = {
    "direct-1": "this process",
    "direct-2": "2 processes",
    "direct-2-threads": "2 threads",
    "flink-1": "Flink, 1 worker",
    "flink-2": "Flink, 2 workers",
}


def _engines(figures: Figures) -> str:
    """The Beam steps by rows, engine and workers."""
    found = figures["engines"]
    nodes = ("PowerExampleGen", "StatisticsGen", "Transform", "Evaluator")
    rows = []
    for size in ("quarter", "all", "ten"):
        for engine, name in ENGINE_NAMES.items():
            run = found.get(f"{size}-{engine}")
            if run is None:
                continue
            seconds = (f"{run['seconds'][node]:.0f}" for node in nodes)
            of_workers = " and ".join(f"{mib / 1024:.2f}" for mib in run["workers_mib"])
            peak = f"{max(run['peak_mib'].values()) / 1024:.2f}"
            rows.append(
                [
                    f"{run['rows']:,}",
                    name,
                    *seconds,
                    f"{run['total_seconds']:.0f}",
                    peak,
                    of_workers if engine.startswith("flink") else "",
                    f"{run['load']:.0f}",
                ]
            )
    memory = ["GiB of the run's process", "of the workers"]
    return _table([["rows", "engine", *nodes, "seconds", *memory, "load"], *rows])


def _before_after(figures: Figures) -> str:
    """The default run at an earlier commit and at a later one."""
    found = figures["before_after"]
    runs = [(found["commits"][when], found[when]) for when in ("before", "after")]
    return _table(
        [
            ["median of three", "seconds", "of each run", "peak memory", "MSE ratio", "MAE ratio"],
            *(
                [
                    f"at {commit}",
                    f"{run['seconds']:.0f}",
                    ", ".join(f"{seconds:.0f}" for seconds in run["all_seconds"]),
                    f"{run['gib']:.2f} GiB",
                    f"{run['mse_ratio']:.3f}",
                    f"{run['mae_ratio']:.3f}",
                ]
                for commit, run in runs
            ),
        ]
    )


HAPPENS = {
    "voltage_gain": "the voltage's factor grows by 0.3 % a day",
    "power_gain": "the active power's factor grows by 0.3 % a day",
    "transformer_gain": "that of power, reactive power and current alike",
    "power_offset": "the meter shows 0.3 kW too much",
    "voltage_frozen": "the voltage stands still",
    "power_frozen": "the active power stands still",
    "away": "a fortnight with the base load alone",
    "client_watts": "the client sends W for kW",
    "client_no_voltage": "the client sends 0 for the voltage",
}


def _monitoring(figures: Figures) -> str:
    """What the monitor reports of what happens, and after how many days."""
    rows = []
    for name, words in HAPPENS.items():
        days: dict[str, list[int]] = {}
        for found in figures["monitoring"][name].values():
            for alarm, day in found.items():
                days.setdefault(alarm, []).append(day)
        tries = len(figures["monitoring"][name])
        by_first = sorted(days.items(), key=lambda one: min(one[1]))
        reported = (_after(alarm, found, tries) for alarm, found in by_first)
        rows.append([words, ", ".join(reported) or "nothing in six weeks"])
    return _table([["what happens", "reported, days after it begins"], *rows])


def _after(alarm: str, days: Sequence[int], tries: int) -> str:
    between = f"{min(days)}" if min(days) == max(days) else f"{min(days)} to {max(days)}"
    some = "" if len(days) == tries else f" ({len(days)} of {tries})"
    return f"`{alarm}` {between}{some}"


SERVERS = {
    "bare": "a loop that calls the model",
    "bare_json": "the same, JSON read and written",
    "rest": "local server, REST",
    "grpc": "local server, gRPC",
    "kserve": "kserve 0.20's Python server, REST",
}


def _serving(figures: Figures) -> str:
    """Requests a second and latencies of the local server and its peers."""
    found = figures["serving"]
    clients = ("1", "8", "32")
    rows = []
    for size in ("1", "32"):
        for key, name in SERVERS.items():
            if key in found:
                cells = (_served(found[key][size].get(number)) for number in clients)
                rows.append([size, name, *cells])
    heads = (f"{number} client{'s' if number != '1' else ''}" for number in clients)
    return _table([["windows", "requests a second (median / 99th percentile, ms)", *heads], *rows])


def _served(run: Figures | None) -> str:
    return f"{run['rate']:,.0f} ({run['p50']:.1f} / {run['p99']:.1f})" if run else ""


TABLES: Mapping[str, Callable[[Figures], str]] = {
    "per_step": _per_step,
    "costs": _costs,
    "families": _families,
    "profiles": _profiles,
    "peers": _peers,
    "step_noise": _step_noise,
    "engines": _engines,
    "before_after": _before_after,
    "monitoring": _monitoring,
    "serving": _serving,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Compares the documents with the file, or brings them up to it; returns 1 on a difference."""
    parser = argparse.ArgumentParser(description="Compare the documents' figures with the file's.")
    parser.add_argument("--write", action="store_true", help="change the documents")
    write = parser.parse_args(arguments).write
    figures = json.loads(FILE.read_text("utf-8"))
    stale = []
    for name in DOCUMENTS:
        text = (PROJECT / name).read_text("utf-8")
        after = rendered(text, figures)
        if after != text:
            stale.append(name)
        if write:
            (PROJECT / name).write_text(after, "utf-8")
    if stale and not write:
        print(f"{', '.join(stale)}: figures are not those of {FILE.name}; run `make figures`")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
