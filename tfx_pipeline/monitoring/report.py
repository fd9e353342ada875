"""What `household-power monitor` found: its JSON, and what text, page and metrics are made of.

`household-power monitor --json-schema` prints its JSON schema.
"""

from __future__ import annotations

from typing import Literal

from tfx_pipeline.evaluation.results import Result, Scores, StepScores
from tfx_pipeline.monitoring.inputs import Absence, Inputs
from tfx_pipeline.monitoring.scores import Bounds


class Alarm(Result):
    """Something that a person, or a trigger, should act on."""

    name: str
    """error, coverage, stale, missing, physics, or drift, skew or frozen and the measurement."""
    version: str | None
    """The version that it is about; null: whatever serves."""
    finding: str
    """What was found and what is allowed, with figures."""
    advice: str
    """What to do about it."""


class Period(Result):
    """Live errors in a day or a week."""

    first: str
    """Its first day, by the local clock."""
    forecasts: int
    """Scored forecasts."""
    scores: Scores
    """Their errors."""


class Answered(Result):
    """What one version answered under one label."""

    version: str
    """The version."""
    label: str
    """stable or canary; empty where it had none."""
    newest: str
    """The last step that it forecast from, by the local clock."""
    windows: int
    """Windows in the log."""
    joined: int
    """Of these, scored beside what was measured."""
    waiting: int
    """Whose last step ahead was not measured yet."""
    without_truth: int
    """Of which nothing was observed."""
    no_forecast: int
    """In which the model saw nothing to forecast from."""
    duplicates: int
    """That the version had answered before."""
    scores: Scores
    """Live errors."""
    bounds: dict[str, Bounds]
    """mse_ratio, mae_ratio, coverage_p10_p90 -> bounds; empty where there are too few days."""
    per_step: tuple[StepScores, ...]
    """Live errors by step ahead."""
    gate: Scores | None
    """Errors that the Evaluator found; null where that is not known."""
    gate_per_step: tuple[StepScores, ...]
    """The same by step ahead; empty where that is not known."""
    periods: tuple[Period, ...]
    """Live errors by day or week, oldest first."""


class Distance(Result):
    """How far the distribution of a measurement is from another."""

    measurement: str
    """The measurement."""
    value: float
    """Jensen-Shannon divergence, 0 (alike) to 1."""
    threshold: float
    """From which on it is an alarm."""


class MonitorReport(Result):
    """What was found in a time span."""

    schema_version: Literal[1] = 1
    """Raised when a field changes its meaning or goes."""
    name: str
    """Of the served model."""
    target: str
    """What it forecasts."""
    unit: str
    """The target's unit."""
    step_seconds: int
    """Seconds of a step."""
    since: str
    """Begin of the time span, by the local clock."""
    until: str
    """Its end."""
    recent: str
    """Begin of the part whose inputs were checked."""
    by: Literal["day", "week"]
    """Length of the periods."""
    newest: str | None
    """The last step that was forecast from; null: none in the log."""
    answered: tuple[Answered, ...]
    """By version and label, the newest version first."""
    inputs: Inputs | None
    """What the model was fed with; null: nothing."""
    drift: tuple[Distance, ...] | None
    """From the training data; null where their statistics are not known."""
    skew: tuple[Distance, ...] | None
    """From what the pipeline reads of the same steps; null where it has none."""
    absences: tuple[Absence, ...]
    """Days with nothing but the base load; drift is measured without them."""
    notes: tuple[str, ...]
    """What else there is to know, a sentence each."""
    alarms: tuple[Alarm, ...]
    """Empty where all is quiet."""
