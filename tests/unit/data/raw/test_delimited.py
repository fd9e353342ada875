"""What is wrong with headers, delimiters and timestamps is reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.faults import (
    MINUTES,
    damage,
    error_of,
    replaced,
)
from tests.support.series import household, write_iso, write_uci


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
