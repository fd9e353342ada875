"""Live errors as they are reported, and how far chance alone may have moved them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from functools import reduce
from operator import add

import numpy as np
import numpy.typing as npt

from tfx_pipeline.evaluation.results import Result, Scores, StepScores
from tfx_pipeline.scoring import NAIVE, ErrorSums

DRAWS, SEED = 2000, 1
BAND = ("below_p10", "below_p50", "below_p90", "width")
MEANS = ("mse", "mae", "bias", "naive_mse", "naive_mae", *BAND)
BY_STEP = ("mse", "mae", "naive_mse", "naive_mae", *BAND)
"""Of `ErrorSums` and reports alike."""

Array = npt.NDArray[np.floating]


class Bounds(Result):
    """Between which a figure lies, chance allowed for."""

    low: float
    """Lower bound."""
    high: float
    """Upper bound."""


def total(parts: Iterable[ErrorSums], horizon: int) -> ErrorSums:
    """Adds up errors."""
    return reduce(add, parts, ErrorSums.of_nothing(horizon))


def scores(sums: ErrorSums) -> Scores:
    """The errors, averaged over the steps ahead."""
    return Scores(
        **{name: _finite(sums.mean(getattr(sums, name))) for name in MEANS},
        mse_ratio=_finite(sums.mse_ratio),
        mae_ratio=_finite(sums.mae_ratio),
        coverage_p10_p90=_finite(sums.mean(sums.coverage)),
    )


def step_scores(sums: ErrorSums) -> tuple[StepScores, ...]:
    """The errors by step ahead."""
    of_naive = {
        f"{name}_{measure}": values[row]
        for row, name in enumerate(NAIVE)
        for measure, values in (("mse", sums.mse_of_naive), ("mae", sums.mae_of_naive))
    }
    columns = {name: getattr(sums, name) for name in BY_STEP}
    columns |= {"coverage_p10_p90": sums.coverage, **of_naive}
    return tuple(
        StepScores(
            step=number + 1,
            **{name: _finite(float(values[number])) for name, values in columns.items()},
            naive_mse_of=_best(sums.mse_of_naive[:, number]),
            naive_mae_of=_best(sums.mae_of_naive[:, number]),
        )
        for number in range(sums.labels.size)
    )


def bounds(days: Sequence[ErrorSums], confidence: float) -> dict[str, Bounds]:
    """Bounds of the two ratios and of the coverage, from days drawn with replacement.

    Errors of one day have much in common, and little with those of the next: whole days are drawn
    (Künsch, "The jackknife and the bootstrap for general stationary observations", 1989).

    Args:
        days: Errors of each day.
        confidence: Probability that a figure lies between its bounds.

    Returns:
        `mse_ratio`, `mae_ratio` and `coverage_p10_p90`.
    """
    random = np.random.default_rng(SEED)
    often = random.multinomial(len(days), np.full(len(days), 1 / len(days)), DRAWS)
    drawn = {
        one.name: np.tensordot(often, np.stack([getattr(part, one.name) for part in days]), axes=1)
        for one in fields(ErrorSums)
    }
    # Where the target stands still, the naive forecasts do not err at all.
    with np.errstate(divide="ignore", invalid="ignore"):
        figures = _figures(drawn)
    tail = (1 - confidence) / 2
    known = {name: values for name, values in figures.items() if np.isfinite(values).all()}
    return {
        name: Bounds(low=np.quantile(values, tail), high=np.quantile(values, 1 - tail))
        for name, values in known.items()
    }


def _figures(sums: Mapping[str, Array]) -> dict[str, Array]:
    """Figures [draws] from sums [draws, ...]."""
    labels = sums["labels"]
    naive_mse, naive_mae = (
        (sums[name] / labels[:, None]).min(axis=1)
        for name in ("naive_squared_error", "naive_absolute_error")
    )
    return {
        "mse_ratio": _mean(sums["squared_error"] / labels) / _mean(naive_mse),
        "mae_ratio": _mean(sums["absolute_error"] / labels) / _mean(naive_mae),
        "coverage_p10_p90": _mean(sums["covered"] / labels),
    }


def _mean(by_step: Array) -> Array:
    """[draws, horizon] -> [draws], over the steps ahead that have a label."""
    return np.nanmean(by_step, axis=-1)


def _best(errors: Array) -> str | None:
    return None if np.isnan(errors).all() else NAIVE[int(np.nanargmin(errors))]


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
