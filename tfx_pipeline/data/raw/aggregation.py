"""Rows at any times become steps: all measurements of all meters together, as they come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from tfx_pipeline.data.raw.batch import Batch, Meters, PerMeter
from tfx_pipeline.data.raw.channel import Channel, Rated, readings
from tfx_pipeline.data.raw.counter import Counted
from tfx_pipeline.data.raw.errors import BadRows, Problem
from tfx_pipeline.data.raw.pieces import Floats, Ints, first_of, keys, meters_of, steps_of
from tfx_pipeline.data.raw.rows import Rows
from tfx_pipeline.series.grid import Grid
from tfx_pipeline.series.spec import SeriesSpec


class Aggregator:
    """Gives each step the value of its rows, in memory that does not grow with their number.

    Args:
        spec: The series.
        grid: Its steps.
        meters: Names of the meters.
        bad_rows: Takes note of steps that no meter can have counted.
    """

    def __init__(self, spec: SeriesSpec, grid: Grid, meters: Meters, bad_rows: BadRows) -> None:
        self._spec = spec
        self._bad_rows = bad_rows
        self._grid = grid
        self._meters = meters
        self._counters = [
            Counted(spec, grid) for one in spec.measurements if one.aggregate == "difference"
        ]
        counters = iter(self._counters)
        self._channels: list[Channel] = [
            next(counters) if one.aggregate == "difference" else Rated(one.aggregate, spec, grid)
            for one in spec.measurements
        ]
        self._emitted = PerMeter(-1)
        self._begun = PerMeter(0)
        self._places = _Places()

    @property
    def noticed(self) -> Counter[str]:
        """What was noticed in counters -> how often."""
        return sum((counter.noticed for counter in self._counters), Counter[str]())

    def has_begun(self, meters: Ints) -> npt.NDArray[np.bool_]:
        """Whether rows of each meter wait here."""
        return self._begun[meters] == 1

    def passed_by(self, meters: Ints, steps: Ints) -> None:
        """Takes note of the last steps of meters that were complete by themselves."""
        self._emitted[meters] = steps

    def add(self, batch: Batch) -> Iterator[Rows]:
        """Takes the next rows, sorted by meter, and yields the steps that they complete."""
        last = np.append(batch.starts()[1:], batch.meter.size) - 1
        meter, latest = batch.meter[last], batch.millis[last]
        self._begun[meter] = 1
        instants = batch.millis // 1000
        if self._spec.interval_ends:
            instants = (batch.millis - 1) // 1000
        self._places.add(keys(batch.meter, self._grid.index(instants)), batch.lines, batch.file)
        for channel, values in zip(self._channels, batch.values, strict=True):
            channel.add(readings(batch.meter, batch.millis, values))
            channel.settle(meter, latest)
        until = np.minimum.reduce([one.complete(meter, latest) for one in self._channels])
        yield from self._rows([one.take(until, meter) for one in self._channels])

    def finish(self) -> Iterator[Rows]:
        """Yields what is left when there are no more rows."""
        yield from self._rows([one.finish() for one in self._channels])

    def _rows(self, found: list[tuple[Ints, Floats]]) -> Iterator[Rows]:
        known = np.unique(np.concatenate([key for key, _ in found]))
        values = np.full((len(found), known.size), np.nan, np.float32)
        for row, (key, value) in zip(values, found, strict=True):
            row[np.searchsorted(known, key)] = value
        kept = ~np.isnan(values).all(axis=0)
        kept &= steps_of(known) > self._emitted[meters_of(known)]
        known, values = known[kept], values[:, kept]
        if not known.size:
            return
        lines, files = self._places.take(known)
        self._refuse_impossible(known, values, lines, files)
        meter, step = meters_of(known), steps_of(known)
        self._emitted[meter] = step
        change = 1 + np.flatnonzero((np.diff(meter) != 0) | (np.diff(files) != 0))
        for start, stop in zip([0, *change], [*change, known.size], strict=True):
            part = slice(start, stop)
            name, file = self._meters.names[int(meter[start])], self._places.files[files[start]]
            yield Rows(name, step[part], values[:, part], file, lines[part])

    def _refuse_impossible(
        self, key: Ints, values: npt.NDArray[np.float32], lines: Ints, files: Ints
    ) -> None:
        """Leaves out what was summed to something impossible; rows have been looked at before."""
        for one, row in zip(self._spec.measurements, values, strict=True):
            if one.aggregate not in ("sum", "difference"):
                continue
            low = -np.inf if one.lowest is None else one.lowest
            high = np.inf if one.highest is None else one.highest
            # Room for the rounding of sums.
            room = 1e-5 * max(abs(bound) for bound in (low, high, 0.0) if np.isfinite(bound))
            bad = (row < low - room) | (row > high + room)
            for place in np.flatnonzero(bad)[: self._bad_rows.accepted + 1].tolist():
                when = self._grid.text(int(steps_of(key[place : place + 1])[0]))
                detail = f"{row[place]:g} in the step of {when}, it can be {low:g} to {high:g}"
                file, line = self._places.files[files[place]], int(lines[place])
                self._bad_rows.add([Problem("impossible", detail, file, line, one.column)])
            row[bad] = np.nan


class _Places:
    """Where the first row of each step stands.

    Attributes:
        files: Number -> file.
    """

    def __init__(self) -> None:
        self.files: list[str] = []
        self._key = np.zeros(0, np.int64)
        self._line = np.zeros(0, np.int64)
        self._file = np.zeros(0, np.int64)

    def add(self, key: Ints, lines: Ints, file: str) -> None:
        """Takes sorted keys of rows and where each stands."""
        if file not in self.files[-1:]:
            self.files.append(file)
        of = np.full(key.size, len(self.files) - 1)
        own = first_of(key)
        key, lines, of = key[own], lines[own], of[own]
        both = np.concatenate((self._key, key))
        self._key, first = np.unique(both, return_index=True)
        self._line = np.concatenate((self._line, lines))[first]
        self._file = np.concatenate((self._file, of))[first]

    def take(self, key: Ints) -> tuple[Ints, Ints]:
        """Lines and files of steps, and forgets those of their meters up to them.

        A step without a row of its own has the place of the one before it.
        """
        place = np.searchsorted(self._key, key, side="right") - 1
        place = np.maximum(place, np.searchsorted(self._key, keys(meters_of(key), key * 0)))
        found = self._line[place], self._file[place]
        meter = meters_of(key)
        last = np.append(np.diff(meter) != 0, True)
        done = np.searchsorted(meter[last], meters_of(self._key))
        done_key = key[last][np.minimum(done, last.sum() - 1)]
        kept = (meters_of(done_key) != meters_of(self._key)) | (self._key > done_key)
        self._key, self._line, self._file = self._key[kept], self._line[kept], self._file[kept]
        return found
