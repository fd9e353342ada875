"""Bad rows are named with file, line, column, rule and what to do, or accepted and counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.faults import (
    MINUTES,
    check,
    damage,
    error_of,
    field,
    repeated,
    replaced,
    swapped,
)
from tests.support.series import household, write_iso
from tests.support.settings import data_options
from tfx_pipeline.data.raw.errors import HINTS

TARGET = "Global_active_power"


# What is done to a good ISO file, the rule, its line, its column, and a word of the message.
ROW_FAULTS = {
    "text in a number": (field(700, 3, b"high"), "number", 700, "Voltage", "'high'"),
    "decimal comma": (field(9, 1, b'"1,5"'), "number", 9, TARGET, "'1,5'"),
    "NUL byte": (field(12, 2, b"0.1\x002"), "number", 12, "Global_reactive_power", "x00"),
    "hexadecimal": (field(12, 5, b"0x10"), "number", 12, "Sub_metering_1", "0x10"),
    "infinity": (field(800, 4, b"inf"), "infinite", 800, "Global_intensity", "infinity"),
    "overflow": (field(800, 1, b"1e99"), "infinite", 800, TARGET, "infinity"),
    "float32 and no more": (field(800, 1, b"1e38"), "impossible", 800, TARGET, "1e+38"),
    "a code for missing": (field(800, 1, b"-999"), "impossible", 800, TARGET, "-999"),
    "volts of a sentinel": (field(9, 3, b"65535"), "impossible", 9, "Voltage", "0 to 500"),
    "a negative current": (field(9, 4, b"-1"), "impossible", 9, "Global_intensity", "-1"),
    "a year to come": (field(60, 0, b"2070-01-01 00:58:00"), "date", 60, None, "2070-01-01"),
    "a year long past": (field(60, 0, b"1976-01-01 00:58:00"), "date", 60, None, "1976-01-01"),
    "not UTF-8": (field(31, 6, b"1\xff"), "encoding", 31, "Sub_metering_2", "0xff"),
    "a field too many": (field(40, 1, b"1,2"), "columns", 40, None, "9 fields, expected 8"),
    "a field too few": (replaced(40, b",", b" "), "columns", 40, None, "7 fields"),
    "another delimiter": (
        lambda lines: [*lines[:99], lines[99].replace(b",", b";"), *lines[100:]],
        "columns",
        100,
        None,
        "1 fields",
    ),
    "carriage return in a line": (field(55, 3, b"240\r1"), "number", 55, "Voltage", "240 1"),
    "carriage return behind a field": (field(55, 3, b"240\r"), "columns", 55, None, "unreadable"),
    "unclosed quote": (field(55, 1, b'"1.2'), "columns", 55, None, "fields"),
    "no timestamp": (field(60, 0, b""), "timestamp", 60, "date_time", "''"),
    "impossible day": (field(60, 0, b"2007-02-30 00:00:00"), "timestamp", 60, "date_time", "02-30"),
    "other date order": (field(60, 0, b"01/02/2007 00:58:00"), "timestamp", 60, "date_time", "01/"),
    "time zone": (field(60, 0, b"2007-01-01 00:58:00Z"), "timestamp", 60, "date_time", "Z"),
    "before 1970": (field(60, 0, b"1969-01-01 00:58:00"), "timestamp", 60, "date_time", "1969"),
    "seconds": (field(60, 0, b"2007-01-01 00:58:30"), "step", 60, "date_time", "00:58:30"),
    "duplicated minute": (repeated(200), "duplicate", 201, None, "line 200"),
    "backward": (swapped(300), "backward", 301, None, "line 300"),
}


@pytest.mark.parametrize("fault", ROW_FAULTS)
def test_a_bad_row_is_named(fault: str, iso: Path) -> None:
    how, rule, line, column, word = ROW_FAULTS[fault]

    error = error_of(damage(iso, how))

    (problem,) = error.problems
    assert (problem.rule, problem.line, problem.column) == (rule, line, column)
    message = str(error)
    assert f"{iso}, line {line:,}" in message
    assert word in message
    assert HINTS[rule] in message


@pytest.mark.parametrize("fault", ROW_FAULTS)
def test_an_accepted_bad_row_becomes_a_missing_minute_and_is_counted(fault: str, iso: Path) -> None:
    how, rule, line, _, word = ROW_FAULTS[fault]
    whole = check([str(iso)])

    summary = check([str(damage(iso, how))], data_options(max_bad_rows=1))

    repeats = rule == "duplicate"
    assert summary.bad_rows == {rule: 1}
    assert summary.missing_steps == whole.missing_steps + (not repeats)
    assert summary.rows == whole.rows + repeats
    (reported,) = summary.first_bad_rows
    assert f"line {line}" in reported
    assert word in reported


def test_one_bad_row_more_than_accepted_is_an_error_that_names_them(iso: Path) -> None:
    damage(iso, field(700, 3, b"high"))
    damage(iso, repeated(200))
    damage(iso, field(20, 0, b"soon"))

    error = error_of(iso, options=data_options(max_bad_rows=2))

    assert [problem.line for problem in error.problems] == [20, 201, 701]
    assert "data.max_bad_rows = 2" in str(error)
    assert check([str(iso)], data_options(max_bad_rows=3)).bad_rows == {
        "timestamp": 1,
        "duplicate": 1,
        "number": 1,
    }


def test_a_file_of_nothing_but_bad_rows_stops_at_the_first(iso: Path) -> None:
    damage(iso, lambda lines: [lines[0], *(line.replace(b".", b"'") for line in lines[1:])])

    assert error_of(iso).problems[0].line == 2


def test_rows_of_half_a_minute(iso: Path) -> None:
    damage(
        iso, lambda lines: [lines[0], lines[1], lines[1].replace(b":00,", b":30,", 1), *lines[2:]]
    )

    assert error_of(iso).problems[0].rule == "step"


def test_a_row_without_the_meters_name(tmp_path: Path) -> None:
    path = write_iso(tmp_path / "a.csv", household(MINUTES, meter="north"))
    damage(path, replaced(17, b"north", b""))

    (problem,) = error_of(path).problems

    assert (problem.rule, problem.line, problem.column) == ("meter", 17, "meter")
