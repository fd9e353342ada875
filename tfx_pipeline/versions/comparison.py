"""Two versions side by side on the same requests: forecasts, errors and latency."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping

import numpy as np

from tfx_pipeline.frozen import Frozen
from tfx_pipeline.model_contract import MEAN, OUTPUTS, P10, P50, P90
from tfx_pipeline.versions.answers import Ask
from tfx_pipeline.versions.live_requests import Windows

BATCH = 64
"""Windows of a request."""
TIMED = 100
"""Requests of one window of which the latency is taken, in turns of either version."""


class StepDifference(Frozen):
    """How far the means of both are apart at one step ahead, in the target's unit."""

    step: int
    """1 is the next step."""
    mean: float
    """On average, without sign."""
    p50: float
    """Of half of the windows at most."""
    p95: float
    """Of 95 % of the windows at most."""
    maximum: float
    """Of any window."""


class Side(Frozen):
    """One of the two versions."""

    version: str
    """Its number."""
    not_numbers: int
    """Values that are not finite where the other one's are."""
    p50_ms: float
    """Half of the requests of one window are answered within so many milliseconds."""
    p99_ms: float
    """99 % of them are."""
    mse: float | None
    """Squared error of the mean, where the truth is known; null where it is not."""
    mae: float | None
    """Absolute error of the median there."""
    coverage: float | None
    """Fraction from P10 to P90 there."""


class Comparison(Frozen):
    """What came of it."""

    unit: str
    """Of differences and absolute errors; squared ones are in its square."""
    windows: int
    """Forecasts that were compared."""
    known: int
    """Values among them whose truth is known."""
    outputs: dict[str, float]
    """Output -> average difference without sign."""
    steps: tuple[StepDifference, ...]
    """Of the mean, the next step first."""
    sides: tuple[Side, Side]
    """Both versions."""

    def within(self, tolerance: float | None) -> bool:
        """Whether both are alike: no value is missing in one, and no step further apart.

        Args:
            tolerance: Average difference of the mean that a step may have; None: any.
        """
        if any(side.not_numbers for side in self.sides):
            return False
        return tolerance is None or all(step.mean <= tolerance for step in self.steps)


def compare(windows: Windows, versions: Mapping[str, Ask], unit: str) -> Comparison:
    """Asks both versions the same.

    Args:
        windows: The requests.
        versions: Version -> how it is asked; two.
        unit: Of the target.
    """
    first, second = versions
    answers = {version: _answers(windows, ask) for version, ask in versions.items()}
    latencies = _latencies(windows, versions)
    apart = {name: np.abs(answers[first][name] - answers[second][name]) for name in OUTPUTS}
    return Comparison(
        unit=unit,
        windows=len(windows),
        known=int(np.isfinite(windows.truth).sum()),
        outputs={name: _mean(values) for name, values in apart.items()},
        steps=tuple(_step(h + 1, column) for h, column in enumerate(apart[MEAN].T)),
        sides=(
            _side(first, answers[first], answers[second], windows, latencies[first]),
            _side(second, answers[second], answers[first], windows, latencies[second]),
        ),
    )


def _answers(windows: Windows, ask: Ask) -> dict[str, np.ndarray]:
    parts = [ask(windows.rows(slice(n, n + BATCH))) for n in range(0, len(windows), BATCH)]
    return {
        name: np.concatenate([part[name] for part in parts]).astype(np.float64) for name in OUTPUTS
    }


def _latencies(windows: Windows, versions: Mapping[str, Ask]) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {version: [] for version in versions}
    for ask in versions.values():  # the first request of a shape is another matter
        ask(windows.rows(slice(0, 1)))
    for number in range(TIMED):
        row = number % len(windows)
        inputs = windows.rows(slice(row, row + 1))
        for version, ask in versions.items():
            began = time.perf_counter()
            ask(inputs)
            found[version].append(1000 * (time.perf_counter() - began))
    return found


def _side(
    version: str,
    own: Mapping[str, np.ndarray],
    other: Mapping[str, np.ndarray],
    windows: Windows,
    milliseconds: list[float],
) -> Side:
    missing = sum(int((np.isfinite(other[n]) & ~np.isfinite(own[n])).sum()) for n in OUTPUTS)
    truth = windows.truth
    known = np.isfinite(truth)
    both = known & np.isfinite(own[MEAN]) & np.isfinite(other[MEAN])
    mse = mae = coverage = None
    if both.any():
        mse = float(np.mean((own[MEAN] - truth)[both] ** 2))
        mae = float(np.mean(np.abs(own[P50] - truth)[both]))
        coverage = float(np.mean(((own[P10] <= truth) & (truth <= own[P90]))[both]))
    cuts = statistics.quantiles(milliseconds, n=100)
    return Side(
        version=version,
        not_numbers=missing,
        p50_ms=cuts[49],
        p99_ms=cuts[98],
        mse=mse,
        mae=mae,
        coverage=coverage,
    )


def _step(step: int, apart: np.ndarray) -> StepDifference:
    finite = apart[np.isfinite(apart)]
    if not finite.size:
        return StepDifference(step=step, mean=0.0, p50=0.0, p95=0.0, maximum=0.0)
    middle, high = np.quantile(finite, [0.5, 0.95])
    return StepDifference(
        step=step, mean=float(finite.mean()), p50=middle, p95=high, maximum=float(finite.max())
    )


def _mean(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if finite.size else 0.0
