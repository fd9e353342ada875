"""What an evaluation found: figures, verdicts and the decision, as they travel in JSON.

Errors are in the target's unit, squared ones in its square; ratios are the model's over the naive
forecast's. A figure that could not be
computed (nothing was scored, or the model gave something that is not a number) is None.
"""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, computed_field

from tfx_pipeline.frozen import Frozen


class Result(Frozen):
    """A part of what is reported; fields that a later release adds are ignored."""

    model_config = ConfigDict(extra="ignore")


class StepScores(Result):
    """Errors at one step ahead."""

    step: int
    """1 is the next step."""
    mse: float | None
    """Squared error of the mean."""
    mae: float | None
    """Absolute error of the median."""
    naive_mse: float | None
    """Squared error of the last observation."""
    naive_mae: float | None
    """Absolute error of the last observation."""
    coverage_p10_p90: float | None
    """Fraction of the labels from P10 to P90."""


class Scores(Result):
    """Errors averaged over the steps ahead."""

    mse: float | None
    """Squared error of the mean."""
    mae: float | None
    """Absolute error of the median."""
    mse_ratio: float | None
    """Of the mean, over the naive forecast's."""
    mae_ratio: float | None
    """Of the median, over the naive forecast's."""
    coverage_p10_p90: float | None
    """Fraction of the labels from P10 to P90."""
    bias: float | None
    """Mean minus label."""


class SliceScores(Scores):
    """Errors on a part of the data."""

    slice: str
    """Such as "hour 7" or "weekends"."""
    forecasts: int
    """Forecasts with a label."""
    eligible: bool
    """Whether there are enough of them for the gate's rule for slices."""


class Verdict(Result):
    """What one rule of the gate came to."""

    rule: str
    """Name of the metric that the rule bounds."""
    slice: str | None
    """The slice it looked at; None: the whole, or all slices."""
    outcome: Literal["passed", "failed", "not applied"]
    """What is not applied neither passes nor fails."""
    finding: str
    """What was found and what was required, a sentence with figures."""

    def __str__(self) -> str:
        return f"{self.finding}: {self.outcome}"


class Evaluation(Scores):
    """The gate's decision about a model."""

    unit: str
    """Of errors; squared ones are in its square."""
    origins: int
    """Steps of the newest data that a forecast was due from."""
    forecasts: int
    """Those of them that were scored; for the others no step ahead was observed."""
    per_step: tuple[StepScores, ...]
    """Errors by step ahead, the next one first."""
    baseline: Scores | None
    """Errors of the model that it was compared with; None without one."""
    slices: tuple[SliceScores, ...]
    """Errors by hour of day, on weekdays and on weekends."""
    blessed: bool
    """Whether the model may be pushed."""
    verdicts: tuple[Verdict, ...]
    """One per rule, and one per slice that failed or was not eligible."""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def reasons(self) -> tuple[str, ...]:
        """The verdicts as sentences."""
        return tuple(str(verdict) for verdict in self.verdicts)
