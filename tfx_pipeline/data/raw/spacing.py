"""Finds data that is coarser than the steps of the series, all of it or a part that matters."""

from __future__ import annotations

from collections import Counter

import numpy as np
import numpy.typing as npt

from tfx_pipeline.data.raw.batch import Batch, PerMeter
from tfx_pipeline.data.raw.errors import DataError, Problem
from tfx_pipeline.series.durations import text
from tfx_pipeline.series.spec import SeriesSpec

Ints = npt.NDArray[np.int64]
Marks = npt.NDArray[np.bool_]

_COARSE = 1.5
"""Steps between two values that are more than jitter."""
_EQUAL = 0.1
"""Fraction by which two times between values differ that are meant to be the same."""
_RUN = 4
"""Times, behind the first, that are equal where they are no gaps."""
_MATTERS = 0.1
"""Fraction of the time that may be coarser."""


class Spacing:
    """Measures the time between values of the target.

    A long time alone is a gap; the same one several times is a cadence.

    Args:
        spec: The series.
    """

    def __init__(self, spec: SeriesSpec) -> None:
        self._step = spec.step
        self._limit = round(_COARSE * 1000 * spec.step)
        self._before = PerMeter(-1)
        self._gap_before = PerMeter(0)
        self._run = PerMeter(0)  # long times that were equal, up to the last row
        self._rows = self._far = 0
        self._time = 0
        self._coarse: Counter[int] = Counter()
        self._first: Problem | None = None

    def add(self, batch: Batch) -> None:
        """Takes the next rows, sorted by meter and in order of time."""
        batch = batch.where(~np.isnan(batch.values[0]))
        if not batch.millis.size:
            return
        starts = batch.starts()
        last = np.append(starts[1:], batch.meter.size) - 1
        gap = np.diff(batch.millis, prepend=0)
        meters = batch.meter[starts]
        before = self._before[meters]
        gap[starts] = np.where(before < 0, 0, batch.millis[starts] - before)
        far = gap > self._limit
        self._rows += gap.size
        self._time += int(gap[~far].sum())
        if far.any():
            previous = np.append(0, gap[:-1])
            previous[starts] = self._gap_before[meters]
            run = _runs(far & (np.abs(gap - previous) <= _EQUAL * gap), starts, self._run[meters])
            self._note(batch, gap, run >= _RUN)
            self._run[meters] = run[last]
            self._far += int(np.count_nonzero(far))
        else:
            self._run[meters] = 0
        self._before[meters] = batch.millis[last]
        self._gap_before[meters] = gap[last]

    def _note(self, batch: Batch, gap: Ints, coarse: Marks) -> None:
        found, count = np.unique(gap[coarse] // 1000, return_counts=True)
        self._coarse.update(dict(zip(found.tolist(), count.tolist(), strict=True)))
        if self._first is None and coarse.any():
            row = int(np.argmax(coarse))
            self._first = Problem("cadence", "", batch.file, int(batch.lines[row]))

    def require_cadence(self, file: str) -> None:
        """Refuses data that is coarser than its steps.

        Args:
            file: The first one, for the message.

        Raises:
            DataError: It is.
        """
        time = sum(seconds * count for seconds, count in self._coarse.items())
        fraction = time / max(time + self._time / 1000, 1)
        mostly = 2 * self._far > self._rows
        if not mostly and fraction <= _MATTERS:
            return
        usual = max(self._coarse, key=lambda one: one * self._coarse[one], default=None)
        every = "irregular and mostly farther apart" if usual is None else _every(usual)
        detail = f"data is {every}, not every {text(self._step)}"
        if not mostly and self._first:
            detail += f" for {fraction:.0%} of the time, such as before this row"
        place = self._first or Problem("cadence", "", file)
        raise DataError.of(Problem("cadence", detail, place.file, place.line))


def _runs(equal: Marks, starts: Ints, before: Ints) -> Ints:
    """How many, up to each, are true one after the other.

    Args:
        equal: bool [n].
        starts: Places at which others begin.
        before: How many were true before each of these.
    """
    place = np.arange(equal.size)
    anchor = np.where(equal, -1, place)
    anchor[starts] = np.where(equal[starts], starts - 1 - before, starts)
    # Those of the ones behind are kept above all before.
    lift = np.repeat(np.arange(starts.size), np.diff(np.append(starts, equal.size))) << 40
    lifted = np.where(equal & (anchor == -1), np.iinfo(np.int64).min, anchor + lift)
    lifted[starts] = anchor[starts] + lift[starts]
    return np.asarray(place - (np.maximum.accumulate(lifted) - lift))


def _every(seconds: int) -> str:
    """A cadence as people say it, and as settings have it."""
    units = {"H": 3600, "M": 60, "S": 1}
    unit = next(name for name, length in units.items() if seconds % length == 0)
    return f"every {text(seconds)} (PT{seconds // units[unit]}{unit})"
