"""A format is one class: what it takes to read another one."""

import pyarrow as pa
import pytest

from tests.support.series import household, write_iso
from tests.support.settings import data_options
from tfx_pipeline.data.inspection import inspect
from tfx_pipeline.data.raw import formats
from tfx_pipeline.data.raw.delimited import DelimitedText
from tfx_pipeline.data.raw.errors import DataError


class EpochTable(DelimitedText):
    """Minutes since 1970, separated by tabs."""

    DELIMITER = "\t"
    TIME = {"minute": pa.int64()}
    TIME_EXAMPLE = {"minute": "0"}
    TIME_WRITTEN = "minutes since 1970"

    def seconds(self, table):
        minutes = table["minute"].to_numpy()
        if minutes.size and minutes.min() < 0:
            raise ValueError("before 1970")
        return minutes * 60


@pytest.fixture
def epochs(tmp_path, monkeypatch):
    monkeypatch.setattr(formats, "FORMATS", (*formats.FORMATS, EpochTable))
    series = household(1500)
    header, *lines = write_iso(tmp_path / "house.csv", series).read_text().splitlines()
    lines = [
        f"{minute},{line.partition(',')[2]}"
        for minute, line in zip(series.minutes, lines, strict=True)
    ]
    path = tmp_path / "house.tsv"
    text = "\n".join([header.replace("date_time", "minute"), *lines]).replace(",", "\t")
    path.write_text(text + "\n")
    return path


def test_another_format_is_one_class(epochs):
    summary = inspect([str(epochs)], data_options()).summary
    assert (summary.rows, summary.first) == (1500, "2007-01-01 00:00")


def test_its_bad_lines_are_explained(epochs):
    lines = epochs.read_text().split("\n")
    lines[6] = "-7" + lines[6].lstrip("0123456789")
    epochs.write_text("\n".join(lines))
    with pytest.raises(DataError, match=r"line 7, column minute: '-7' is no timestamp \(minutes"):
        inspect([str(epochs)], data_options())
