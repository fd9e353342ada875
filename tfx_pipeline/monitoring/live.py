"""What was asked and answered in a time span, beside what was measured afterwards.

Memory grows with the span and the meters, not with the number of requests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from tfx_pipeline.data.meter import TARGET_ROW
from tfx_pipeline.data.segments.splits import Interval
from tfx_pipeline.model_contract import OUTPUTS
from tfx_pipeline.monitoring.requests import Windows
from tfx_pipeline.monitoring.values import Values, only
from tfx_pipeline.scoring import SEASONS, ErrorSums, errors, naive_forecasts
from tfx_pipeline.series.clock import DAY
from tfx_pipeline.series.grid import Grid
from tfx_pipeline.series.spec import SeriesSpec

STATES = ("joined", "waiting", "without_truth", "no_forecast", "duplicates")
"""What becomes of a window: it is scored; its last step ahead was not measured yet; nothing was
observed at its steps ahead, or in it; the model had nothing to forecast from; the same window was
answered before by the same version."""
JOINED, WAITING, WITHOUT_TRUTH, NO_FORECAST, DUPLICATE = range(len(STATES))

Integers = npt.NDArray[np.int64]


@dataclass
class Day:
    """The windows that end in a day.

    Attributes:
        states: int64 [`STATES`], windows by what became of them.
        errors: Of those that are scored.
    """

    states: Integers
    errors: ErrorSums


@dataclass
class Answers:
    """What one version answered under one label.

    Attributes:
        horizon: Steps ahead.
        days: Day of the local clock, since 1970 -> its windows.
    """

    horizon: int
    days: dict[int, Day] = field(default_factory=dict)

    def add(self, days: Integers, states: Integers, sums: ErrorSums) -> None:
        """Takes windows.

        Args:
            days: [n].
            states: [n], indices of `STATES`.
            sums: Of many parts, [n, ...].
        """
        order = np.argsort(days, kind="stable")
        starts = np.flatnonzero(np.diff(days[order], prepend=-1))
        parts = ErrorSums(**{name: values[order] for name, values in vars(sums).items()})
        of_days = np.split(states[order], starts[1:])
        for day, own, part in zip(
            days[order][starts].tolist(), of_days, parts.runs(starts), strict=True
        ):
            known = self.days.setdefault(
                day, Day(np.zeros(len(STATES), np.int64), ErrorSums.of_nothing(self.horizon))
            )
            known.states += np.bincount(own, minlength=len(STATES))
            known.errors += part


class Live:
    """Joins windows with measurements.

    Args:
        spec: The series.
        span: Steps in which the windows end.
        measured: Meter -> its measurements, from a week before the span to its end and beyond.

    Attributes:
        answers: Version and label -> what was answered.
        inputs: Meter -> what the model was fed with, each step once however many windows hold it.
        newest: The last step that a window ended with; None without any.
    """

    def __init__(self, spec: SeriesSpec, span: Interval, measured: Mapping[str, Values]) -> None:
        self.answers: dict[tuple[str, str], Answers] = {}
        self.inputs: dict[str, Values] = {}
        self.newest: int | None = None
        self.measured = measured
        self._spec = spec
        self._span = span
        self._grid = Grid(spec)
        self._nothing = Values(span, len(spec.names))
        self._seen: dict[tuple[str, str], npt.NDArray[np.bool_]] = {}

    def add(self, windows: Windows) -> None:
        """Takes the next windows."""
        self.newest = max(int(windows.origins.max()), self.newest or 0)
        self._keep_inputs(windows)
        horizon = windows.outputs[OUTPUTS[0]].shape[1]
        answers = self.answers.setdefault((windows.version, windows.label), Answers(horizon))
        sums, states = self._scored(windows, horizon, self._new(windows))
        days = self._grid.local(self._grid.seconds(windows.origins)) // DAY
        answers.add(days, states, sums)

    def _new(self, windows: Windows) -> npt.NDArray[np.bool_]:
        """Which of the windows this version answers for the first time."""
        key = (windows.version, windows.meter)
        if key not in self._seen:
            self._seen[key] = np.zeros(self._span.stop - self._span.start, bool)
        places = windows.origins - self._span.start
        first = np.zeros(places.size, bool)
        first[np.unique(places, return_index=True)[1]] = True
        first &= ~self._seen[key][places]
        self._seen[key][places] = True
        return first

    def _keep_inputs(self, windows: Windows) -> None:
        names = self._spec.names
        window = windows.inputs[self._spec.target.name].shape[1]
        if windows.meter not in self.inputs:
            self.inputs[windows.meter] = Values(self._span, len(names))
        values = self.inputs[windows.meter]
        steps = windows.origins[:, None] + np.arange(1 - window, 1)
        for row, name in enumerate(names):
            # What is known ahead is looked at as far as the window reaches.
            values.put(row, steps.ravel(), windows.inputs[name][:, :window].ravel())

    def _scored(
        self, windows: Windows, horizon: int, new: npt.NDArray[np.bool_]
    ) -> tuple[ErrorSums, Integers]:
        """The errors of windows, [n, ...], and what becomes of them, [n]."""
        origins = windows.origins
        measured = only(self.measured, windows.meter) or self._nothing
        waiting = origins + horizon > (measured.newest or 0)
        finite = [np.isfinite(windows.outputs[name]).all(axis=1) for name in OUTPUTS]
        answered = np.all(finite, axis=0)
        sums = errors(
            labels=measured.at(TARGET_ROW, origins[:, None] + np.arange(1, horizon + 1)),
            naive=self._naive(measured, windows, horizon),
            due=new & ~waiting & answered,
            forecast=windows.outputs,
        )
        states = np.select(
            [~new, waiting & (measured.newest is not None), ~answered, sums.forecasts > 0],
            [DUPLICATE, WAITING, NO_FORECAST, JOINED],
            WITHOUT_TRUTH,
        )
        return sums, states

    def _naive(self, measured: Values, windows: Windows, horizon: int) -> npt.NDArray[np.floating]:
        """The naive forecasts from what was measured, whatever the model was fed with."""
        origins = windows.origins
        window = windows.inputs[self._spec.target.name].shape[1]
        ahead = origins[:, None] + np.arange(1, horizon + 1)
        earlier = {}
        for name, season in SEASONS.items():
            if season % self._spec.step:
                earlier[name] = np.full(ahead.shape, np.nan)
            else:
                steps = self._grid.days_before(ahead, season // DAY)
                earlier[name] = measured.at(TARGET_ROW, steps)
        last = measured.last_observed(TARGET_ROW, origins, window)
        return naive_forecasts(last, earlier, horizon, self._spec.step)
