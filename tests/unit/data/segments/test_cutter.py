"""Every valid window appears exactly once, and no window crosses a gap, a meter or a split."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tests.support.series import Series, household, write_iso
from tests.support.settings import MEASUREMENTS, TARGET, WINDOWING, data_options
from tfx_pipeline.data.contract import SPLITS, Windowing
from tfx_pipeline.data.inspection import inspect
from tfx_pipeline.data.options import DataOptions
from tfx_pipeline.data.segments.cutter import SegmentCutter, Segments, usable_intervals
from tfx_pipeline.data.segments.splits import Interval, split_intervals, steps_needed

ROW = MEASUREMENTS.index(TARGET)
SPLIT_OF = {"train": Interval(-(10**9), 10**9)}


def with_holes(seed: int) -> tuple[Series, DataOptions]:
    """A random series with absent rows and missing values, and random options."""
    rng = np.random.default_rng(seed)
    window = int(rng.integers(3, 60))
    windowing = Windowing(
        window=window,
        horizon=int(rng.integers(1, 12)),
        origins=int(rng.integers(1, 75)),
    )
    options = data_options(
        windowing=windowing,
        max_gap=int(rng.integers(0, min(window, 20))),
        train_fraction=0.5,
        eval_fraction=0.25,
    )
    minutes = 4 * steps_needed(options) + int(rng.integers(300, 2500))
    series = household(minutes, f"2007-01-{rng.integers(1, 28):02d} 0{seed % 10}:17", seed)
    holes = [
        slice(start, start + length)
        for start, length in zip(
            rng.integers(0, minutes, 30), rng.integers(1, 3 * options.max_gap + 3, 30), strict=True
        )
    ]
    series = series.without_values(*holes[:10]).without_values(*holes[10:20], measurements=[TARGET])
    return series.without_rows(*holes[20:]), options


def valid_origins(
    series: Series, splits: dict[str, Interval], options: DataOptions
) -> set[tuple[str, int]]:
    """The definition, minute by minute."""
    first = int(series.minutes[0])
    observed = np.zeros(int(series.minutes[-1]) + 1 - first, bool)
    observed[series.minutes - first] = ~np.isnan(series.values[ROW])
    places = np.flatnonzero(observed)
    inside = np.zeros(observed.size, bool)
    for place, following in zip(places, [*places[1:], places[-1]], strict=True):
        inside[place] = True
        if following - place - 1 <= options.max_gap:
            inside[place : following + 1] = True
    window, horizon = options.windowing.window, options.windowing.horizon
    return {
        (split, first + origin)
        for origin in range(window - 1, observed.size - horizon)
        if inside[origin - window + 1 : origin + horizon + 1].all()
        for split, interval in splits.items()
        if interval.start <= first + origin - window + 1
        and first + origin + horizon < interval.stop
    }


def cut(
    series: Series, splits: dict[str, Interval], options: DataOptions, seed: int
) -> Iterator[Segments]:
    """Feeds the series in random portions, with contiguous found independently."""
    observed = series.minutes[~np.isnan(series.values[ROW])]
    breaks = np.flatnonzero(np.diff(observed) - 1 > options.max_gap)
    contiguous = [
        Interval(int(start), int(end) + 1)
        for start, end in zip(
            observed[[0, *(breaks + 1)]], observed[[*breaks, observed.size - 1]], strict=True
        )
    ]
    cutter = SegmentCutter("", usable_intervals(contiguous, splits, options.windowing), options)
    rng = np.random.default_rng(seed)
    bounds = [0, *np.sort(rng.integers(0, series.minutes.size, 40)), series.minutes.size]
    for start, stop in pairwise(bounds):
        yield from cutter.feed(
            series.minutes[start:stop], series.values[:, start:stop].astype(np.float32)
        )
    yield from cutter.finish()


@pytest.mark.parametrize("seed", range(40))
def test_every_valid_window_appears_exactly_once(seed: int) -> None:
    series, options = with_holes(seed)
    windowing = options.windowing
    whole = Interval(int(series.minutes[0]), int(series.minutes[-1]) + 1)
    splits = split_intervals(whole, options)
    grid = np.full(
        (len(MEASUREMENTS), whole.stop - whole.start + 2 * windowing.length), np.nan, np.float32
    )
    offset = whole.start - windowing.length
    grid[:, series.minutes - offset] = series.values

    target = dict(zip(series.minutes.tolist(), grid[ROW, series.minutes - offset], strict=True))
    seen: list[tuple[str, int]] = []
    for part in cut(series, splits, options, seed):
        assert part.values.shape == (7, part.first_origin.size, windowing.length)
        assert part.weight.shape == (part.first_origin.size, windowing.origins)
        assert (part.first_origin % windowing.origins == 0).all()
        assert part.weight.any(axis=1).all()
        interval = splits[part.split]
        for number, first in enumerate(part.first_origin.tolist()):
            minutes = first - (windowing.window - 1) + np.arange(windowing.length)
            values = part.values[:, number]
            labels = first + 1 + np.arange(windowing.labels)
            for days, found in ((1, part.yesterday), (7, part.last_week)):
                earlier = [target.get(int(label) - days * 1440, np.nan) for label in labels]
                np.testing.assert_array_equal(found[number], np.array(earlier, np.float32))
            outside = (minutes < interval.start) | (minutes >= interval.stop)
            assert np.isnan(values[:, outside]).all()
            for origin in np.flatnonzero(part.weight[number]).tolist():
                reach = slice(origin, origin + windowing.window + windowing.horizon)
                expected = grid[:, minutes[reach] - offset]
                np.testing.assert_array_equal(values[:, reach], expected)
                seen.append((part.split, first + origin))

    assert len(seen) == len(set(seen))
    assert set(seen) == valid_origins(series, splits, options)
    assert {split for split, _ in seen} == set(SPLITS)


def test_values_of_another_interval_are_not_shown() -> None:
    series = household(400, "2007-01-01 00:00").without_rows(slice(100, 110))
    options = data_options(windowing=Windowing(window=10, horizon=2, origins=60), max_gap=5)

    parts = list(cut(series, SPLIT_OF, options, seed=0))

    by_origin: dict[int, list[np.ndarray]] = {}
    for part in parts:
        for number, first in enumerate(part.first_origin.tolist()):
            by_origin.setdefault(first - int(series.minutes[0]), []).append(
                part.values[ROW, number]
            )
    before, after = by_origin[60]
    gap = slice(9 + 40, 9 + 50)
    assert np.isnan(before[gap.start :]).all()
    assert np.isnan(after[: gap.stop]).all()


def test_a_short_gap_stays_inside_as_missing() -> None:
    series = household(600).without_rows(slice(200, 215))
    longer = household(600).without_rows(slice(200, 216))

    def usable(one: Series) -> int:
        return int(sum(part.weight.sum() for part in cut(one, SPLIT_OF, data_options(), seed=1)))

    assert usable(series) == 600 - 124
    assert usable(longer) == (200 - 124) + (600 - 216 - 124)


def test_windows_of_neighbouring_splits_are_an_embargo_apart() -> None:
    options = data_options()
    windowing = options.windowing
    splits = split_intervals(Interval(1_000_003, 1_005_003), options)
    found = usable_intervals([Interval(1_000_003, 1_005_003)], splits, windowing)

    for older, newer in pairwise(found):
        last_used = older.origins.stop - 1 + windowing.horizon
        first_used = newer.origins.start - (windowing.window - 1)
        assert first_used - last_used >= windowing.window + windowing.horizon
    assert found[0].span.start == 1_000_003
    assert found[-1].span.stop == 1_005_003
    fractions = [(one.span.stop - one.span.start) / 5000 for one in found]
    np.testing.assert_allclose(fractions, [0.7 - 125 / 5000, 0.1, 0.2 - 125 / 5000])


def test_a_split_that_is_longer_than_both_neighbours_pays_both_embargoes() -> None:
    options = data_options(train_fraction=0.2, eval_fraction=0.5)
    splits = split_intervals(Interval(0, 2000), options)
    assert splits == {
        "train": Interval(0, 400),
        "eval": Interval(400 + 125, 1400 - 125),
        "test": Interval(1400, 2000),
    }


@pytest.mark.parametrize(
    ("train", "evaluation"), [(0.7, 0.1), (0.4, 0.3), (0.3, 0.4), (0.2, 0.5), (0.1, 0.2)]
)
def test_exactly_as_many_minutes_as_are_needed(train: float, evaluation: float) -> None:
    options = data_options(
        windowing=Windowing(window=30, horizon=3, origins=10),
        max_gap=5,
        train_fraction=train,
        eval_fraction=evaluation,
    )
    needed = steps_needed(options)

    for minutes, enough in ((needed - 2, False), (needed + 1, True)):
        splits = split_intervals(Interval(0, minutes), options)
        found = usable_intervals([Interval(0, minutes)], splits, options.windowing)
        assert ({one.split for one in found} == set(SPLITS)) is enough


def test_the_first_pass_agrees_with_the_definition(tmp_path: Path) -> None:
    for seed in range(5):
        series, options = with_holes(seed)
        path = write_iso(tmp_path / "house.csv", series)
        summary = inspect([str(path)], options).summary

        whole = Interval(int(series.minutes[0]), int(series.minutes[-1]) + 1)
        valid = valid_origins(series, split_intervals(whole, options), options)
        for split in SPLITS:
            assert summary.splits[split].windows == sum(name == split for name, _ in valid)


def test_an_interval_can_be_narrowed_to_some_segments() -> None:
    (interval,) = usable_intervals([Interval(0, 1000)], SPLIT_OF, WINDOWING)

    assert interval.segments == Interval(1, 17)
    narrowed = interval.within(Interval(5, 99))
    assert narrowed is not None
    assert narrowed.segments == Interval(5, 17)
    assert narrowed.span == interval.span
    assert interval.within(Interval(17, 20)) is None
