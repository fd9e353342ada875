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
DOCUMENTS = ("README.md", "docs/model.md", "docs/gate.md", "docs/data.md", "docs/settings.md")
BLOCK = re.compile(r"(<!-- figures: ([a-z_]+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
INLINE = re.compile(r"(-?[\d,]+(?:\.(\d+))?)(<!-- ([a-z_]+(?:\.[A-Za-z_0-9]+)+) -->)")

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


TABLES: Mapping[str, Callable[[Figures], str]] = {
    "per_step": _per_step,
    "costs": _costs,
    "families": _families,
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
