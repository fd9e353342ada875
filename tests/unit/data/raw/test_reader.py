"""What is accepted: both formats, packed or not, in several files, with meters, in any order."""

from __future__ import annotations

import gzip
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.support.faults import MINUTES, damage, error_of
from tests.support.series import Series, household, write_iso, write_uci
from tests.support.settings import SERIES
from tfx_pipeline.data.raw.errors import BadRows, DataError
from tfx_pipeline.data.raw.reader import Reader, in_order

UCI_SLICE = Path(__file__).parents[3] / "data" / "uci_first_2000_rows.txt"
HOUSE = (
    household(700)
    .without_values(slice(30, 45))
    .without_values(slice(9, 12), measurements=["Voltage"])
)


def read(*files: Path, limit: int | None = None, block_bytes: int = 4 << 20) -> dict[str, Series]:
    rows = list(
        Reader([str(file) for file in files], SERIES, BadRows(), limit, block_bytes=block_bytes)
    )
    return {
        meter: Series(
            np.concatenate([one.steps for one in rows if one.meter == meter]),
            np.concatenate([one.values for one in rows if one.meter == meter], axis=1),
            meter,
        )
        for meter in {one.meter for one in rows}
    }


def assert_same(found: Series, expected: Series) -> None:
    np.testing.assert_array_equal(found.minutes, expected.minutes)
    np.testing.assert_array_equal(found.values, expected.values.astype(np.float32))


def as_gzip(path: Path) -> Path:
    packed = path.with_name("packed-gzip")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    return packed


def as_zip(path: Path) -> Path:
    packed = path.with_name("packed-zip")
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("folder")
        archive.write(path, "folder/data.txt")
        archive.writestr("__MACOSX/folder/._data.txt", "of macOS")
    return packed


def edited(how: Callable[[bytes], bytes]) -> Callable[[Path], Path]:
    def edit(path: Path) -> Path:
        path.write_bytes(how(path.read_bytes()))
        return path

    return edit


FORMS: dict[str, Callable[[Path], Path]] = {
    "as it is": lambda path: path,
    "gzip": as_gzip,
    "gzip in two members": edited(
        lambda text: gzip.compress(text[:999]) + gzip.compress(text[999:])
    ),
    "zip": as_zip,
    "byte order mark": edited(lambda text: b"\xef\xbb\xbf" + text),
    "CRLF": edited(lambda text: text.replace(b"\n", b"\r\n")),
    "trailing blank lines": edited(lambda text: text + b"\n  \n\r\n"),
    "blank lines inside": edited(lambda text: text.replace(b"\n", b"\n \n", 50)),
    "no last line end": edited(lambda text: text.rstrip(b"\n")),
    "upper case header": edited(lambda text: text.replace(b"Voltage", b"VOLTAGE")),
    "quoted header": edited(lambda text: text.replace(b"Voltage", b'"Voltage"')),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("write", [write_uci, write_iso])
@pytest.mark.parametrize("block_bytes", [600, 4 << 20])
def test_every_form_gives_the_same_rows(
    form: str, write: Callable[..., Path], block_bytes: int, tmp_path: Path
) -> None:
    path = FORMS[form](write(tmp_path / "house", HOUSE))

    assert_same(read(path, block_bytes=block_bytes)[""], HOUSE)


def test_the_original_slice() -> None:
    slice_ = read(UCI_SLICE)[""]

    assert slice_.minutes.size == 2000
    assert (np.diff(slice_.minutes) == 1).all()
    assert slice_.minutes[0] * 60 == np.datetime64("2006-12-16T17:24:00").astype("int64")
    np.testing.assert_allclose(
        slice_.values[:, 0], [4.216, 0.418, 234.84, 18.4, 0.0, 1.0, 17.0], rtol=1e-6
    )


def test_columns_in_any_order(tmp_path: Path) -> None:
    path = write_iso(tmp_path / "house.csv", HOUSE)
    lines = [line.split(",") for line in path.read_text().splitlines()]
    path.write_text("\n".join(",".join(reversed(line)) for line in lines))

    assert_same(read(path)[""], HOUSE)


@pytest.mark.parametrize("by_meter", [True, False])
@pytest.mark.parametrize("name", ["meter", "Household"])
@pytest.mark.parametrize("block_bytes", [600, 4 << 20])
def test_meters_stay_apart(by_meter: bool, name: str, block_bytes: int, tmp_path: Path) -> None:
    north = household(300, seed=1, meter="north")
    south = household(400, "2007-01-01 02:00", seed=2, meter="süd")
    path = write_iso(tmp_path / "both.csv", north, south, by_meter=by_meter)
    path.write_text(path.read_text().replace("meter", name, 1))

    found = read(path, block_bytes=block_bytes)

    assert found.keys() == {"north", "süd"}
    assert_same(found["north"], north)
    assert_same(found["süd"], south)


def test_files_go_in_order_of_their_first_timestamp(tmp_path: Path) -> None:
    parts = [
        write_uci(tmp_path / "c", HOUSE.without_rows(slice(100, None))),
        write_iso(tmp_path / "a", HOUSE.without_rows(slice(0, 100), slice(300, None))),
        as_gzip(write_uci(tmp_path / "b", HOUSE.without_rows(slice(0, 300)))),
    ]

    files = in_order([str(path) for path in reversed(parts)], SERIES)

    assert files == [str(path) for path in parts]
    assert_same(read(*parts)[""], HOUSE)


def test_a_file_whose_first_rows_are_bad_still_finds_its_place(tmp_path: Path) -> None:
    first = write_uci(tmp_path / "b", HOUSE.without_rows(slice(100, None)))
    second = write_uci(tmp_path / "a", HOUSE.without_rows(slice(0, 100)))
    second.write_text(second.read_text().replace("1/1/2007", "1/1/07", 1))
    lost = write_uci(tmp_path / "c", HOUSE)
    lost.write_text(lost.read_text().replace("/2007", "/07"))

    files = [str(second), str(first), str(lost)]
    assert in_order(files, SERIES) == [str(lost), str(first), str(second)]


@pytest.mark.parametrize("block_bytes", [600, 4 << 20])
def test_the_limit_counts_rows_over_files(block_bytes: int, tmp_path: Path) -> None:
    first = write_iso(tmp_path / "a", HOUSE.without_rows(slice(100, None)))
    second = write_iso(tmp_path / "b", HOUSE.without_rows(slice(0, 100)))
    second.write_text(second.read_text().replace("\n", "\n\n", 40) + "not read\n")

    found = read(first, second, limit=333, block_bytes=block_bytes)[""]

    assert_same(found, HOUSE.without_rows(slice(333, None)))
    assert_same(read(first, second, limit=100)[""], HOUSE.without_rows(slice(100, None)))


@pytest.mark.parametrize(
    ("pack", "message"),
    [
        (lambda path: edited(lambda text: text[: len(text) // 2])(as_gzip(path)), "cut off"),
        (lambda path: edited(lambda text: text[:-4] + b"0000")(as_gzip(path)), "damaged"),
        (lambda path: edited(lambda text: text + b"rubbish")(as_gzip(path)), "damaged"),
        (lambda path: edited(lambda text: text[: len(text) // 2])(as_zip(path)), "damaged"),
        (lambda path: edited(lambda t: t[:99] + b"\xff" * 50 + t[149:])(as_zip(path)), "damaged"),
    ],
)
def test_damaged_archives(pack: Callable[[Path], Path], message: str, tmp_path: Path) -> None:
    path = pack(write_iso(tmp_path / "house.csv", HOUSE))

    with pytest.raises(DataError, match=message) as caught:
        read(path)

    assert caught.value.problems[0].rule == "compression"
    assert str(path) in str(caught.value)


def test_an_archive_of_several_files(tmp_path: Path) -> None:
    path = tmp_path / "two.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", "1")
        archive.writestr("b", "2")

    with pytest.raises(DataError, match="holds 2 files, expected one"):
        read(path)


def test_an_excel_workbook_is_called_so(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")

    with pytest.raises(DataError, match="the Excel workbook holds 2 files"):
        read(path)


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    def peak(minutes: int) -> int:
        path = write_iso(tmp_path / "house.csv", household(minutes))
        tracemalloc.start()
        for _ in Reader([str(path)], SERIES, BadRows(), block_bytes=64 << 10):
            pass
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak

    small = peak(5_000)
    assert peak(20_000) < 1.2 * small


def test_progress_is_logged(
    caplog: pytest.LogCaptureFixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tfx_pipeline.data.raw.reader._LOGGED_ROWS", 300)
    path = write_iso(tmp_path / "house.csv", HOUSE)

    with caplog.at_level("INFO", "tfx_pipeline.data"):
        list(Reader([str(path)], SERIES, BadRows(), block_bytes=2000, task="Checked"))

    assert [record.message.split()[0] for record in caplog.records] == ["Checked"] * 2


def test_the_limit_leaves_out_a_last_line_without_line_end(tmp_path: Path) -> None:
    path = write_iso(tmp_path / "house.csv", HOUSE)
    path.write_text(path.read_text().rstrip("\n"))

    found = read(path, limit=HOUSE.minutes.size - 1)[""]

    assert_same(found, HOUSE.without_rows(slice(-1, None)))


def test_nothing_but_missing_values(tmp_path: Path) -> None:
    blank = household(MINUTES).without_values(slice(None))

    for path in (write_iso(tmp_path / "a.csv", blank), write_uci(tmp_path / "a.txt", blank)):
        assert error_of(path).problems[0].rule == "missing"


def test_only_some_files_name_the_meter(tmp_path: Path) -> None:
    house = household(MINUTES)
    first = write_iso(tmp_path / "a.csv", house.without_rows(slice(800, None)))
    named = household(MINUTES, meter="north").without_rows(slice(0, 800))

    assert error_of(first, write_iso(tmp_path / "b.csv", named)).problems[0].rule == "meter"


@pytest.mark.parametrize("other", ["North ", "NORTH", " north"])
def test_names_that_differ_in_case_or_spaces_alone(other: str, tmp_path: Path) -> None:
    path = write_iso(tmp_path / "house.csv", household(MINUTES, meter="north"))
    damage(
        path, lambda lines: [*lines[:9], lines[9].replace(b"north", other.encode()), *lines[10:]]
    )

    (problem,) = error_of(path).problems

    assert (problem.rule, problem.line) == ("meter", 10)
    assert repr(other) in problem.detail
