"""The verdict about a run: a word, a sentence, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from tfx_pipeline.report.html.figures import number
from tfx_pipeline.report.summary import RunSummary
from tfx_pipeline.series.durations import text

DATA_GATE = "DataGate"

Tone = Literal["good", "bad", "warning"]


@dataclass(frozen=True)
class Headline:
    """What a person reads first.

    Attributes:
        word: Such as Pushed.
        tone: Decides on the colour.
        sentence: The verdict.
        reasons: Why, a line each; may be empty.
    """

    word: str
    tone: Tone
    sentence: str
    reasons: tuple[str, ...] = ()


def headline(summary: RunSummary) -> Headline:
    """The verdict about a run."""
    if summary.state == "failed":
        return _failed(summary)
    evaluation = summary.evaluation
    if evaluation is None:
        return Headline("Complete", "warning", "The run ended without an evaluation.")
    if summary.pushed_version:
        newest = text(round(timedelta(hours=evaluation.hours).total_seconds()))
        return Headline(
            "Pushed",
            "good",
            f"The model serves as version {summary.pushed_version}. On {evaluation.forecasts:,} "
            f"forecasts of the newest {newest}, its squared error is "
            f"{number(evaluation.mse_ratio, '.3f')} of the best naive forecast's, its absolute "
            f"error {number(evaluation.mae_ratio, '.3f')}.{_unchanged(summary)}",
        )
    if evaluation.blessed:
        check = summary.serving_check
        return Headline(
            "Not pushed",
            "bad",
            "The gate blessed the model, but it was not pushed.",
            check.reasons if check else (),
        )
    failed = tuple(one.finding for one in evaluation.verdicts if one.outcome == "failed")
    return Headline("Not pushed", "bad", "The gate refused the model; what served goes on.", failed)


def _unchanged(summary: RunSummary) -> str:
    """Says so where no step had anything to do."""
    made = [node.state for node in summary.nodes if node.outputs]
    return (
        " Nothing had changed: every step came from the cache." if set(made) == {"cached"} else ""
    )


def _failed(summary: RunSummary) -> Headline:
    node = next((node.id for node in summary.nodes if node.state == "failed"), "The run")
    lines = tuple(line.strip() for line in (summary.error or "").splitlines() if line.strip())
    if node == DATA_GATE:
        sentence = "The data gate stopped the run: nothing was trained on these data."
        return Headline("Stopped", "bad", sentence, lines)
    return Headline("Failed", "bad", f"{node} failed; nothing was pushed.", lines)
