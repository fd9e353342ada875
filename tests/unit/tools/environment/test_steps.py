"""Running other programs, and the one line per step."""

import sys
from pathlib import Path

import pytest

from tools.environment.steps import SetupError, run, step


def test_run_gives_what_was_printed_and_shields_it_from_other_environments(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("VIRTUAL_ENV", "/another")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy")
    code = "import os; print([os.environ.get(n) for n in ('VIRTUAL_ENV', 'HTTPS_PROXY', 'MORE')])"
    printed = run([sys.executable, "-c", code], environment={"MORE": "yes"})
    assert printed == "[None, 'http://proxy', 'yes']\n"


def test_a_failure_is_told_with_the_programs_own_words() -> None:
    with pytest.raises(SetupError, match=r"status 3:\nno such package"):
        run(["sh", "-c", "echo no such package >&2; exit 3"])


def test_a_missing_or_endless_program_is_told() -> None:
    with pytest.raises(SetupError, match="no-such-program"):
        run(["no-such-program"])
    with pytest.raises(SetupError, match="timed out"):
        run(["sleep", "60"], timeout=0.1)


def test_run_works_in_the_folder_it_is_given(tmp_path: Path) -> None:
    assert run(["pwd"], folder=tmp_path).strip() == str(tmp_path)


def test_a_step_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with step("Doing it"):
        pass
    assert capsys.readouterr().out == "setup: Doing it ... 0 s\n"


def test_a_failed_step_ends_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SetupError), step("Doing it"):
        raise SetupError("no")
    assert capsys.readouterr().out == "setup: Doing it ... not possible\n"
