"""What a meter showed at the same time on an earlier day."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tfx_pipeline.series.clock import DAY, HOUR, WEEK
from tfx_pipeline.series.grid import Grid
from tfx_pipeline.series.spec import SeriesSpec

_REACH = WEEK + 2 * HOUR
"""Seconds; a week in which the clock was put forward and back."""


class Past:
    """The target of one meter, as far back as a week before the steps that are still asked for.

    Args:
        spec: The series.
    """

    def __init__(self, spec: SeriesSpec) -> None:
        self._grid = Grid(spec)
        self._step = spec.step
        self._steps = np.zeros(0, np.int64)
        self._values = np.zeros(0, np.float32)

    def add(self, steps: npt.NDArray[np.int64], target: npt.NDArray[np.float32]) -> None:
        """Takes the next values, float32 [n], NaN where missing."""
        observed = ~np.isnan(target)
        self._steps = np.concatenate((self._steps, steps[observed]))
        self._values = np.concatenate((self._values, target[observed]))

    def before(self, steps: npt.NDArray[np.int64], days: int) -> npt.NDArray[np.float32]:
        """The values at the same local time so many days before.

        Args:
            steps: int64 [n], increasing.
            days: Up to seven.

        Returns:
            float32 [n], NaN where not observed, or where the cadence does not divide the days.
        """
        found = np.full(steps.size, np.nan, np.float32)
        if days * DAY % self._step or not self._steps.size:
            return found
        wanted = self._grid.days_before(steps, days)
        places = np.searchsorted(self._steps, wanted)
        places[places == self._steps.size] = 0
        known = self._steps[places] == wanted
        found[known] = self._values[places[known]]
        return found

    def forget(self, step: int) -> None:
        """Drops what lies more than a week before a step."""
        first = np.searchsorted(self._steps, step - _REACH // self._step - 1)
        if first:
            self._steps = self._steps[first:].copy()
            self._values = self._values[first:].copy()
