"""Files without lines, cut lines, and files of odd lines that once took long."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.faults import (
    MINUTES,
    Lines,
    check,
    damage,
    error_of,
)
from tests.support.series import household, write_iso, write_uci
from tests.support.settings import data_options
from tfx_pipeline.data.inspection import inspect
from tfx_pipeline.data.raw.errors import DataError


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
