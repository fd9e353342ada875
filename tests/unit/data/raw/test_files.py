"""Which files a setting stands for: the check of the raw data and every run read the same."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

import pytest

from tfx_pipeline.data.raw.errors import DataError
from tfx_pipeline.data.raw.files import find_files
from tfx_pipeline.data.raw.location import Location, locate


def names(base: Path, pattern: str) -> list[str]:
    files = find_files(Location(str(base), pattern)).files
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
    with pytest.raises(DataError, match=r"\*\.parquet: no file matches"):
        names(tmp_path, "*.parquet")


def test_digits_are_taken_as_they_are_written(tmp_path: Path) -> None:
    touch(tmp_path, "span-08/a.csv", "span-09/a.csv")

    found = find_files(Location(str(tmp_path), "span-{SPAN}/*.csv"))

    assert (found.pattern, found.span, found.version) == ("span-09/*.csv", 9, None)
    assert find_files(Location(str(tmp_path), found.pattern)).files == found.files


def test_a_date_is_a_span_of_days(tmp_path: Path) -> None:
    touch(tmp_path, "31-12-1970.csv", "01-01-1971.csv")

    found = find_files(Location(str(tmp_path), "{DD}-{MM}-{YYYY}.csv"))

    assert (found.pattern, found.span) == ("01-01-1971.csv", 365)
    touch(tmp_path, "31-02-1972.csv")
    with pytest.raises(DataError, match=r"31-02-1972\.csv: no date"):
        find_files(Location(str(tmp_path), "{DD}-{MM}-{YYYY}.csv"))


def test_one_number_written_twice_is_refused(tmp_path: Path) -> None:
    touch(tmp_path, "span-9/a.csv", "span-09/a.csv")

    with pytest.raises(DataError, match=r"span-09/\* and span-9/\* have the same number"):
        names(tmp_path, "span-{SPAN}/*")


@pytest.mark.parametrize(
    ("empty", "pattern"),
    [
        ("span-3", "span-{SPAN}/*.csv"),
        ("span-2/v2", "span-{SPAN}/v{VERSION}/*.csv"),
        ("span-10", "span-{SPAN}/v{VERSION}/*.csv"),
    ],
)
def test_an_empty_newest_folder_is_not_passed_over(
    empty: str, pattern: str, tmp_path: Path
) -> None:
    touch(tmp_path, "span-1/a.csv", "span-2/a.csv", "span-1/v9/a.csv", "span-2/v1/a.csv")
    (tmp_path / empty).mkdir()

    with pytest.raises(DataError, match=rf"{empty}: the newest folder holds no file that matches"):
        names(tmp_path, pattern)


def test_an_empty_older_folder_does_no_harm(tmp_path: Path) -> None:
    touch(tmp_path, "span-2/v1/a.csv", "span-99")
    (tmp_path / "span-1/v7").mkdir(parents=True)

    assert names(tmp_path, "span-{SPAN}/v{VERSION}/*") == ["span-2/v1/a.csv"]


@pytest.mark.parametrize(
    "pattern",
    ["{SPAN}/{SPAN}", "{YYYY}/{MM}", "{SPAN}/{YYYY}-{MM}-{DD}", "{VERSION}.csv", "{DD}-{DD}"],
)
def test_placeholders_that_make_no_number(pattern: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a pattern has .* \[span\]"):
        names(tmp_path, pattern)


def test_sets_of_characters(tmp_path: Path) -> None:
    touch(tmp_path, "a.csv.gz", "e.csv.gz", "f.csv.gz", "span-1/b.csv", "span-1/c.csv")

    assert names(tmp_path, "[a-e].csv.gz") == ["a.csv.gz", "e.csv.gz"]
    assert names(tmp_path, "[!a-e].csv.gz") == ["f.csv.gz"]
    assert names(tmp_path, "span-{SPAN}/[!b].csv") == ["span-1/c.csv"]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", ["house[1].csv", "a&&b[0-9].csv", "what?.csv", "a[b]/c*.csv"])
def test_a_file_is_found_whatever_is_in_its_name(name: str, tmp_path: Path) -> None:
    touch(tmp_path, name, "house1.csv", "whatx.csv")

    location = locate(str(tmp_path / name))

    assert find_files(location).files == [str(tmp_path / name)]


@pytest.mark.timeout(20)
def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    touch(tmp_path, "a.csv")
    (tmp_path / "folder").mkdir()
    (tmp_path / "lost.csv").symlink_to(tmp_path / "nowhere")

    with pytest.raises(DataError, match=r"lost\.csv: a link to nothing"):
        names(tmp_path, "*")
    (tmp_path / "lost.csv").unlink()
    os.mkfifo(tmp_path / "pipe.csv")
    for path in (tmp_path, tmp_path / "pipe.csv"):
        with pytest.raises(DataError, match=r"pipe\.csv: neither a file nor a folder"):
            find_files(locate(str(path)))


def test_a_name_that_is_not_utf8(tmp_path: Path) -> None:
    touch(tmp_path, "caf\udce9.csv")
    with pytest.raises(DataError, match=r"caf\\udce9\.csv: its name is not UTF-8"):
        find_files(locate(str(tmp_path)))


def test_a_folder_that_may_not_be_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(path: str) -> list[str]:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr("os.listdir", denied)
    with pytest.raises(DataError, match=r"\*\.csv: unreadable: Permission denied"):
        find_files(Location(str(tmp_path), "*.csv"))


def test_a_folder_that_may_not_be_entered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path, "a.csv")

    def denied(self: Path, **_: object) -> os.stat_result:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "stat", denied)
    with pytest.raises(DataError, match=r"a\.csv: unreadable: Permission denied"):
        find_files(Location(str(tmp_path), "*"))


class Bucket:
    """An object store that holds some objects, and lists folders of them as such."""

    objects = ("span-1/a.csv", "span-2/b.csv", "span-2/more/c.csv")

    def glob(self, pattern: str) -> list[str]:
        paths = {f"s3://b/{name}" for name in self.objects} | {"s3://b/span-2/more"}
        return [path for path in paths if PurePosixPath(path).match(pattern)]

    def isdir(self, path: str) -> bool:
        return path.endswith("more")


def test_files_of_a_bucket(tmp_path: Path) -> None:
    found = find_files(Location("s3://b", "span-{SPAN}/*"), Bucket())

    assert found.files == ["s3://b/span-2/b.csv"]
