"""Bringing the jars: what is missing is said, and no other file than the expected is taken."""

from pathlib import Path

import pytest

from tools.flink import download
from tools.flink.download import MissingToolError


def test_what_is_missing_is_named_with_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingToolError, match="no java on PATH; apt-get install openjdk-17-jre"):
        download.download(tmp_path)
    (tmp_path / "java").touch(mode=0o755)
    with pytest.raises(MissingToolError, match="no mvn on PATH; apt-get install maven"):
        download.download(tmp_path)


def test_jars_that_are_there_are_not_brought_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "java").touch(mode=0o755)
    (tmp_path / download.NOT_STAGED).mkdir(parents=True)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert download.download(tmp_path) == tmp_path / download.NOT_STAGED


def test_another_file_of_the_name_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def copy(command: list[str], check: bool) -> None:
        folder = Path(command[-1].partition("=")[2])
        folder.mkdir()
        for line in download.JARS.read_text().splitlines():
            (folder / line.split()[1]).write_text("something else")

    monkeypatch.setattr(download, "require_tools", lambda *_: None)
    monkeypatch.setattr(download, "_flink", lambda *_: None)
    monkeypatch.setattr(download.subprocess, "run", copy)
    with pytest.raises(ValueError, match=r"\.jar is not the expected file"):
        download.download(tmp_path)
    assert not (tmp_path / download.NOT_STAGED).exists()
