"""The rules of the gate: a new one is one more entry in `RULES`.

Each bounds one metric of `tfx_pipeline.evaluation.metrics` by settings under `gate`. TFMA decides;
what a rule found is put into words here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from tfx_pipeline.evaluation.settings import GateSettings


@dataclass(frozen=True)
class Bounds:
    """What a metric must keep to; None where there is no such bound.

    Attributes:
        lower: It must be at least this.
        upper: It must be at most this.
        above_baseline: Fraction by which it may be above the baseline model's.
    """

    lower: float | None = None
    upper: float | None = None
    above_baseline: float | None = None


@dataclass(frozen=True)
class Figure:
    """A metric of the candidate next to what it is compared with.

    Attributes:
        value: Of the candidate; may be NaN, which keeps to no bounds.
        bounds: What it must keep to.
        unit: Of the target.
        baseline: The same metric of the baseline model; NaN without one.
    """

    value: float
    bounds: Bounds
    unit: str
    baseline: float = math.nan


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        metric: The metric that it bounds.
        bounds: The bounds, from the settings.
        finding: Puts into words what was found and what was required.
        over: What it looks at: the whole, its worst step ahead, its worst eligible slice by the
            clock, or every group of meters. The metric of a rule over groups must be harmless
            where a group is too small.
        ratio: Of what is over the best naive forecast's, where it looks at the worst: mse or mae.
    """

    metric: str
    bounds: Callable[[GateSettings], Bounds]
    finding: Callable[[Figure], str]
    over: Literal["whole", "steps", "slices", "groups"] = "whole"
    ratio: Literal["mse", "mae"] = "mse"


def hours(time: timedelta) -> float:
    """A duration in hours."""
    return time / timedelta(hours=1)


def _enough(figure: Figure) -> str:
    return (
        f"Forecasts of {figure.value:,.0f} hours were scored, must be at least "
        f"{figure.bounds.lower:,.4g}"
    )


def _of_naive(error: str) -> Callable[[Figure], str]:
    return lambda figure: (
        f"{error} is {_number(figure.value)} of the best naive forecast's, must be at most "
        f"{figure.bounds.upper:.3g}"
    )


def _of_baseline(figure: Figure) -> str:
    delta = (figure.value / figure.baseline - 1) * 100
    allowed = (figure.bounds.above_baseline or 0.0) * 100
    return (
        f"MSE is {_significant(figure.value)} {figure.unit}^2, {_number(abs(delta), 1)} % "
        f"{'above' if delta > 0 else 'below'} the {_significant(figure.baseline)} {figure.unit}^2 "
        f"of the baseline model, may be at most {allowed:.3g} % above"
    )


def _coverage(figure: Figure) -> str:
    return (
        f"P10..P90 covers {_number(figure.value)} of the values, must be "
        f"{figure.bounds.lower:.3g} to {figure.bounds.upper:.3g}"
    )


def _number(value: float, digits: int = 3) -> str:
    return f"{value:.{digits}f}" if math.isfinite(value) else "not a number"


def _significant(value: float) -> str:
    return f"{value:#.4g}" if math.isfinite(value) else "not a number"


def _step_bound(gate: GateSettings) -> Bounds:
    return Bounds(upper=gate.step_bound)


def _slice_bound(gate: GateSettings) -> Bounds:
    return Bounds(upper=gate.slice_bound)


RULES: tuple[Rule, ...] = (
    Rule("hours", lambda gate: Bounds(lower=hours(gate.min_time)), _enough),
    Rule("mse_ratio", lambda gate: Bounds(upper=1 - gate.margin), _of_naive("MSE")),
    Rule("mae_ratio", lambda gate: Bounds(upper=1 - gate.mae_margin), _of_naive("MAE")),
    Rule("worst_step_mse_ratio", _step_bound, _of_naive("MSE"), over="steps"),
    Rule("worst_step_mae_ratio", _step_bound, _of_naive("MAE"), over="steps", ratio="mae"),
    Rule("mse", lambda gate: Bounds(above_baseline=gate.baseline_tolerance), _of_baseline),
    Rule(
        "coverage_p10_p90",
        lambda gate: Bounds(
            lower=gate.coverage - gate.coverage_tolerance,
            upper=gate.coverage + gate.coverage_tolerance,
        ),
        _coverage,
    ),
    Rule("worst_slice_mse_ratio", _slice_bound, _of_naive("MSE"), over="slices"),
    Rule("eligible_mse_ratio", _slice_bound, _of_naive("MSE"), over="groups"),
)
