"""When the set-up has nothing to do, what makes it start anew, and that only one runs at a time."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tools.environment.state import Stamp, begin, discard, is_foreign, only_one

ROOT = Path(__file__).parents[4]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with the files that a stamp is made of."""
    folder = tmp_path / "project"
    (folder / "tools/environment").mkdir(parents=True)
    for name in (
        "tools/setup",
        "tools/environment/__main__.py",
        "tools/environment/state.py",
        "tools/environment/steps.py",
        "tools/environment/index.py",
        "tools/environment/packages.py",
        "tools/environment/bytecode.py",
        "tools/__init__.py",
        "tools/environment/__init__.py",
    ):
        (folder / name).write_bytes((ROOT / name).read_bytes())
    (folder / "tools/setup").chmod(0o755)
    (folder / "uv.lock").write_text("lock")
    (folder / "pyproject.toml").write_text("project")
    return folder


def test_a_stamp_is_read_back_as_written(project: Path) -> None:
    Stamp.of(project).write(project)
    assert Stamp.read(project) == Stamp.of(project)


@pytest.mark.parametrize("content", ["", "one-word", "far too many words"])
def test_a_damaged_stamp_counts_as_none(project: Path, content: str) -> None:
    (project / ".ready").write_text(content)
    assert Stamp.read(project) is None


@pytest.mark.parametrize("take_off", [begin, discard])
def test_a_folder_that_is_being_changed_is_not_finished(project: Path, take_off) -> None:
    Stamp.of(project).write(project)
    take_off(project)
    assert Stamp.read(project) is None


@pytest.mark.parametrize("name", ["uv.lock", "pyproject.toml"])
def test_other_packages_change_nothing_below_them(project: Path, name: str) -> None:
    before = Stamp.of(project)
    (project / name).write_text("other")
    after = Stamp.of(project)
    assert after.base == before.base
    assert after.packages != before.packages


@pytest.mark.parametrize("name", ["tools/setup", "tools/environment/state.py"])
def test_another_set_up_starts_anew(project: Path, name: str) -> None:
    before = Stamp.of(project)
    (project / name).write_text("other")
    assert Stamp.of(project).base != before.base


def test_a_moved_project_starts_anew(project: Path) -> None:
    before = Stamp.of(project)
    assert Stamp.of(project.rename(project.with_name("moved"))).base != before.base


def test_nothing_to_do_takes_less_than_a_second(project: Path) -> None:
    (project / ".venv/bin").mkdir(parents=True)
    (project / ".venv/bin/python").symlink_to(sys.executable)
    Stamp.of(project).write(project / ".venv")
    start = time.monotonic()
    done = subprocess.run([project / "tools/setup"], check=True, capture_output=True)
    assert time.monotonic() - start < 1
    assert (done.stdout, done.stderr) == (b"", b"")
    assert not (project / ".runtime").exists()


def test_only_what_the_set_up_made_is_its_own(tmp_path: Path) -> None:
    folder = tmp_path / ".venv"
    assert not is_foreign(folder)
    folder.mkdir()
    assert not is_foreign(folder)
    (folder / "pyvenv.cfg").touch()
    assert is_foreign(folder)
    begin(folder)
    assert not is_foreign(folder)


def test_an_environment_of_somebody_elses_is_left_alone(project: Path) -> None:
    (project / ".venv").mkdir()
    (project / ".venv/pyvenv.cfg").touch()
    done = subprocess.run([project / "tools/setup"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "make clean" in done.stderr
    assert (project / ".venv/pyvenv.cfg").exists()


def test_the_second_waits_for_the_first_and_for_what_it_started(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lock = tmp_path / "folder/lock"
    with only_one(lock):
        # It outlives this set-up, as an installation does when only the set-up is killed.
        child = subprocess.Popen(["sleep", "60"], close_fds=False)
    entered = threading.Event()

    def second() -> None:
        with only_one(lock):
            entered.set()

    waiting = threading.Thread(target=second)
    waiting.start()
    assert not entered.wait(0.3)
    child.kill()
    child.wait()
    assert entered.wait(10)
    waiting.join()
    assert "waiting for another set-up" in capsys.readouterr().err
