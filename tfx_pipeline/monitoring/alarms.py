"""The rules of the monitor: when a person should look, and what to do then.

What is due to chance alone, or to a household that is away, is no alarm
(docs/decisions/0031-what-alarms.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from tfx_pipeline.components.data_gate.findings import (
    Finding,
    fraction_findings,
    frozen_findings,
)
from tfx_pipeline.components.data_gate.settings import ValidationSettings
from tfx_pipeline.evaluation.settings import GateSettings, MonitoringSettings
from tfx_pipeline.monitoring.inputs import Inputs
from tfx_pipeline.monitoring.report import Alarm, Answered, Distance
from tfx_pipeline.monitoring.scores import Bounds
from tfx_pipeline.series.grid import Grid

RETRAIN = "Retrain on the newest data; until then, roll back to a version that did better."
ERRORS = {"mse_ratio": "squared error", "mae_ratio": "absolute error"}


def stale_alarms(newest: int | None, until: int, allowed: int, grid: Grid) -> Iterator[Alarm]:
    """An alarm where nothing was asked for long.

    Args:
        newest: The last step that was forecast from; None: none.
        until: The step after the time span.
        allowed: Steps without a forecast.
        grid: Of the series.
    """
    if newest is None or until - newest > allowed:
        last = "there is none" if newest is None else f"the newest is of {grid.text(newest)}"
        yield Alarm(
            name="stale",
            version=None,
            finding=f"No forecast in the log up to {grid.text(until)}: {last}",
            advice="See whether the server runs, whether anybody asks it, and whether it logs "
            "(serving.log.fraction).",
        )


def error_alarms(
    answered: Answered, settings: MonitoringSettings, mostly_away: bool
) -> Iterator[Alarm]:
    """An alarm where a version does worse than the naive forecasts, or than at the gate.

    Args:
        answered: By the version.
        settings: The bounds.
        mostly_away: Whether only the base load ran on most days: then the gate's figures are of
            another kind of day, and only the naive forecasts are compared with.
    """
    for name, words in ERRORS.items():
        live, ratio = answered.bounds.get(name), getattr(answered.scores, name)
        if live is None or ratio is None:
            continue
        gate = getattr(answered.gate, name) if answered.gate else None
        between = f"{ratio:.3f} of the best naive forecast's ({_between(live)})"
        finding = ""
        if live.low > 1.0:
            finding = f"The {words} is {between}: no forecast at all would be better"
        elif gate is not None and not mostly_away and live.low > settings.error_bound * gate:
            finding = (
                f"The {words} is {between}; it was {gate:.3f} at the gate, and may be "
                f"{settings.error_bound:g} times that"
            )
        if finding:
            yield Alarm(name="error", version=answered.version, finding=finding, advice=RETRAIN)
            return


def coverage_alarms(
    answered: Answered, settings: MonitoringSettings, gate: GateSettings
) -> Iterator[Alarm]:
    """An alarm where the band does not hold what it promises."""
    live, found = answered.bounds.get("coverage_p10_p90"), answered.scores.coverage_p10_p90
    if live is None or found is None:
        return
    low, high = (
        gate.coverage - settings.coverage_tolerance,
        gate.coverage + settings.coverage_tolerance,
    )
    if live.high < low or live.low > high:
        yield Alarm(
            name="coverage",
            version=answered.version,
            finding=f"{found:.1%} of what came was within P10..P90 ({_between(live)}); "
            f"{low:.0%} to {high:.0%} may be",
            advice="Do not rely on the band. " + RETRAIN,
        )


def input_alarms(inputs: Inputs, rules: ValidationSettings, step: int) -> Iterator[Alarm]:
    """Alarms by the rules of the data gate, at its limits for a warning.

    Args:
        inputs: What the model was fed with.
        rules: The data gate's.
        step: Seconds of a step.
    """
    frozen = rules.frozen_limits(step)[1]
    for finding in frozen_findings(inputs.longest_frozen, frozen, frozen, step):
        advice = "Look after the meter: a sensor that stands still is broken or cut off."
        yield _alarm(f"frozen:{finding.where}", finding, advice)
    allowed = rules.missing_fraction_warning
    for finding in fraction_findings(
        inputs.missing_fraction, inputs.missing_worst, "missing", allowed, allowed
    ):
        advice = "Look after the meter's connection, and after what the client fills in."
        yield _alarm(f"missing:{finding.where}", finding, advice)
    allowed = rules.physics_fraction_warning
    for finding in fraction_findings(
        inputs.physics_fraction, inputs.physics_worst, "physics", allowed, allowed
    ):
        advice = "Compare the meter with another one: its parts contradict each other."
        yield _alarm("physics", finding, advice)


def distance_alarms(
    kind: Literal["drift", "skew"], distances: Sequence[Distance]
) -> Iterator[Alarm]:
    """Alarms where a distribution is too far from another."""
    other, advice = {
        "drift": (
            "the training data",
            "Find out what changed, the meter or the household. If it stays, retrain.",
        ),
        "skew": (
            "what the pipeline reads of the same steps",
            "Look after the client: units, columns, what it fills in.",
        ),
    }[kind]
    for one in distances:
        if one.value > one.threshold:
            yield Alarm(
                name=f"{kind}:{one.measurement}",
                version=None,
                finding=f"The Jensen-Shannon divergence of {one.measurement} from {other} is "
                f"{one.value:.3f}, allowed {one.threshold:g}",
                advice=advice,
            )


def _alarm(name: str, finding: Finding, advice: str) -> Alarm:
    return Alarm(
        name=name, version=None, finding=f"{finding.where}: {finding.message}", advice=advice
    )


def _between(bounds: Bounds) -> str:
    return f"{bounds.low:.3f} to {bounds.high:.3f} but for chance"
