"""The driver resolves what the check of the raw data would read."""

import os

import pytest
from tfx.components.example_gen.utils import make_default_input_config

from tfx_pipeline.components.example_gen.driver import Driver
from tfx_pipeline.data.raw.errors import DataError


def processor(base, pattern):
    splits = make_default_input_config(pattern).splits
    return Driver(None).get_input_processor(splits, input_base_uri=str(base))


def touch(base, *files):
    for file in files:
        (base / file).parent.mkdir(parents=True, exist_ok=True)
        (base / file).touch()


def test_digits_are_taken_as_they_are_written(tmp_path):
    touch(tmp_path, "span-08/v1/a.csv", "span-09/v1/a.csv", "span-09/v02/a.csv")
    found = processor(tmp_path, "span-{SPAN}/v{VERSION}/*")
    assert found.resolve_span_and_version() == (9, 2)
    pattern = found.get_pattern_for_span_version("span-{SPAN}/v{VERSION}/*", 9, 2)
    assert pattern == "span-09/v02/*"


@pytest.mark.timeout(20)
def test_what_is_no_file_is_refused(tmp_path):
    touch(tmp_path, "a.csv")
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(DataError, match=r"pipe\.csv: neither a file nor a folder"):
        processor(tmp_path, "*").resolve_span_and_version()


def test_a_fingerprint_changes_with_name_size_and_time(tmp_path):
    folder = tmp_path / "a[b]"
    touch(folder, "house[1].csv")
    os.utime(folder / "house[1].csv", (1, 1))

    def fingerprint():
        return processor(folder, "house*.csv").get_input_fingerprint(0, None)

    prints = [fingerprint(), fingerprint()]
    assert prints[0] == prints[1]
    (folder / "house[1].csv").write_text("x")
    os.utime(folder / "house[1].csv", (1, 1))
    prints.append(fingerprint())
    os.utime(folder / "house[1].csv", (2, 2))
    prints.append(fingerprint())
    (folder / "house[1].csv").rename(folder / "house2.csv")
    prints.append(fingerprint())
    assert len(set(prints)) == 4
