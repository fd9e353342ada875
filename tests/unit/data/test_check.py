"""The check reads the files that ExampleGen would take."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.series import household, write_iso
from tests.support.settings import data_options
from tfx_pipeline.data.check import check, newest_files
from tfx_pipeline.data.raw.location import Location


def names(base: Path, pattern: str) -> list[str]:
    files = newest_files(Location(str(base), pattern))
    return [Path(file).relative_to(base).as_posix() for file in files]


def touch(base: Path, *files: str) -> None:
    for file in files:
        (base / file).parent.mkdir(parents=True, exist_ok=True)
        (base / file).touch()


def test_the_highest_span_is_taken_and_in_it_the_highest_version(tmp_path: Path) -> None:
    touch(tmp_path, "span-9/v2/a.csv", "span-10/v1/a.csv", "span-10/v02/b.csv", "span-10/v02/.c")
    touch(tmp_path, "span-next/v3/a.csv")

    assert names(tmp_path, "span-{SPAN}/v{VERSION}/*") == ["span-10/v02/b.csv"]
    assert names(tmp_path, "span-{SPAN:2}/*/?.csv") == ["span-10/v02/b.csv", "span-10/v1/a.csv"]


def test_the_newest_day_is_taken(tmp_path: Path) -> None:
    touch(tmp_path, "2009-12-31.csv", "2010-02-01.csv", "2010-01-31.csv")

    assert names(tmp_path, "{YYYY}-{MM}-{DD}.csv") == ["2010-02-01.csv"]


def test_a_pattern_without_spans_takes_every_file(tmp_path: Path) -> None:
    touch(tmp_path, "b.csv", "a.csv", "more/c.csv", ".d.csv")

    assert names(tmp_path, "*") == ["a.csv", "b.csv"]
    with pytest.raises(FileNotFoundError, match=r"no file matches .*\.parquet"):
        names(tmp_path, "*.parquet")


def test_a_folder_is_checked(tmp_path: Path) -> None:
    write_iso(tmp_path / "house.csv", household(1500))

    summary = check(str(tmp_path), data_options())

    assert (summary.files, summary.rows) == (1, 1500)


def test_without_a_path_the_embedded_data_is_checked() -> None:
    summary = check(None, data_options(rows=3000))

    assert (summary.rows, summary.first) == (3000, "2006-12-16 17:24")
