"""Rows that are not later than those before them, and why."""

from __future__ import annotations

from pathlib import Path

from tests.support.faults import (
    MINUTES,
    check,
    damage,
    error_of,
    repeated,
)
from tests.support.series import household, write_iso
from tests.support.settings import data_options


def test_a_minute_again_in_another_file(tmp_path: Path) -> None:
    house = household(MINUTES)
    first = write_iso(tmp_path / "b.csv", house.without_rows(slice(800, None)))
    second = write_iso(tmp_path / "a.csv", house.without_rows(slice(0, 799)))

    (problem,) = error_of(second, first).problems

    assert (problem.rule, problem.file, problem.line) == ("overlap", str(second), 2)
    assert f"{first}, line 801" in problem.detail


def test_a_file_may_have_no_row_that_is_new(tmp_path: Path) -> None:
    house = household(MINUTES)
    first = write_iso(tmp_path / "a.csv", house)
    again = write_iso(tmp_path / "b.csv", house.without_rows(slice(40, None)))

    found = check([str(first), str(again)], data_options(max_bad_rows=40))

    assert found.bad_rows == {"overlap": 40}
    assert found.rows == MINUTES + 40


def test_minutes_may_repeat_in_other_meters_only(tmp_path: Path) -> None:
    north, south = (household(MINUTES, meter=meter) for meter in ("north", "south"))
    path = write_iso(tmp_path / "both.csv", north, south)
    assert check([str(path)]).meters == 2

    (problem,) = error_of(damage(path, repeated(500))).problems

    assert (problem.rule, problem.line) == ("duplicate", 501)
    assert "meter" in problem.detail


def clock_changes(text: bytes) -> bytes:
    """Winter time from 2007-10-28 03:00 on: the hour before is there twice."""
    lines = text.split(b"\n")
    hour = [line for line in lines if line.startswith(b"2007-10-28 02:")]
    end = lines.index(hour[-1]) + 1
    return b"\n".join([*lines[:end], *hour, *lines[end:]])


def test_an_hour_that_comes_twice_is_the_clocks(tmp_path: Path) -> None:
    path = write_iso(tmp_path / "house.csv", household(3000, "2007-10-27 12:00"))
    path.write_bytes(clock_changes(path.read_bytes()))

    error = error_of(path)

    assert [(problem.rule, problem.line) for problem in error.problems] == [("clock", 902)]
    assert "winter time" in str(error)
    assert check([str(path)], data_options(max_bad_rows=60)).bad_rows == {
        "clock": 59,
        "duplicate": 1,
    }


def test_rows_behind_one_of_a_year_to_come_are_not_called_unsorted(iso: Path) -> None:
    damage(
        iso, lambda lines: [*lines[:60], *(lines[60].replace(b"2007", b"2070"),) * 2, *lines[61:]]
    )

    (problem,) = error_of(iso, options=data_options(max_bad_rows=1)).problems[1:]

    assert problem.rule == "date"
    assert "2070-01-01 00:59" in problem.detail
