"""Steps that become complete as rows arrive are those of the whole file, in bounded memory."""

from __future__ import annotations

import io
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.series import household, write_iso
from tests.support.windows import model
from tfx_pipeline.client.arriving import MOST, Arriving
from tfx_pipeline.client.files import read_windows
from tfx_pipeline.client.tail import Chunk
from tfx_pipeline.data.contract import Windowing
from tfx_pipeline.data.raw.errors import BadRows, DataError
from tfx_pipeline.series.files import UCI_HOUSEHOLD, read_series
from tfx_pipeline.series.grid import Grid
from tfx_pipeline.series.spec import SeriesSpec

UCI = read_series(UCI_HOUSEHOLD)
SHAPE = Windowing(window=12, horizon=3, origins=5)


def arriving(series=UCI, meter=None, shape=SHAPE):
    reported = []
    return Arriving(model(series, shape), series, "rows", meter, reported.append), reported


def house(tmp_path, minutes=60, **more):
    return write_iso(tmp_path / "house.csv", household(minutes, "2023-01-01 00:00", **more))


def same_as_file(windows, text):
    """Whether a file that ended there would be read alike."""
    for row in range(len(windows)):
        whole = read_windows(
            ["text"],
            windows.model,
            meter=windows.meters[row],
            at=int(windows.times[row, 0]),
            bad_rows=BadRows(1000),
            opener=lambda *_: io.BytesIO(text),
        )
        for name, values in whole.inputs.items():
            np.testing.assert_array_equal(windows.inputs[name][row], values[0])


@settings(max_examples=8, suppress_health_check=[*HealthCheck], deadline=None)
@given(seed=st.integers(0, 1000), sizes=st.lists(st.integers(1, 20), min_size=4, max_size=12))
def test_windows_are_those_of_the_file_so_far(seed, sizes, tmp_path):
    rng = np.random.default_rng(seed)
    holes = [slice(start, start + int(rng.integers(1, 20))) for start in rng.integers(0, 150, 4)]
    minutes = household(160, seed=seed).without_rows(*holes[:2]).without_values(*holes[2:])
    lines = write_iso(tmp_path / "house.csv", minutes).read_bytes().splitlines(keepends=True)
    steps, reported = arriving()
    at = 0
    seen: list[int] = []
    for size in sizes:
        text, at = b"".join(lines[at : at + size]), at + size
        new = steps.add(Chunk(text))
        if new:
            same_as_file(steps.windows(new), b"".join(lines[:at]))
            seen += [step for _, step in new]
    if seen:  # of the first rows the last one alone, of all others each with something to go by
        came, target = minutes.minutes[: at - 1], minutes.values[0, : at - 1]
        values = came[~np.isnan(target)]
        expected = [one for one in came if ((values <= one) & (values > one - SHAPE.window)).any()]
        assert seen == [one for one in expected if one >= seen[0]]
    assert reported == []


def test_what_a_file_of_its_own_would_be_refused_for_ends_nothing(tmp_path):
    silent, sparse = slice(30, 60), [slice(63 + 4 * at, 66 + 4 * at) for at in range(20)]
    minutes = household(170, "2023-01-01 00:00").without_values(silent).without_rows(*sparse)
    lines = write_iso(tmp_path / "house.csv", minutes).read_bytes().splitlines(keepends=True)
    steps, reported = arriving()
    seen = [step for _, step in steps.add(Chunk(b"".join(lines[:21])))]
    held = []
    for number in range(21, len(lines)):
        seen += [step for _, step in steps.add(Chunk(lines[number]))]
        held.append(len(steps._text))  # noqa: SLF001
    nothing = minutes.minutes[30] + np.arange(SHAPE.window - 1, 30)
    assert seen == [one for one in minutes.minutes[19:].tolist() if one not in nothing]
    assert max(held) < 25 * len(lines[-1])
    head = lines[0]
    assert steps.add(Chunk(head + lines[-1], anew=True)) == []
    assert reported == []


def test_rows_finer_than_a_step_complete_it_when_the_next_one_is_due():
    series = SeriesSpec.model_validate(
        {
            "layouts": [{"timestamp": "time", "format": "iso"}],
            "cadence": "PT15M",
            "target": {"name": "power", "unit": "kW"},
        }
    )
    steps, _ = arriving(series)
    start = datetime(2023, 1, 1)
    text = "time,power\n"
    found = []
    for minute in range(0, 61, 5):
        row = f"{start + timedelta(minutes=minute)},{minute}.0\n"
        found += [(minute, step) for _, step in steps.add(Chunk((text + row).encode()))]
        text = ""
    first = int(Grid(series).index(int((start - datetime(1970, 1, 1)).total_seconds())))
    assert found == [(10, first), (25, first + 1), (40, first + 2), (55, first + 3)]
    assert steps.windows([("", first + 3)]).inputs["power"][0, -4:].tolist() == [5, 20, 35, 50]


def test_readings_of_a_counter_complete_the_step_before():
    series = SeriesSpec.model_validate(
        {
            "layouts": [{"timestamp": "time", "format": "iso"}],
            "cadence": "PT15M",
            "target": {"name": "energy", "unit": "kWh", "aggregate": "difference"},
        }
    )
    steps, _ = arriving(series)
    start = datetime(2023, 1, 1)
    counts = []
    for quarter in range(8):
        head = "" if quarter else "time,energy\n"
        row = f"{head}{start + timedelta(minutes=15 * quarter)},{100 + quarter**2}\n"
        counts.append(len(new := steps.add(Chunk(row.encode()))))
    assert counts == [0, 1, 1, 1, 1, 1, 1, 1]
    assert steps.windows(new).inputs["energy"][0, -7:].tolist() == [1, 3, 5, 7, 9, 11, 13]


def test_old_lines_are_forgotten(tmp_path):
    lines = house(tmp_path, 3000).read_bytes().splitlines(keepends=True)
    steps, _ = arriving()
    sizes = []
    for at in range(0, len(lines), 10):
        steps.add(Chunk(b"".join(lines[at : at + 10])))
        sizes.append(len(steps._text))  # noqa: SLF001
    assert max(sizes) < 25 * len(lines[-1])
    assert max(sizes[-50:]) <= max(sizes[:50])


def test_many_rows_at_a_time_give_the_last_steps(tmp_path):
    lines = house(tmp_path, 200).read_bytes().splitlines(keepends=True)
    steps, _ = arriving()
    assert len(steps.add(Chunk(b"".join(lines[:50])))) == 1
    new = steps.add(Chunk(b"".join(lines[50:])))
    assert len(new) == MOST
    same_as_file(steps.windows(new[-1:]), b"".join(lines))


def test_few_rows_may_span_more_steps_than_are_forecast_from(tmp_path):
    minutes = household(160, "2023-01-01 00:00").without_rows(slice(50, 80), slice(85, 115))
    lines = write_iso(tmp_path / "house.csv", minutes).read_bytes().splitlines(keepends=True)
    steps, _ = arriving()
    steps.add(Chunk(b"".join(lines[:41])))
    new = [step for _, step in steps.add(Chunk(b"".join(lines[41:61])))]
    came = minutes.minutes[40:60]
    assert new == came[came > came[-1] - MOST].tolist()
    assert len(new) < len(came)


def test_a_rotated_file_goes_on(tmp_path):
    head, *rows = house(tmp_path).read_bytes().splitlines(keepends=True)
    steps, reported = arriving()
    steps.add(Chunk(head + b"".join(rows[:40])))
    assert steps.add(Chunk(head, anew=True)) == []
    new = steps.add(Chunk(b"".join(rows[40:42])))
    assert len(new) == 2
    same_as_file(steps.windows(new), head + b"".join(rows[:42]))
    assert reported == []


def test_a_file_written_anew_corrects_what_was_known(tmp_path):
    head, *rows = house(tmp_path).read_bytes().splitlines(keepends=True)
    _, *corrected = house(tmp_path, seed=1).read_bytes().splitlines(keepends=True)
    steps, reported = arriving()
    steps.add(Chunk(head + b"".join(rows[:40])))
    new = steps.add(Chunk(head + b"".join(corrected[:43]), anew=True))
    assert len(new) == 3
    same_as_file(steps.windows(new[-1:]), head + b"".join(corrected[:43]))
    assert reported == []


def test_bad_rows_are_reported_once_with_their_line(tmp_path):
    lines = house(tmp_path).read_bytes().splitlines(keepends=True)
    lines[30] = b"2023-01-01 00:29:00,x\n"
    lines[50] = lines[49]
    steps, reported = arriving()
    for at in range(0, len(lines), 3):
        steps.add(Chunk(b"".join(lines[at : at + 3])))
    assert [one.split(": ")[1] for one in reported] == ["rows, line 31", "rows, line 51"]


def test_meters_are_told_apart(tmp_path):
    houses = [household(50, "2023-01-01 00:00", seed=seed, meter=f"m{seed}") for seed in (0, 1)]
    lines = write_iso(tmp_path / "houses.csv", *houses).read_bytes().splitlines(keepends=True)
    both, _ = arriving()
    assert [meter for meter, _ in both.add(Chunk(b"".join(lines[:81])))] == ["m0", "m1"]
    assert [meter for meter, _ in both.add(Chunk(b"".join(lines[81:85])))] == ["m0", "m1"] * 2
    one, _ = arriving(meter="m1")
    assert [meter for meter, _ in one.add(Chunk(b"".join(lines)))] == ["m1"]


def test_rows_of_another_kind_are_refused():
    steps, _ = arriving()
    assert steps.add(Chunk(b"")) == []
    with pytest.raises(DataError, match="header"):
        steps.add(Chunk(b"when,what\n1,2\n"))
