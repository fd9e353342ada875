"""Every broken rule is reported with file, line, column, rule and what to do about it."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import tarfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.series import household, write_iso, write_uci
from tests.support.settings import data_options
from tfx_pipeline.data.inspection import inspect
from tfx_pipeline.data.options import DataOptions
from tfx_pipeline.data.raw.errors import HINTS, DataError
from tfx_pipeline.data.summary import DataSummary

MINUTES = 1500
TARGET = "Global_active_power"

Lines = list[bytes]


def replaced(line: int, old: bytes, new: bytes) -> Callable[[Lines], Lines]:
    def damage(lines: Lines) -> Lines:
        assert old in lines[line - 1]
        return [*lines[: line - 1], lines[line - 1].replace(old, new, 1), *lines[line:]]

    return damage


def field(line: int, number: int, text: bytes) -> Callable[[Lines], Lines]:
    def damage(lines: Lines) -> Lines:
        fields = lines[line - 1].split(b",")
        fields[number] = text
        return [*lines[: line - 1], b",".join(fields), *lines[line:]]

    return damage


def repeated(line: int) -> Callable[[Lines], Lines]:
    return lambda lines: [*lines[:line], lines[line - 1], *lines[line:]]


def swapped(line: int) -> Callable[[Lines], Lines]:
    return lambda lines: [
        *lines[: line - 1],
        lines[line],
        lines[line - 1],
        *lines[line + 1 :],
    ]


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
    "seconds": (field(60, 0, b"2007-01-01 00:58:30"), "minute", 60, "date_time", "00:58:30"),
    "duplicated minute": (repeated(200), "duplicate", 201, None, "line 200"),
    "backward": (swapped(300), "backward", 301, None, "line 300"),
}


@pytest.fixture
def iso(tmp_path: Path) -> Path:
    return write_iso(tmp_path / "house.csv", household(MINUTES))


def check(files: list[str], options: DataOptions | None = None) -> DataSummary:
    return inspect(files, options or data_options()).summary


def damage(path: Path, how: Callable[[Lines], Lines]) -> Path:
    path.write_bytes(b"\n".join(how(path.read_bytes().split(b"\n"))))
    return path


def error_of(*paths: Path, options: DataOptions | None = None) -> DataError:
    with pytest.raises(DataError) as caught:
        check([str(path) for path in paths], options)
    return caught.value


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
    assert summary.missing_minutes == whole.missing_minutes + (not repeats)
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


@pytest.mark.parametrize(
    ("header", "rule", "word"),
    [
        (b"date_time,Global_active_power", "header", "missing columns: Global_reactive_power"),
        (b"{0},extra", "header", "extra columns: 'extra'"),
        (b"{0},voltage", "header", "named twice: Voltage, voltage"),
        (b"{0},meter,household", "header", "both a meter and a household"),
        (b"2007-01-01 00:00:00,1,2,3,4,5,6,7", "header", "this is not a header"),
        (b"\xff\xfed\x00a\x00", "encoding", "UTF-8"),
        (b"{0}\xe4", "encoding", "0xe4"),
    ],
)
def test_a_bad_header_says_what_is_expected(header: bytes, rule: str, word: str, iso: Path) -> None:
    damage(iso, lambda lines: [header.replace(b"{0}", lines[0]), *lines[1:]])

    error = error_of(iso)

    assert error.problems[0].rule == rule
    assert error.problems[0].line == 1
    assert word in str(error)


def test_wrong_delimiters_of_both_formats(tmp_path: Path) -> None:
    house = household(MINUTES)
    iso = write_iso(tmp_path / "iso.csv", house)
    uci = write_uci(tmp_path / "uci.txt", house)
    iso.write_bytes(iso.read_bytes().replace(b",", b";"))
    uci.write_bytes(uci.read_bytes().replace(b";", b"\t"))

    for path, found in ((iso, "';'"), (uci, r"'\t'")):
        error = error_of(path)
        assert error.problems[0].rule == "delimiter"
        assert f"separated by {found}" in str(error)


@pytest.mark.parametrize(
    ("old", "new", "column"),
    [
        (b"1/1/2007;00:58:00", b"31/2/2007;00:58:00", "Date"),
        (b"1/1/2007;00:58:00", b"2007-01-01;00:58:00", "Date"),
        (b"1/1/2007;00:58:00", b"1/1/07;00:58:00", "Date"),
        (b"1/1/2007;00:58:00", b"?;00:58:00", "Date"),
        (b"1/1/2007;00:58:00", b"1/1/1969;00:58:00", "Date"),
        (b"1/1/2007;00:58:00", b"1/1/2007;24:58:00", "Time"),
        (b"1/1/2007;00:58:00", b"1/1/2007;?", "Time"),
    ],
)
def test_bad_timestamps_of_the_uci_format(
    old: bytes, new: bytes, column: str, tmp_path: Path
) -> None:
    uci = damage(write_uci(tmp_path / "uci.txt", household(MINUTES)), replaced(60, old, new))

    (problem,) = error_of(uci).problems

    assert (problem.rule, problem.line, problem.column) == ("timestamp", 60, column)


@pytest.mark.parametrize(
    ("content", "rule"),
    [(b"", "empty"), (b"\n\n", "empty"), (b"\xef\xbb\xbf", "empty")],
)
def test_an_empty_file(content: bytes, rule: str, iso: Path) -> None:
    iso.write_bytes(content)

    assert error_of(iso).problems[0].rule == rule


def test_a_header_without_rows(iso: Path) -> None:
    damage(iso, lambda lines: [lines[0], b"", b""])

    (problem,) = error_of(iso).problems
    assert problem.rule == "empty"
    assert problem.file == str(iso)


def test_nothing_but_missing_values(tmp_path: Path) -> None:
    blank = household(MINUTES).without_values(slice(None))

    for path in (write_iso(tmp_path / "a.csv", blank), write_uci(tmp_path / "a.txt", blank)):
        assert error_of(path).problems[0].rule == "missing"


@pytest.mark.parametrize("cut", [*range(2, 9), 20, 45, 55, 60])
@pytest.mark.parametrize("write", [write_iso, write_uci])
def test_a_truncated_last_line(write: Callable[..., Path], cut: int, tmp_path: Path) -> None:
    path = write(tmp_path / "house", household(MINUTES))
    path.write_bytes(path.read_bytes()[:-cut])

    (problem,) = error_of(path).problems

    assert (problem.rule, problem.line) == ("truncated", MINUTES + 1)
    assert "the file ends in the middle of this line" in str(error_of(path)).lower()
    assert check([str(path)], data_options(max_bad_rows=1)).bad_rows == {"truncated": 1}


def test_a_last_line_without_line_end_or_with_a_short_number_is_fine(tmp_path: Path) -> None:
    path = write_iso(tmp_path / "house.csv", household(MINUTES))
    lines = path.read_text().rstrip("\n").split("\n")
    path.write_text("\n".join(lines))
    assert check([str(path)]).rows == MINUTES

    mixed = [line[:-2] if number % 2 else line for number, line in enumerate(lines)]
    path.write_text("\n".join([lines[0], *mixed[1:]]))
    assert check([str(path)]).rows == MINUTES


def test_a_binary_file_without_lines(tmp_path: Path) -> None:
    path = tmp_path / "picture.csv"
    path.write_bytes(b"\x89PNG" + bytes(9 << 20))

    assert "not a text file" in str(error_of(path))


@pytest.mark.parametrize("minutes", [2, 15])
def test_another_cadence(minutes: int, tmp_path: Path) -> None:
    house = household(6000)
    sparse = type(house)(house.minutes[::minutes], house.values[:, ::minutes])

    error = error_of(write_iso(tmp_path / "sparse.csv", sparse))

    assert error.problems[0].rule == "cadence"
    assert f"every {minutes} minutes" in str(error)


def test_rows_of_half_a_minute(iso: Path) -> None:
    damage(
        iso, lambda lines: [lines[0], lines[1], lines[1].replace(b":00,", b":30,", 1), *lines[2:]]
    )

    assert error_of(iso).problems[0].rule == "minute"


def test_a_minute_again_in_another_file(tmp_path: Path) -> None:
    house = household(MINUTES)
    first = write_iso(tmp_path / "b.csv", house.without_rows(slice(800, None)))
    second = write_iso(tmp_path / "a.csv", house.without_rows(slice(0, 799)))

    (problem,) = error_of(second, first).problems

    assert (problem.rule, problem.file, problem.line) == ("overlap", str(second), 2)
    assert f"{first}, line 801" in problem.detail


def test_only_some_files_name_the_meter(tmp_path: Path) -> None:
    house = household(MINUTES)
    first = write_iso(tmp_path / "a.csv", house.without_rows(slice(800, None)))
    named = household(MINUTES, meter="north").without_rows(slice(0, 800))

    assert error_of(first, write_iso(tmp_path / "b.csv", named)).problems[0].rule == "meter"


def test_a_row_without_the_meters_name(tmp_path: Path) -> None:
    path = write_iso(tmp_path / "a.csv", household(MINUTES, meter="north"))
    damage(path, replaced(17, b"north", b""))

    (problem,) = error_of(path).problems

    assert (problem.rule, problem.line, problem.column) == ("meter", 17, "meter")


def test_minutes_may_repeat_in_other_meters_only(tmp_path: Path) -> None:
    north, south = (household(MINUTES, meter=meter) for meter in ("north", "south"))
    path = write_iso(tmp_path / "both.csv", north, south)
    assert check([str(path)]).meters == 2

    (problem,) = error_of(damage(path, repeated(500))).problems

    assert (problem.rule, problem.line) == ("duplicate", 501)
    assert "meter" in problem.detail


def test_too_little_data_for_a_split_says_how_much_is_needed(tmp_path: Path) -> None:
    path = write_iso(tmp_path / "short.csv", household(1000))

    error = error_of(path)

    assert error.problems[0].rule == "split"
    assert "eval split" in str(error)
    assert "need about 1,100 such minutes, the input spans 1,000" in str(error)
    assert check([str(write_iso(path, household(1100)))]).splits["eval"].windows == 1


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


@pytest.mark.parametrize(("line", "year"), [(2, b"1976"), (MINUTES + 1, b"2070")])
def test_a_lone_row_far_from_the_others_is_named(line: int, year: bytes, iso: Path) -> None:
    error = error_of(damage(iso, replaced(line, b"2007", year)))

    (problem,) = error.problems
    assert problem.rule == "date"
    assert problem.line == (3 if line == 2 else line)
    assert "days after" in problem.detail
    assert "Give more data" not in str(error)


def test_rows_behind_one_of_a_year_to_come_are_not_called_unsorted(iso: Path) -> None:
    damage(
        iso, lambda lines: [*lines[:60], *(lines[60].replace(b"2007", b"2070"),) * 2, *lines[61:]]
    )

    (problem,) = error_of(iso, options=data_options(max_bad_rows=1)).problems[1:]

    assert problem.rule == "date"
    assert "2070-01-01 00:59" in problem.detail


def test_nothing_but_missing_targets(tmp_path: Path) -> None:
    blank = household(MINUTES).without_values(slice(None), measurements=[TARGET])

    (problem,) = error_of(write_iso(tmp_path / "a.csv", blank)).problems

    assert (problem.rule, problem.column) == ("missing", TARGET)


@pytest.mark.parametrize("days", [2, 5])
def test_months_before_days(days: int, tmp_path: Path) -> None:
    path = write_uci(tmp_path / "house.txt", household(days * 1440, "2007-01-01 00:00"))
    lines = [line.split("/", 2) for line in path.read_text().splitlines()]
    path.write_text("\n".join("/".join([*line[1::-1], *line[2:]]) for line in lines))

    (problem,) = error_of(path).problems

    assert problem.rule == "timestamp"
    assert "2007-01-01 is followed by 2007-02-01: are the months written first?" in problem.detail


@pytest.mark.parametrize("other", ["North ", "NORTH", " north"])
def test_names_that_differ_in_case_or_spaces_alone(other: str, tmp_path: Path) -> None:
    path = write_iso(tmp_path / "house.csv", household(MINUTES, meter="north"))
    damage(
        path, lambda lines: [*lines[:9], lines[9].replace(b"north", other.encode()), *lines[10:]]
    )

    (problem,) = error_of(path).problems

    assert (problem.rule, problem.line) == ("meter", 10)
    assert repr(other) in problem.detail


@pytest.mark.parametrize(
    ("pack", "kind"),
    [
        (lzma.compress, "an xz file"),
        (bz2.compress, "a bzip2 file"),
        (lambda text: gzip.compress(tarred(text)), "a tar archive"),
        (lambda text: gzip.compress(gzip.compress(text)), "a gzip file"),
        (lambda text: b"PAR1" + text + b"PAR1", "a Parquet file"),
    ],
)
def test_what_is_no_text_is_called_by_its_name(
    pack: Callable[[bytes], bytes], kind: str, iso: Path
) -> None:
    iso.write_bytes(pack(iso.read_bytes()))

    (problem,) = error_of(iso).problems

    assert problem.rule == "compression"
    assert kind in problem.detail


def tarred(text: bytes) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        member = tarfile.TarInfo("house.csv")
        member.size = len(text)
        archive.addfile(member, io.BytesIO(text))
    return stream.getvalue()


def json_array(lines: Lines) -> bytes:
    names, *rows = [line.decode().split(",") for line in lines if line]
    return json.dumps([dict(zip(names, row, strict=True)) for row in rows]).encode()


# Each of these took minutes, up to hours, of comparing columns with each other or copying blocks.
@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (lambda lines: b",".join(b"c%d" % i for i in range(400_000)), "header"),
        (lambda lines: b",".join([lines[0], *(b"extra",) * 400_000]), "header"),
        (json_array, "header"),
        (lambda lines: b"\r".join(lines), "lines"),
        (lambda lines: b"\n" * 1_000_000 + lines[0], "empty"),
        (lambda lines: lines[0] + b"\n" * 1_000_000 + b"x\n", "columns"),
    ],
    ids=["wide", "wide and known", "JSON", "CR", "blank", "blank before rows"],
)
def test_no_file_takes_long(content: Callable[[Lines], bytes], rule: str, tmp_path: Path) -> None:
    path = write_iso(tmp_path / "house.csv", household(6000))
    path.write_bytes(content(path.read_bytes().split(b"\n")))

    error = error_of(path, options=data_options(rows=3))

    assert error.problems[0].rule == rule
    assert len(str(error)) < 1000


def test_a_file_that_may_not_be_read(iso: Path) -> None:
    def denied(path: str, mode: str) -> BinaryIO:
        raise PermissionError(13, "Permission denied", path)

    with pytest.raises(DataError, match=r"house\.csv: unreadable: Permission denied \[file\]"):
        inspect([str(iso)], data_options(), denied)


FRAGMENTS = st.sampled_from(
    [
        b"\r",
        b"\n",
        b"\n\n",
        b"\x00",
        b'"',
        b",",
        b";",
        b"\xff",
        b"?",
        b"inf",
        b"-1e40",
        b"2070",
        b"",
    ]
)


@pytest.mark.timeout(120)
@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 90), FRAGMENTS), max_size=8))
def test_any_damage_is_accepted_or_named(
    whole: bytes, damages: list[tuple[int, int, bytes]]
) -> None:
    text = whole
    for place, length, fragment in damages:
        text = text[:place] + fragment + text[place + length :]

    def opener(path: str, mode: str) -> BinaryIO:
        return io.BytesIO(text)

    with suppress(DataError):
        inspect(["house.csv"], data_options(max_bad_rows=5), opener)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("whole") / "house.csv"
    return write_iso(path, household(1200)).read_bytes()
