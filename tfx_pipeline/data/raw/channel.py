"""One measurement of all meters on its way from rows at any times to steps."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tfx_pipeline.data.raw.pieces import Floats, Ints, Pieces, meters_of, none, pieces, steps_of
from tfx_pipeline.series.grid import Grid
from tfx_pipeline.series.spec import SeriesSpec

Marks = npt.NDArray[np.bool_]

_FOREVER = 1 << 60
_STRETCHED = 1.5
"""An interval that is longer than its neighbour by more than this has lost rows."""


class Readings(NamedTuple):
    """Rows with a value, sorted by meter and time, n of them.

    Attributes:
        meter: int64 [n].
        millis: int64 [n].
        value: float64 [n].
        before: int64 [n], time of the row before it; -1 where there is none.
    """

    meter: Ints
    millis: Ints
    value: Floats
    before: Ints

    def where(self, kept: Marks) -> Readings:
        """Some of them."""
        return Readings(self.meter[kept], self.millis[kept], self.value[kept], self.before[kept])

    def last(self) -> Marks:
        """Which is the last of its meter, bool [n]."""
        if not self.meter.size:
            return np.zeros(0, bool)
        return np.append(np.diff(self.meter) != 0, True)

    def first(self) -> Marks:
        """Which is the first of its meter, bool [n]."""
        if not self.meter.size:
            return np.zeros(0, bool)
        return np.append(True, np.diff(self.meter) != 0)

    def then(self, later: Readings) -> Readings:
        """Both, sorted by meter; a meter's of `later` are later."""
        meter = np.concatenate((self.meter, later.meter))
        order = np.argsort(meter, kind="stable")
        return Readings(
            meter[order],
            np.concatenate((self.millis, later.millis))[order],
            np.concatenate((self.value, later.value))[order],
            np.concatenate((self.before, later.before))[order],
        )


def readings(meter: Ints, millis: Ints, value: npt.NDArray[np.floating]) -> Readings:
    """Rows, sorted by meter and time, without those that lack the value."""
    known = ~np.isnan(value)
    none = np.full(np.count_nonzero(known), -1)
    return Readings(meter[known], millis[known], value[known].astype(np.float64), none)


class Channel(ABC):
    """Gathers what rows say of steps that are not complete.

    Args:
        aggregate: How rows become a step's value.
        spec: The series.
        grid: Its steps.
    """

    def __init__(self, aggregate: str, spec: SeriesSpec, grid: Grid) -> None:
        self._aggregate = aggregate
        self._grid = grid
        self._ends = spec.interval_ends
        self._step = 1000 * spec.step
        self._held = readings(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))
        self._open = none()

    def add(self, later: Readings) -> None:
        """Takes the next rows."""
        waits = np.isin(self._held.meter, later.meter)
        ready = self._held.where(waits).then(later)
        self._held = self._held.where(~waits).then(self._account(ready, final=False))

    def settle(self, meter: Ints, latest: Ints) -> None:
        """Closes what waits for a row that would come too late.

        Args:
            meter: Sorted.
            latest: Milliseconds up to which each has been read.
        """
        place = np.minimum(np.searchsorted(meter, self._held.meter), meter.size - 1)
        late = (meter[place] == self._held.meter) & (
            latest[place] - self._held.millis > 2 * self._step
        )
        late = np.isin(self._held.meter, self._held.meter[late & self._held.last()])
        if late.any():
            self._account(self._held.where(late), final=True)
            self._held = self._held.where(~late)

    def complete(self, meter: Ints, latest: Ints) -> Ints:
        """Steps of each meter before which nothing will be added.

        Args:
            meter: Sorted.
            latest: Milliseconds up to which each has been read.
        """
        bound = latest - self._step if self._ends else latest.copy()
        first = self._held.first()
        held = self._held.where(first)
        place = np.minimum(np.searchsorted(held.meter, meter), max(held.meter.size - 1, 0))
        if held.meter.size:
            waits = held.meter[place] == meter
            bound[waits] = self._earliest()[place[waits]]
        return self._grid.index(np.maximum(bound, 0) // 1000)

    def take(self, until: Ints, meter: Ints) -> tuple[Ints, Floats]:
        """Removes complete steps, and returns their keys and values.

        Args:
            until: Step of each meter up to which they are complete.
            meter: Sorted.
        """
        of = meters_of(self._open.key)
        place = np.minimum(np.searchsorted(meter, of), meter.size - 1)
        done = (meter[place] == of) & (steps_of(self._open.key) < until[place])
        taken, self._open = self._open.where(done), self._open.where(~done)
        return taken.key, taken.values(self._aggregate, self._grid)

    def finish(self) -> tuple[Ints, Floats]:
        """Returns keys and values of all that is left."""
        self._account(self._held, final=True)
        self._held = self._held.where(np.zeros(self._held.meter.size, bool))
        taken, self._open = self._open, none()
        return taken.key, taken.values(self._aggregate, self._grid)

    @abstractmethod
    def _account(self, rows: Readings, final: bool) -> Readings:
        """Adds what rows say of steps, and returns those that wait for the next ones."""

    @abstractmethod
    def _earliest(self) -> Ints:
        """Milliseconds from which on what waits may add to steps, for each meter that waits."""

    def _add(self, more: Pieces) -> None:
        self._open = self._open.joined(more)


class Rated(Channel):
    """Power, energy per interval and states: each row accounts for an interval of time.

    The interval is up to the next row (from the row before, where rows are stamped by its end), or
    as long as the one on the other side where that is farther away than a step, or, for energy,
    than one and a half of the other: rows are missing there.
    """

    def _account(self, rows: Readings, final: bool) -> Readings:
        first, last = rows.first(), rows.last()
        before = np.where(first, rows.before, np.concatenate(([-1], rows.millis[:-1])))
        rows = rows._replace(before=before)
        gap_before = np.where(before >= 0, rows.millis - before, _FOREVER)
        gap_after = np.where(last, _FOREVER, np.append(rows.millis[1:], 0) - rows.millis)
        own, other = (gap_before, gap_after) if self._ends else (gap_after, gap_before)
        usual = np.minimum(other, self._step)
        limit = np.full(own.size, self._step)
        if self._aggregate == "sum":
            limit = np.minimum(limit, np.floor(_STRETCHED * usual).astype(np.int64))
        length = np.where(own <= limit, own, usual)
        ready = np.ones(last.size, bool) if final else ~last
        self._add(self._pieces(rows.where(ready), length[ready]))
        return rows.where(~ready)

    def _pieces(self, rows: Readings, length: Ints) -> Pieces:
        start = rows.millis - length if self._ends else rows.millis
        shift = int(self._ends)
        return pieces(
            self._grid,
            rows.meter,
            np.maximum(start, 0),
            np.maximum(start, 0) + length,
            rows.value / length if self._aggregate == "sum" else rows.value,
            rows.value,
            rows.millis - shift,
            np.where(rows.before >= 0, rows.before - shift, -1),
        )

    def _earliest(self) -> Ints:
        held = self._held
        return np.maximum(held.before, held.millis - self._step) if self._ends else held.millis
