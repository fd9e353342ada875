"""Bringing the jars: what is missing is said, and no other file than the expected is taken."""

from pathlib import Path

import pytest

from tools.cluster import jars
from tools.cluster.jars import MissingToolError, bring
from tools.flink.jars import FLINK


def test_what_is_missing_is_named_with_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingToolError, match="no java on PATH; apt-get install openjdk-17-jre"):
        bring(FLINK, tmp_path)
    (tmp_path / "java").touch(mode=0o755)
    with pytest.raises(MissingToolError, match="no mvn on PATH; apt-get install maven"):
        bring(FLINK, tmp_path)


def test_jars_that_are_there_are_not_brought_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "java").touch(mode=0o755)
    (tmp_path / jars.NOT_STAGED).mkdir(parents=True)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert bring(FLINK, tmp_path) == tmp_path / jars.NOT_STAGED


def test_another_file_of_the_name_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def copy(command: list[str], check: bool) -> None:
        folder = Path(command[-1].partition("=")[2])
        folder.mkdir()
        for line in (FLINK.runner / "jars.sha256").read_text().splitlines():
            (folder / line.split()[1]).write_text("something else")

    monkeypatch.setattr(jars, "require_tools", lambda *_: None)
    monkeypatch.setattr(jars, "_of_engine", lambda *_: None)
    monkeypatch.setattr(jars.subprocess, "run", copy)
    with pytest.raises(ValueError, match=r"\.jar is not the expected file"):
        bring(FLINK, tmp_path)
    assert not (tmp_path / jars.NOT_STAGED).exists()
