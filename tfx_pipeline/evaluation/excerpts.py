"""Forecasts beside what came, on a few days that a person can look at.

The days are of the newest part of the test split: a quiet night, a busy evening, the worst hour,
and the newest of all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from tfx_pipeline.evaluation.results import Result
from tfx_pipeline.model_contract import P10, P50, P90
from tfx_pipeline.series.clock import DAY, HOUR, WEEK
from tfx_pipeline.series.grid import Grid
from tfx_pipeline.series.spec import SeriesSpec

EXCERPTS_FILE = "excerpts.json"
"""`Excerpts`, in the folder of a ModelEvaluation."""

SHOWN = (P10, P50, P90)
LENGTHS = (HOUR, DAY, 2 * DAY, WEEK, 4 * WEEK, 26 * WEEK)
"""Seconds of an excerpt: the shortest that has `FEWEST` steps."""
FEWEST = 144
MOST_VALUES = 25_000
"""Of an excerpt; fewer steps ahead are kept where it has many steps."""
MOST_AHEAD = 5
NIGHT, EVENING, ANY = range(6), range(17, 23), range(24)
"""Hours of the local clock."""
ENOUGH = 0.9
"""Fraction of a night or an evening that must have been observed and forecast."""

Floats = npt.NDArray[np.floating]
Values = tuple[float | None, ...]


class Ahead(Result):
    """The forecasts for each step of an excerpt, made so many steps before it."""

    steps: int
    """Steps ahead."""
    p10: Values
    """Lower end of the band; null where there is no forecast."""
    p50: Values
    """The median."""
    p90: Values
    """Upper end of the band."""


class Mark(Result):
    """What an excerpt was chosen for."""

    what: str
    """Such as "the worst hour"."""
    first: int
    """The first step of it, counted from the excerpt's begin."""
    last: int
    """The last one."""


class Excerpt(Result):
    """Some consecutive steps of one meter."""

    meter: str
    """Empty where the files name none."""
    first: str
    """Begin of the first step, by the local clock."""
    local_seconds: int
    """The same, in seconds since 1970 of the local clock."""
    marks: tuple[Mark, ...]
    """What it was chosen for."""
    actual: Values
    """The target; null where it was not observed."""
    ahead: tuple[Ahead, ...]
    """Forecasts, of the fewest steps ahead first."""


class Excerpts(Result):
    """All of them."""

    target: str
    """The target's name."""
    unit: str
    """Its unit."""
    step_seconds: int
    """Seconds of a step."""
    since: str
    """Begin of the part of the test split that they were chosen from, by the local clock."""
    excerpts: tuple[Excerpt, ...]
    """The newest first."""


@dataclass
class Track:
    """A meter's target and the forecasts for it, step by step.

    Attributes:
        meter: Its name.
        first: Number of the first step.
        actual: [n], NaN where not observed.
        forecast: [`SHOWN`, ahead, n], by steps ahead and the step that is forecast; NaN: none.
        local: [n], seconds since 1970 of the local clock.
    """

    meter: str
    first: int
    actual: Floats
    forecast: Floats
    local: npt.NDArray[np.int64]

    @cached_property
    def squared_error(self) -> Floats:
        """[n], of the median, on average over these steps ahead; NaN where there is none."""
        errors = (self.forecast[SHOWN.index(P50)] - self.actual) ** 2
        found = ~np.isnan(errors)
        count = found.sum(axis=0)
        total = np.where(found, errors, 0.0).sum(axis=0)
        return np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)

    @property
    def forecast_target(self) -> Floats:
        """[n], the target where there is a forecast to show beside it."""
        return np.where(np.isnan(self.squared_error), np.nan, self.actual)


def excerpt_length(step: int) -> int:
    """Steps of an excerpt, given the seconds of one."""
    return next((one for one in LENGTHS if one >= FEWEST * step), LENGTHS[-1]) // step


def steps_ahead(horizon: int, length: int) -> list[int]:
    """The steps ahead that are shown: the first, the last and some between."""
    most = MOST_VALUES // (len(SHOWN) * length)
    count = max(1, min(horizon, MOST_AHEAD, most))
    return np.unique(np.linspace(1, horizon, count).astype(int)).tolist()


def choose(tracks: Sequence[Track], ahead: Sequence[int], series: SeriesSpec) -> Excerpts:
    """Chooses what a person should look at.

    Args:
        tracks: At least one.
        ahead: The steps ahead of their forecasts.
        series: What is forecast.
    """
    step, grid = series.step, Grid(series)
    length = excerpt_length(step)
    chosen: dict[tuple[str, int], tuple[Track, list[Mark]]] = {}
    for what, track, steps in _worth_a_look(tracks, step):
        start = _begin(track, steps, length, step)
        mark = Mark(what=what, first=steps.start - start, last=steps.stop - 1 - start)
        chosen.setdefault((track.meter, start), (track, []))[1].append(mark)
    return Excerpts(
        target=series.target.name,
        unit=series.target.unit,
        step_seconds=step,
        since=grid.text(min(track.first for track in tracks)),
        excerpts=tuple(
            _excerpt(track, slice(start, start + length), marks, ahead, grid)
            for (_, start), (track, marks) in chosen.items()
        ),
    )


def _worth_a_look(tracks: Sequence[Track], step: int) -> Iterator[tuple[str, Track, range]]:
    """What an excerpt is chosen for, the track, and the steps of that, counted in the track."""
    newest = max(tracks, key=lambda track: track.first + track.actual.size)
    size = newest.actual.size
    yield "the newest", newest, range(size - 1, size)
    hour = max(step, HOUR)
    means = {
        "a quiet night": [_means(t, -t.forecast_target, NIGHT, DAY) for t in tracks],
        "a busy evening": [_means(t, t.forecast_target, EVENING, DAY) for t in tracks],
        f"the worst {'hour' if step <= HOUR else 'step'}": [
            _means(t, t.squared_error, ANY, hour) for t in tracks
        ],
    }
    for what, of_tracks in means.items():
        of_parts = [
            (mean, number, steps)
            for number, found in enumerate(of_tracks)
            for mean, steps in found
            if step < DAY or what.startswith("the worst")
        ]
        if of_parts:
            _, number, steps = max(of_parts, key=lambda part: part[0])
            yield what, tracks[number], steps


def _means(
    track: Track, values: Floats, hours: range, seconds: int
) -> Iterator[tuple[float, range]]:
    """The means of values in some hours of each day, or the like, and their steps.

    Args:
        track: Of the values.
        values: [n]; NaN: not known. Parts of which too few are known are left out.
        hours: Of the local clock.
        seconds: Length of what is averaged over, such as a day.
    """
    within = np.flatnonzero(np.isin(track.local % DAY // HOUR, hours))
    parts = track.local[within] // seconds
    starts = np.flatnonzero(np.diff(parts, prepend=-1))
    for own in np.split(within, starts[1:]):
        known = values[own][~np.isnan(values[own])]
        if known.size >= ENOUGH * own.size and known.size:
            yield float(known.mean()), range(int(own[0]), int(own[-1]) + 1)


def _begin(track: Track, steps: range, length: int, step: int) -> int:
    """The first step of an excerpt, by the track: of a day, or with some days around."""
    begin = int(track.local[steps.start])
    period = min(length * step, DAY)
    around = (length * step - period) // 2 // DAY * DAY
    earlier = begin % period + around
    latest = max(0, track.actual.size - length)
    return min(max(0, steps.start - earlier // step), latest)


def _excerpt(
    track: Track, steps: slice, marks: list[Mark], ahead: Sequence[int], grid: Grid
) -> Excerpt:
    return Excerpt(
        meter=track.meter,
        first=grid.text(track.first + steps.start),
        local_seconds=int(track.local[steps.start]),
        marks=tuple(marks),
        actual=_values(track.actual[steps]),
        ahead=tuple(
            Ahead(
                steps=one,
                **{
                    name: _values(track.forecast[of_name, of_ahead, steps])
                    for of_name, name in enumerate(SHOWN)
                },
            )
            for of_ahead, one in enumerate(ahead)
        ),
    )


def _values(values: Floats) -> Values:
    """To four digits, as a picture needs them."""
    return tuple(float(f"{value:.4g}") if np.isfinite(value) else None for value in values.tolist())
