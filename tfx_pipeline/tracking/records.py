"""What MLflow is told of a run: parameters, figures and times of it and of its fits.

All of it comes from the summary, and the same summary gives the same records: logged a second
time, they change nothing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from tfx_pipeline.evaluation.results import Evaluation, Result
from tfx_pipeline.report.summary import NodeSummary, RunSummary
from tfx_pipeline.training_record import FitRecord, TrialRecord

KEY = "household_power.key"
"""Tag that tells our runs apart: each has another, and it is found again by that."""

LONGEST_NOTE = 4000
"""Characters; servers take 5,000 and more."""
LONGEST_NAME = 100
"""Characters of a slice's name; servers take 250 for the whole key."""


@dataclass(frozen=True)
class Figure:
    """A number of a run.

    Attributes:
        key: Its name.
        value: Finite.
        step: Batches so far, or steps ahead; 0 where there is one value only.
        at: Milliseconds since 1970.
    """

    key: str
    value: float
    step: int
    at: int


@dataclass(frozen=True)
class Record:
    """A run, as MLflow has it.

    Attributes:
        key: Value of the tag `KEY`.
        name: What people see.
        params: Parameters.
        figures: Metrics.
        tags: Besides `KEY`.
        start: Milliseconds since 1970.
        end: The same.
        failed: Whether it did not come to its end.
    """

    key: str
    name: str
    params: Mapping[str, str]
    figures: tuple[Figure, ...]
    tags: Mapping[str, str]
    start: int
    end: int
    failed: bool = False


def of_run(summary: RunSummary, began: float) -> Record:
    """Returns the record of the whole run.

    Args:
        summary: Of the run.
        began: When it began, seconds since 1970.
    """
    end = _milliseconds(began + summary.total_seconds)
    return Record(
        key=f"{summary.pipeline}/{summary.run_id}",
        name=summary.run_id,
        params=dict(_params(summary)),
        figures=tuple(_figures(summary, end)),
        tags=dict(_tags(summary)),
        start=_milliseconds(began),
        end=end,
        failed=summary.state == "failed",
    )


def of_fits(summary: RunSummary, began: float) -> tuple[Record, ...]:
    """Returns the records of the search's trials and of the final fit.

    What came from the cache was done by another run, and is logged there.

    Args:
        summary: Of the run.
        began: When it began, seconds since 1970.
    """
    key = f"{summary.pipeline}/{summary.run_id}"
    made = {node.id: began + (node.started_seconds or 0) for node in _made(summary)}
    fits: list[tuple[str, FitRecord, float]] = []
    if "Tuner" in made:
        for number, trial in enumerate(summary.trials or (), 1):
            fits.append((f"trial {number}", trial, made["Tuner"]))
    if "Trainer" in made and summary.fit:
        fits.append(("fit", summary.fit, made["Trainer"]))
    return tuple(_of_fit(f"{key}/{name}", name, fit, start) for name, fit, start in fits)


def _made(summary: RunSummary) -> Iterator[NodeSummary]:
    return (node for node in summary.nodes if node.state == "complete")


def _of_fit(key: str, name: str, fit: FitRecord, started: float) -> Record:
    start, end = _milliseconds(started), _milliseconds(started + fit.seconds)
    params = {f"hyperparameters.{one}": value for one, value in fit.hyperparameters.items()}
    figures = list(_numbers({"seconds": fit.seconds, "steps": fit.steps}, "", end))
    if isinstance(fit, TrialRecord):
        figures += _numbers({"score": fit.score}, "", end)
    for row in fit.progress:
        at = start + (end - start) * row.step // fit.steps
        figures += _numbers(row.model_dump(exclude={"step"}), "", at, row.step)
    return Record(key, name, _texts(params), tuple(figures), {}, start, end)


def _params(summary: RunSummary) -> Iterator[tuple[str, str]]:
    values: dict[str, object] = {"profile": summary.profile}
    if of := summary.provenance:
        values |= {"release": of.release, "code": of.code, "commit": of.commit}
        values |= {"schema": of.schema_digest, "data.fingerprint": of.data_fingerprint}
        values |= {"data.span": of.span}
        values |= {f"settings.{name}": value for name, value in of.settings.items()}
        values |= {f"packages.{name}": value for name, value in of.packages.items()}
    if data := summary.data:
        values |= {"data.first": data.first, "data.last": data.last, "data.rows": data.rows}
    for name, value in (summary.hyperparameters or {}).items():
        values[f"hyperparameters.{name}"] = value
    return iter(_texts(values).items())


def _texts(values: Mapping[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in values.items() if value not in (None, "")}


def _tags(summary: RunSummary) -> Iterator[tuple[str, str]]:
    yield "household_power.pipeline", summary.pipeline
    yield "household_power.blessed", str(summary.blessed).lower()
    if summary.pushed_version:
        yield "household_power.version", summary.pushed_version
    note = "\n".join(f"- {line}" for line in (summary.error, *summary.reasons) if line)
    if note:
        yield "mlflow.note.content", note[:LONGEST_NOTE]


def _figures(summary: RunSummary, at: int) -> Iterator[Figure]:
    run = {"total_seconds": summary.total_seconds, "peak_rss_bytes": summary.peak_rss_bytes}
    yield from _numbers(run, "run/", at)
    for node in _made(summary):
        yield from _numbers({node.id: node.seconds}, "seconds/", at)
    if summary.evaluation:
        yield from _of_evaluation(summary.evaluation, at)
    if summary.serving_check:
        yield from _numbers(summary.serving_check.model_dump(), "serving/", at)


def _of_evaluation(evaluation: Evaluation, at: int) -> Iterator[Figure]:
    yield from _numbers(evaluation.model_dump(), "", at)
    if evaluation.baseline:
        yield from _numbers(evaluation.baseline.model_dump(), "baseline/", at)
    parts: Iterator[tuple[str, Result, int]] = chain(
        (("ahead/", row, row.step) for row in evaluation.per_step),
        ((f"slice/{_clean(one.slice)}/", one, 0) for one in evaluation.slices),
    )
    for prefix, scores, step in parts:
        yield from _numbers(scores.model_dump(exclude={"step"}), prefix, at, step)


def _numbers(values: Mapping[str, object], prefix: str, at: int, step: int = 0) -> Iterator[Figure]:
    for name, value in values.items():
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            yield Figure(prefix + name, float(value), step, at)


def _clean(name: str) -> str:
    """A name of a slice with the characters that keys may have."""
    return re.sub(r"[^\w -]", "_", name)[:LONGEST_NAME]


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
