"""The line that Python reads at its start, in an environment that holds nothing else."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from tfx_kubeflow.command import plug

SOURCE = Path(plug.__file__).parents[2]
LINE = (SOURCE / "tfx_kubeflow/tfx_kubeflow.pth").read_text()


class Environment:
    """A fresh Python with the line of our package, and a folder where the package may be."""

    def __init__(self, folder):
        venv.create(folder, with_pip=False)
        (self.site,) = folder.glob("lib/python3*/site-packages")
        self.python = folder / "bin/python"
        (self.site / "z.pth").write_text(LINE)

    def install(self, package=SOURCE):
        (self.site / "a.pth").write_text(f"{package}\n")

    def run(self, *arguments):
        done = subprocess.run(
            [self.python, *arguments],
            capture_output=True,
            text=True,
            check=False,
            env={name: text for name, text in os.environ.items() if name != "PYTHONPATH"},
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("environment")


@pytest.fixture
def environment(folder):
    return Environment(folder)


LOADED = "import sys; print(*sys.modules)"
FOR_TFX = f"{LOADED} # as `tfx ...`"


def test_a_command_line_without_tfx_imports_nothing_of_ours(environment):
    environment.install()
    assert "tfx_kubeflow" not in environment.run("-c", LOADED)


def test_a_command_line_with_tfx_is_plugged_with_little(environment):
    environment.install()
    loaded = set(environment.run("-c", FOR_TFX).split())
    assert "tfx_kubeflow.command.plug" in loaded
    assert not loaded & {"tfx", "tensorflow", "kfp", "typing", "pathlib", "logging", "argparse"}


def test_a_line_without_its_package_is_silent(environment):
    (environment.site / "a.pth").unlink(missing_ok=True)
    assert environment.run("-c", FOR_TFX)


@pytest.mark.parametrize("text", ["not Python", "raise RuntimeError", "import no_such_module"])
def test_a_package_that_cannot_be_imported_is_silent(environment, tmp_path, text):
    (tmp_path / "tfx_kubeflow").mkdir()
    (tmp_path / "tfx_kubeflow/__init__.py").write_text(text)
    environment.install(tmp_path)
    assert environment.run("-c", FOR_TFX)


@pytest.mark.parametrize(("flag", "plugged"), [("-S", False), ("-I", True), ("-E", True)])
def test_pythons_flags_do_what_they_do_to_any_line(environment, flag, plugged):
    environment.install()
    assert ("tfx_kubeflow" in environment.run(flag, "-c", FOR_TFX)) is plugged


def test_the_plug_answers_for_one_name_only():
    finder = plug.Finder()
    assert finder.find_spec("tfx.tools.cli.handler.local_handler") is None
    assert finder.find_spec(plug.HANDLER).origin.endswith("tfx_kubeflow/command/handler.py")


def test_plugging_in_twice_is_once(monkeypatch):
    monkeypatch.setattr(sys, "meta_path", [])
    plug.install()
    plug.install()
    assert len(sys.meta_path) == 1


@pytest.mark.parametrize("release", ["1.17.3", "1.20.0", "1.22.0", "2.1.0"])
def test_a_tfx_that_is_not_known_is_named_with_what_to_install(tmp_path, release):
    environment = Environment(tmp_path)
    environment.install()
    for name, version in (("tfx", release), ("tfx_kubeflow", "0.1.0")):
        info = environment.site / f"{name}-{version}.dist-info"
        info.mkdir()
        info.joinpath("METADATA").write_text(f"Name: {name}\nVersion: {version}\n")
    parent = environment.site
    for name in plug.HANDLER.split(".")[:-1]:
        parent = parent / name
        parent.mkdir()
        (parent / "__init__.py").touch()
    done = subprocess.run(
        [environment.python, "-I", "-c", f"import {plug.HANDLER}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == (
        f"Error: TFX {release}: this tfx-kubeflow 0.1.0 knows 1.21 only. "
        f'Install "tfx[kfp]==1.21.*", or a tfx-kubeflow that names {release}.\n'
    )
