"""The parts of steps that rows account for, and what becomes of them: one value a step."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from tfx_pipeline.series.grid import Grid

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_STEP_BITS = 34
"""Of a key; seconds since 1970 fit up to the year 2514."""
_ENOUGH = 0.5
"""Fraction of a step that must be accounted for."""
_EVEN_ROWS = 4
_EVEN_GAP = 3.0
"""Rows of a step, that many at least, are even without a gap of more than so many usual ones."""


def keys(meter: Ints, step: Ints) -> Ints:
    """One number for meter and step, in the order of both."""
    return (meter << _STEP_BITS) | step


def meters_of(key: Ints) -> Ints:
    """The meters of keys."""
    return key >> _STEP_BITS


def steps_of(key: Ints) -> Ints:
    """The steps of keys."""
    return key & ((1 << _STEP_BITS) - 1)


@dataclass
class Pieces:
    """What is known of steps of meters, n of them, by rows in order of time.

    Attributes:
        key: int64 [n], sorted; see `keys`.
        weight: Milliseconds of the step that rows account for.
        amount: Integral of the value over them; of energy, the energy in them.
        rows: Rows of the step itself, not of those that reach into it.
        total: Sum of their values.
        first: Milliseconds of the first of them.
        last: Of the last.
        gap: Longest time between two of them.
        lowest: Lowest value of theirs.
        highest: Highest.
        latest: Value of the last of them; NaN where there is none.
        held: Value that reached into the step; NaN where there is none.
    """

    key: Ints
    weight: Ints
    amount: Floats
    rows: Ints
    total: Floats
    first: Ints
    last: Ints
    gap: Ints
    lowest: Floats
    highest: Floats
    latest: Floats
    held: Floats

    def joined(self, later: Pieces) -> Pieces:
        """One of each step, of these and later ones."""
        both = Pieces(
            *(
                np.concatenate((getattr(self, one.name), getattr(later, one.name)))
                for one in fields(self)
            )
        )
        if (np.diff(both.key) < 0).any():
            both = both.where(np.argsort(both.key, kind="stable"))
        start = first_of(both.key)
        if start.size == both.key.size:
            return both
        add, least, most = (np.add.reduceat, np.minimum.reduceat, np.maximum.reduceat)
        return Pieces(
            both.key[start],
            add(both.weight, start),
            add(both.amount, start),
            add(both.rows, start),
            add(both.total, start),
            least(both.first, start),
            most(both.last, start),
            most(both.gap, start),
            least(both.lowest, start),
            most(both.highest, start),
            _last_known(both.latest, start),
            _last_known(both.held, start),
        )

    def where(self, kept: npt.NDArray[np.bool_] | Ints) -> Pieces:
        """Some of them."""
        return Pieces(*(getattr(self, one.name)[kept] for one in fields(self)))

    def values(self, aggregate: str, grid: Grid) -> Floats:
        """The value of each step; NaN where too little of it is accounted for."""
        step = steps_of(self.key)
        length = 1000 * (grid.seconds(step + 1) - grid.seconds(step))
        covered = self.weight / np.maximum(length, 1)
        with np.errstate(invalid="ignore", divide="ignore"):
            if aggregate == "mean":
                found = np.where(
                    self._even(length), self.total / self.rows, self.amount / self.weight
                )
            elif aggregate in ("sum", "difference"):
                found = self.amount / covered
            else:
                own = {"last": self.latest, "min": self.lowest, "max": self.highest}[aggregate]
                found = np.where(self.rows > 0, own, self.held)
        return np.where(covered >= _ENOUGH, found, np.nan)

    def _even(self, length: Ints) -> npt.NDArray[np.bool_]:
        """Where a step's own rows are spread evenly over it."""
        between = np.maximum(self.rows - 1, 1)
        usual = (self.last - self.first) / between
        return np.asarray(
            (self.rows >= _EVEN_ROWS)
            & (self.gap <= _EVEN_GAP * usual)
            & (usual * self.rows >= _ENOUGH * length)
        )


def first_of(key: Ints) -> Ints:
    """Places of the first of equal keys, which are sorted."""
    return np.flatnonzero(np.append(True, np.diff(key) != 0)) if key.size else np.zeros(0, np.int64)


def none() -> Pieces:
    """No pieces."""
    ints, floats = np.zeros(0, np.int64), np.zeros(0)
    return Pieces(
        *(ints, ints, floats, ints, floats, ints, ints, ints, floats, floats, floats, floats)
    )


def pieces(
    grid: Grid,
    meter: Ints,
    start: Ints,
    stop: Ints,
    rate: Floats,
    value: Floats,
    at: Ints,
    before: Ints,
) -> Pieces:
    """Cuts the intervals that rows account for at the boundaries of steps.

    Args:
        grid: The steps.
        meter: int64 [n], of each row.
        start: Milliseconds at which a row's interval begins.
        stop: At which it ends, later.
        rate: What is integrated over it, per millisecond.
        value: The row's value.
        at: Milliseconds by which the row belongs to a step.
        before: Those of the row before it; -1 where there is none.
    """
    own_step = grid.index(at // 1000)
    first = grid.index(start // 1000)
    count = grid.index((stop - 1) // 1000) - first + 1
    row = np.repeat(np.arange(meter.size), count)
    step = first[row] + np.arange(row.size) - np.repeat(np.cumsum(count) - count, count)
    begins = np.maximum(start[row], 1000 * grid.seconds(step))
    weight = np.minimum(stop[row], 1000 * grid.seconds(step + 1)) - begins
    own = step == own_step[row]
    gap = np.where(own & (before >= 0)[row], (at - before)[row], 0)
    gap = np.where(grid.index(np.maximum(before, 0)[row] // 1000) == step, gap, 0)
    of_row = value[row]
    found = Pieces(
        keys(meter[row], step),
        weight,
        rate[row] * weight,
        own.astype(np.int64),
        np.where(own, of_row, 0.0),
        np.where(own, at[row], np.iinfo(np.int64).max),
        np.where(own, at[row], -1),
        gap,
        np.where(own, of_row, np.inf),
        np.where(own, of_row, -np.inf),
        np.where(own, of_row, np.nan),
        np.where(own, np.nan, of_row),
    )
    return found if (weight > 0).all() else found.where(weight > 0)


def _last_known(values: Floats, start: Ints) -> Floats:
    places = np.where(np.isnan(values), -1, np.arange(values.size))
    last = np.maximum.reduceat(places, start)
    return np.where(last >= start, values[last], np.nan)
