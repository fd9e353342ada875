"""Processes of steps: real ones, small programs."""

import os
import signal
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from tfx_kubeflow.local.process import (
    Command,
    Docker,
    Ended,
    NotRunnableError,
    cause_of,
    follow,
    in_subprocess,
)
from tfx_kubeflow.protocol import ENTRYPOINT


def command(*arguments, **environment):
    folder = Path("/root-of-all/step")
    return Command("trainer", arguments, "i:1", environment, folder.parent, folder)


def followed(code):
    lines = []
    return follow([sys.executable, "-c", code], lines.append, os.environ), lines


def test_lines_of_both_streams_are_handed_on():
    ended, lines = followed("import sys; print('a', flush=True); print('b', file=sys.stderr)")
    assert (ended.code, lines) == (0, ["a", "b"])


def test_the_peak_of_a_process_is_its_own_however_large_this_one_is():
    ballast = bytearray(200_000_000)
    small, _ = followed("import time; time.sleep(0.5)")
    large, _ = followed("import time; b = bytearray(300_000_000); time.sleep(0.5)")
    del ballast
    assert small.peak_memory_bytes < 50e6
    assert 300e6 < large.peak_memory_bytes < 400e6


def test_bytes_that_are_no_text_do_no_harm():
    _, lines = followed(r"import sys; sys.stdout.buffer.write(b'\xff\n')")
    assert lines == ["�"]


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("print('Trainer failed: ValueError: loss is NaN'); exit(1)", "ValueError: loss is NaN"),
        ("print('last'); exit(3)", "last"),
        ("exit(3)", "exit code 3, without a word"),
        (
            "import os; print('step 7', flush=True); os.kill(os.getpid(), 9)",
            "its process was stopped (SIGKILL), perhaps for want of memory; its last line: step 7",
        ),
        (
            "import os; os.kill(os.getpid(), 11)",
            "its process was stopped (SIGSEGV)",
        ),
    ],
)
def test_a_failure_has_a_cause_in_one_line(code, cause):
    ended, lines = followed(code)
    assert cause_of(ended, lines[-1] if lines else "") == cause


def test_an_interrupt_ends_the_process():
    started = []
    main = threading.main_thread().ident

    def say(line):
        started.append(int(line))
        signal.pthread_kill(main, signal.SIGINT)

    code = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    with pytest.raises(KeyboardInterrupt):
        follow([sys.executable, "-c", code], say, os.environ)
    with pytest.raises(ProcessLookupError):
        os.kill(started[0], 0)


SHOW = """
import os, sys
print(*sys.argv[1:])
for name in ("A", "B", "METADATA_GRPC_SERVICE_HOST"):
    print(name, os.environ.get(name))
"""


@pytest.fixture
def shown(tmp_path, monkeypatch):
    """Stands in for the entrypoint: a module that shows what it is given."""
    package = tmp_path / "tfx_kubeflow/steps"
    package.mkdir(parents=True)
    for folder in (package, package.parent):
        (folder / "__init__.py").touch()
    (package / "entrypoint.py").write_text(SHOW)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)


def test_a_step_has_the_pods_variables_below_this_machines_own(shown, monkeypatch):
    monkeypatch.setenv("B", "here")
    monkeypatch.setenv("METADATA_GRPC_SERVICE_HOST", "cluster")
    lines = []
    ended = in_subprocess(command(*ENTRYPOINT, "--step", "x", A="pod", B="pod"), lines.append)
    assert ended.code == 0
    assert lines[-4:] == ["--step x", "A pod", "B here", "METADATA_GRPC_SERVICE_HOST None"]


def test_a_container_component_is_no_subprocess():
    with pytest.raises(NotRunnableError, match=r"trainer is a container component.*--docker"):
        in_subprocess(command("echo", "a"), print)


@pytest.fixture
def docker(tmp_path, monkeypatch):
    """Stands in for docker's command: shows its arguments, and fails."""
    path = tmp_path / "bin/docker"
    path.parent.mkdir()
    path.write_text('#!/bin/sh\nfor word; do echo "$word"; done\nexit 3\n')
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{path.parent}:{os.environ['PATH']}")


def test_docker_runs_the_image_as_this_user_with_the_root_shared(docker):
    lines = []
    ended = Docker(("--network=none",))(command("python", "-m", "x", A="1"), lines.append)
    assert ended == Ended(3)
    assert lines == [
        *("run", "--rm", "--volume=/root-of-all:/root-of-all"),
        *(f"--user={os.getuid()}:{os.getgid()}", "--env=HOME=/tmp"),
        *("--env=A=1", "--network=none", "--entrypoint=python", "i:1", "-m", "x"),
    ]


def test_another_user_may_write_into_the_steps_folder(docker, tmp_path):
    lines = []
    given = replace(command("python"), folder=tmp_path)
    Docker(("--user=10001",))(given, lines.append)
    assert [line for line in lines if "user" in line] == ["--user=10001"]
    assert tmp_path.stat().st_mode & 0o777 == 0o777
