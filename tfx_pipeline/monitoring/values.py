"""The measurements of one meter in a time span, by step, and how they are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from tfx_pipeline.data.gather import gathered
from tfx_pipeline.data.raw.errors import BadRows
from tfx_pipeline.data.raw.reader import Reader, in_order
from tfx_pipeline.data.segments.splits import Interval
from tfx_pipeline.series.clock import DAY, WEEK
from tfx_pipeline.series.spec import SeriesSpec

Floats = npt.NDArray[np.float32]
Steps = npt.NDArray[np.int64]


class Values:
    """Values of one meter: float32 [measurements, steps of the span], NaN where not known.

    Args:
        span: The steps.
        measurements: How many.

    Attributes:
        span: The steps.
        newest: The last step that was put here, within the span or after it; None: none was.
        known: Bool [steps], which of them were put here, whether observed or missing.
    """

    def __init__(self, span: Interval, measurements: int) -> None:
        length = span.stop - span.start
        self.span = span
        self.newest: int | None = None
        self.known = np.zeros(length, bool)
        self._values = np.full((measurements, length), np.nan, np.float32)
        self._last_places: dict[int, Steps] = {}

    def put(self, row: int, steps: Steps, values: Floats) -> None:
        """Takes values of one measurement; those outside of the span are left out.

        Args:
            row: Number of the measurement.
            steps: [n].
            values: [n].
        """
        places, inside = self._places(steps)
        self.newest = max(int(steps.max()), self.newest or int(steps.max()))
        self._values[row, places[inside]] = values[inside]
        self.known[places[inside]] = True

    def at(self, row: int, steps: Steps) -> Floats:
        """Values of one measurement at any steps, of any shape; NaN outside of the span."""
        places, inside = self._places(steps)
        return np.where(inside, self._values[row, np.where(inside, places, 0)], np.float32("nan"))

    def within(self, span: Interval) -> tuple[Steps, Floats]:
        """The steps of a part of the span that are known, [n], and their values."""
        places = np.arange(
            max(span.start - self.span.start, 0), min(span.stop - self.span.start, self.known.size)
        )
        places = places[self.known[places]]
        return self.span.start + places, self._values[:, places]

    def last_observed(self, row: int, steps: Steps, window: int) -> Floats:
        """The last observation at or before each step, in a window that ends with it.

        Args:
            row: Number of the measurement.
            steps: [n].
            window: Steps of the window.

        Returns:
            [n], NaN where the window holds none.
        """
        places, inside = self._places(steps)
        last = self._last(row)[np.where(inside, places, 0)]
        found = inside & (last >= 0) & (last > places - window)
        return np.where(found, self._values[row, np.maximum(last, 0)], np.float32("nan"))

    def _places(self, steps: Steps) -> tuple[Steps, npt.NDArray[np.bool_]]:
        places = np.asarray(steps, np.int64) - self.span.start
        return places, (places >= 0) & (places < self.known.size)

    def _last(self, row: int) -> Steps:
        """For each step, the place of the last observation at or before it; -1: none."""
        if row not in self._last_places:
            seen = np.where(np.isnan(self._values[row]), -1, np.arange(self.known.size))
            self._last_places[row] = np.maximum.accumulate(seen)
        return self._last_places[row]


def needed(span: Interval, spec: SeriesSpec) -> Interval:
    """The steps that forecasts of a time span are held against.

    They reach back a week, and an hour that the clock may have moved by, and as far ahead as a
    model may look.

    Args:
        span: Steps.
        spec: The series.
    """
    week = -(-(WEEK + DAY) // spec.step)
    return Interval(span.start - week, span.stop + week)


def read_values(
    files: Sequence[str], spec: SeriesSpec, span: Interval, max_bad_rows: int
) -> dict[str, Values]:
    """Reads the measurements of all meters in a time span.

    Args:
        files: As the series is described.
        spec: The series.
        span: Steps.
        max_bad_rows: Isolated unreadable rows accepted.

    Returns:
        Meter, "" where the files name none -> its values.

    Raises:
        DataError: A file breaks a rule.
    """
    found: dict[str, Values] = {}
    bad_rows = BadRows(max_bad_rows)
    for rows in gathered(Reader(in_order(files, spec), spec, bad_rows)):
        values = found.setdefault(rows.meter, Values(span, len(spec.names)))
        for row in range(len(spec.names)):
            values.put(row, rows.steps, rows.values[row])
    return found


def only(values: Mapping[str, Values], meter: str) -> Values | None:
    """The values of a meter; a log that names none is of the only one."""
    if not meter and len(values) == 1:
        return next(iter(values.values()))
    return values.get(meter)
