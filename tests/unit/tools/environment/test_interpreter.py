"""Which Python 3.11 the set-up takes, and what it says when there is none."""

import sys
from pathlib import Path

import pytest

from tools.environment import interpreter, private
from tools.environment.steps import SetupError


def script(path: Path, answer: str) -> Path:
    """A program that prints `answer`, whatever it is asked."""
    path.write_text(f"#!/bin/sh\ncat <<'END'\n{answer}\nEND\n")
    path.chmod(0o755)
    return path


def answer(version: str = "[3, 11]", final: str = "true", glibc: str = "[2, 41]") -> str:
    """What the probe prints in such a Python."""
    return (
        f'{{"version": {version}, "final": {final}, "glibc": {glibc}, "new_libstdcxx": true, '
        '"executable": "/opt/bin/python3.11", "library": "/opt/lib/python3.11", "shared": null}'
    )


def test_this_python_runs_tfx() -> None:
    found = interpreter.probe(Path(sys.executable))
    assert found.runs_tfx
    assert found.tree.executable.samefile(sys._base_executable)  # type: ignore[attr-defined]  # noqa: SLF001
    assert (found.tree.library / "os.py").exists()


@pytest.mark.parametrize(
    "other", [answer(version="[3, 12]"), answer(final="false")], ids=["3.12", "candidate"]
)
def test_other_releases_are_refused(tmp_path: Path, other: str) -> None:
    with pytest.raises(SetupError, match=r"not a final release of Python 3\.11"):
        interpreter.probe(script(tmp_path / "python", other))


@pytest.mark.parametrize(("glibc", "enough"), [("[2, 37]", False), ("[2, 38]", True)])
def test_glibc_decides(tmp_path: Path, glibc: str, enough: bool) -> None:
    assert interpreter.probe(script(tmp_path / "python", answer(glibc=glibc))).runs_tfx is enough


def test_a_python_that_lacks_a_module_is_refused(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text(
        "#!/bin/sh\necho \"ModuleNotFoundError: No module named '_ctypes'\" >&2\nexit 1\n"
    )
    python.chmod(0o755)
    with pytest.raises(SetupError, match="_ctypes"):
        interpreter.probe(python)


@pytest.fixture
def no_other_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stands for uv where no Python is found, none can be downloaded, and Debian's neither."""
    uv = tmp_path / "uv"
    uv.write_text('#!/bin/sh\necho "uv: $2 failed" >&2\nexit 2\n')
    uv.chmod(0o755)

    def refuse(folder: Path) -> Path:
        raise SetupError("no apt here")

    monkeypatch.setattr(private, "from_debian", refuse)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    return uv


def test_without_any_the_message_lists_what_was_tried(
    tmp_path: Path, no_other_python: Path
) -> None:
    with pytest.raises(SetupError) as error:
        interpreter.provide(no_other_python, tmp_path / "runtime")
    for words in ("uv: find failed", "uv: install failed", "no apt here", "docs/install.md"):
        assert words in str(error.value)


def test_pyenvs_versions_are_found(tmp_path: Path, no_other_python: Path) -> None:
    folder = tmp_path / "pyenv/versions/3.11.7/bin"
    folder.mkdir(parents=True)
    script(folder / "python3.11", answer())
    found = interpreter.provide(no_other_python, tmp_path / "runtime")
    assert found == Path("/opt/bin/python3.11")


def test_an_old_runtime_is_renewed_and_looked_at_again(
    tmp_path: Path, no_other_python: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "pyenv/versions/3.11.7/bin"
    folder.mkdir(parents=True)
    script(folder / "python3.11", answer(glibc="[2, 36]"))
    renewed = script(tmp_path / "renewed", answer())
    asked = []

    def renew(tree: private.Tree, glibc: tuple[int, int], folder: Path) -> Path:
        asked.append((tree.executable, glibc, folder))
        return renewed

    monkeypatch.setattr(private, "renew", renew)
    assert interpreter.provide(no_other_python, tmp_path / "runtime") == renewed
    assert asked == [(Path("/opt/bin/python3.11"), (2, 36), tmp_path / "runtime")]


def test_an_old_runtime_on_another_distribution_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = private.debian.Machine(("rhel", "fedora"), "")
    monkeypatch.setattr(private.debian.Machine, "this", classmethod(lambda cls: other))
    tree = private.Tree(Path("/usr/bin/python3.11"), Path("/usr/lib64/python3.11"))
    with pytest.raises(SetupError, match=r"glibc 2\.34.*Debian and Ubuntu only"):
        private.renew(tree, (2, 34), tmp_path)
