"""From data.path to a folder and a pattern."""

import pytest

from tfx_pipeline.data.raw.location import locate


def test_the_embedded_data_is_found_without_importing_its_package():
    import sys

    base, pattern = locate(None)
    assert (base.endswith("data"), pattern) == (True, "householdpower.csv")
    assert "EnergyData" not in sys.modules


@pytest.mark.parametrize(
    ("path", "base", "pattern"),
    [
        ("power.csv", "", "power.csv"),
        ("", "", "*"),
        ("span-{SPAN}/*.csv", "", "span-{SPAN}/*.csv"),
        ("deep/*.txt", "deep", "*.txt"),
    ],
)
def test_paths(tmp_path, path, base, pattern):
    (tmp_path / "deep").mkdir()
    (tmp_path / "power.csv").touch()
    assert locate(str(tmp_path / path)) == (str(tmp_path / base).rstrip("/"), pattern)


def test_a_uri_is_no_path_of_this_machine():
    with pytest.raises(FileNotFoundError, match=r"s3://b/\*\.csv: give a path of this machine"):
        locate("s3://b/*.csv")


@pytest.mark.parametrize("name", ["nowhere/*.csv", "none.csv", "x" * 300, "\0", "caf\udce9.csv"])
def test_what_is_not_there_is_named(tmp_path, name):
    (tmp_path / "caf\udce9.csv").touch()
    with pytest.raises(FileNotFoundError, match=r"data\.path: /"):
        locate(str(tmp_path / name))
