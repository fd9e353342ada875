"""What an evaluation found: figures, verdicts and the decision, as they travel in JSON.

Errors are in kW and kW^2; ratios are the model's over persistence's. A figure that could not be
computed (nothing was scored, or the model gave something that is not a number) is None.
"""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, computed_field

from tfx_pipeline.frozen import Frozen


class Result(Frozen):
    """A part of what is reported; fields that a later release adds are ignored."""

    model_config = ConfigDict(extra="ignore")


class MinuteScores(Result):
    """Errors at one minute ahead."""

    minute: int
    """1 is the next minute."""
    mse_kw2: float | None
    """Squared error of the mean."""
    mae_kw: float | None
    """Absolute error of the median."""
    persistence_mse_kw2: float | None
    """Squared error of the last observation."""
    persistence_mae_kw: float | None
    """Absolute error of the last observation."""
    coverage_p10_p90: float | None
    """Fraction of the labels from P10 to P90."""


class Scores(Result):
    """Errors averaged over the minutes ahead."""

    mse_kw2: float | None
    """Squared error of the mean."""
    mae_kw: float | None
    """Absolute error of the median."""
    mse_ratio: float | None
    """Of the mean, over persistence's."""
    mae_ratio: float | None
    """Of the median, over persistence's."""
    coverage_p10_p90: float | None
    """Fraction of the labels from P10 to P90."""
    bias_kw: float | None
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

    origins: int
    """Minutes of the newest data that a forecast was due from."""
    forecasts: int
    """Those of them that were scored; for the others no minute ahead was observed."""
    per_minute: tuple[MinuteScores, ...]
    """Errors by minute ahead, the next one first."""
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
