"""Counters that only rise: what they have counted in each step, with resets and rollovers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from tfx_pipeline.data.raw.channel import Channel, Marks, Readings
from tfx_pipeline.data.raw.pieces import Floats, Ints, pieces
from tfx_pipeline.series.grid import Grid
from tfx_pipeline.series.spec import SeriesSpec

_LONGEST = 1.5
"""Steps between two readings over which what was counted is spread evenly."""
_TOPS = np.sort([*(10.0**n for n in range(3, 16)), *(2.0**n for n in (16, 24, 31, 32, 48))])
_TOPS = np.sort(np.concatenate((_TOPS, 2.0 ** np.array([16, 24, 31, 32]) / 1000, [np.inf])))
"""Where counters begin again from zero: after the last decimal or binary digit."""
_CLOSE = 0.9
"""Fraction of that which a counter has passed before it begins again."""
_LEAP = 100.0
_EXPERIENCE = 24
"""Differences that a meter must have had before one of them can be a leap."""
_REMEMBERED = 8
"""Falls of a meter that are remembered."""
_BESIDE = 4
"""Readings behind a fall in which nothing is believed that is far faster than before it."""
_FAR_FASTER = 2.0


class Fall(NamedTuple):
    """The last time that a meter's readings fell, or leapt after they had fallen once.

    Attributes:
        ago: Readings since then.
        fastest: What was counted at most until then, per millisecond.
    """

    ago: int
    fastest: float

    def disproves(self, rate: float, row: int) -> bool:
        """Whether a reading so many rows on is a fault beside it, by how fast it counts."""
        return self.ago + row <= _BESIDE and rate > _FAR_FASTER * self.fastest


_NEVER = Fall(_BESIDE, np.inf)


class Counted(Channel):
    """Differences of readings, in order of time, spread evenly between two of them.

    Left out, and counted, are single readings that the next one proves wrong, what lies across a
    reset, a return from it in one leap, a rise twice as fast as ever just before or after one, for
    faults come together, and a leap ahead by more than all that was counted, a
    hundred times as fast as ever, as when a meter is replaced. A rollover is no reset where it
    fits: the reading was close below the end of the digits, and no more was counted than twice the
    fastest so far.

    Attributes:
        noticed: What was noticed -> how often.
    """

    def __init__(self, spec: SeriesSpec, grid: Grid) -> None:
        super().__init__("difference", spec, grid)
        self.noticed: Counter[str] = Counter()
        self._falls: dict[int, list[float]] = {}
        self._fall: dict[int, Fall] = {}
        self._fastest: dict[int, float] = {}
        self._seen: Counter[int] = Counter()
        self._total: dict[int, float] = {}
        self._unsure: set[int] = set()  # meters of which the last difference is not known

    def _account(self, rows: Readings, final: bool) -> Readings:
        rows = self._without_strays(rows)
        first, last = rows.first(), rows.last()
        pair = ~first if final else ~first & ~last
        at = np.flatnonzero(pair)
        counted = self._counted(rows, at)
        gap = rows.millis[at] - rows.millis[at - 1]
        usable = ~np.isnan(counted) & (gap <= _LONGEST * self._step)
        at, counted, gap = at[usable], counted[usable], gap[usable]
        start = rows.millis[at - 1]
        none = np.full(at.size, -1)
        self._add(
            pieces(
                self._grid,
                rows.meter[at],
                start,
                start + gap,
                counted / gap,
                counted,
                start,
                none,
            )
        )
        # The last pair waits for the reading that can prove it wrong.
        waits = last | np.append(last[1:], False)
        return rows.where(waits)

    def _earliest(self) -> Ints:
        first = np.flatnonzero(self._held.first())
        last = np.flatnonzero(self._held.last())
        longest = int(_LONGEST * self._step)
        return np.maximum(self._held.millis[first], self._held.millis[last] - longest)

    def _without_strays(self, rows: Readings) -> Readings:
        """Leaves out single readings above or below both the one before and the one after."""
        value, inside = rows.value, ~(rows.first() | rows.last())
        at = np.flatnonzero(inside)
        before, here, after = value[at - 1], value[at], value[at + 1 if at.size else at]
        stray: Marks = (after >= before) & ((here < before) | (here > after))
        if not stray.any():
            return rows
        self.noticed["stray readings"] += int(np.count_nonzero(stray))
        kept = np.ones(value.size, bool)
        kept[at[stray]] = False
        return rows.where(kept)

    def _counted(self, rows: Readings, at: Ints) -> Floats:
        """What was counted up to each of these readings since the one before; NaN: not known."""
        counted = rows.value[at] - rows.value[at - 1]
        gap = rows.millis[at] - rows.millis[at - 1]
        following = np.minimum(at + 1, rows.value.size - 1)
        falls = (rows.meter[following] == rows.meter[at]) & (rows.value[following] < rows.value[at])
        start = np.flatnonzero(np.append(True, np.diff(rows.meter[at]) != 0)) if at.size else at
        for place, stop in pairwise([*start.tolist(), at.size]):
            part = slice(place, stop)
            meter = int(rows.meter[at[place]])
            own, its = counted[part], gap[part]
            fastest = self._fastest.get(meter, 0.0)
            so_far = np.maximum.accumulate(np.append(fastest, own / its))[:-1]
            unusual = falls[part] | (own < 0) | (own > _LEAP * so_far * its)
            if meter in self._falls or unusual.any():
                before, after = rows.value[at[part] - 1], rows.value[at[part]]
                own = counted[part] = self._plausible(meter, before, after, its, falls[part])
                fastest = self._fastest.get(meter, 0.0)
            rates = (own / its)[~np.isnan(own)]
            self._fastest[meter] = max(fastest, rates.max(initial=0.0))
            if np.isnan(own[-1]):
                self._unsure.add(meter)
            else:
                self._unsure.discard(meter)
            self._seen[meter] += own.size
            self._total[meter] = self._total.get(meter, 0.0) + float(np.nansum(own))
        return counted

    def _plausible(
        self, meter: int, before: Floats, after: Floats, gap: Ints, falls_next: Marks
    ) -> Floats:
        """The differences of one meter that has been reset, now, before or in the next reading."""
        counted = after - before
        falls = self._falls.setdefault(meter, [])
        fastest = self._fastest.get(meter, 0.0)
        fall = self._fall.get(meter, _NEVER)
        unusual = (counted < 0) | (counted > fastest * gap)
        for row in np.flatnonzero(unusual).tolist():
            most = fastest * float(gap[row])
            if counted[row] < 0:
                top = float(_TOPS[np.searchsorted(_TOPS, before[row])])
                rolled = top + float(counted[row])
                known = not np.isnan(counted[row - 1]) if row else meter not in self._unsure
                if known and before[row] > _CLOSE * top and rolled <= 2 * most:
                    counted[row] = rolled
                    self.noticed["rollovers"] += 1
                    continue
                kind = "resets"
            elif counted[row] > most and _returns(falls, float(before[row]), float(after[row])):
                kind = "leaps back from a reset"
            elif (falls_next[row] and counted[row] > _FAR_FASTER * most > 0) or fall.disproves(
                float(counted[row] / gap[row]), row
            ):
                counted[row] = np.nan
                self.noticed["rises beside a reset"] += 1
                continue
            elif (
                counted[row] > _LEAP * most > 0
                and self._seen[meter] + row >= _EXPERIENCE
                and counted[row] > self._total.get(meter, 0.0) + np.nansum(counted[:row])
            ):
                kind = "leaps ahead"
            else:
                fastest = max(fastest, float(counted[row] / gap[row]))
                continue
            if falls or counted[row] < 0:
                fall = Fall(-row, fastest)
            if kind == "leaps ahead":
                # What comes after an idle time may be faster; it is not refused for ever.
                fastest *= _LEAP
            falls.append(float(before[row]))
            del falls[:-_REMEMBERED]
            counted[row] = np.nan
            self.noticed[kind] += 1
        self._fall[meter] = Fall(fall.ago + counted.size, fall.fastest)
        self._fastest[meter] = fastest
        return counted


def _returns(falls: Iterable[float], before: float, after: float) -> bool:
    """Whether a reading leaps to where the counter had fallen from."""
    return any(before < fall <= after and after - before > fall / 2 for fall in falls)
