"""household-power versions sync, as a container runs it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tfx_kubeflow.storage import labels, promotion

from tfx_pipeline import cli

COMMAND = [sys.executable, "-m", "tfx_pipeline.cli", "versions", "sync"]


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def running(base: str, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    processes = []

    def start(source: str, **env: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [*COMMAND, source, str(tmp_path / "models"), "--watch=0.1", "--linger=0"],
            env={**os.environ, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.wait()


def stable(folder: Path) -> str | None:
    found = labels.read(str(folder / "models/power"))
    return found.stable.version if found else None


def test_once_it_says_what_serves(base: str, tmp_path: Path) -> None:
    assert cli.main(["versions", "sync", base, str(tmp_path / "models")]) == 0
    assert stable(tmp_path) == "3"


def test_once_what_cannot_be_brought_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["versions", "sync", str(tmp_path / "no"), str(tmp_path / "models")]) == 1
    assert "no whole version is there" in capsys.readouterr().err


def test_it_follows_until_a_signal_ends_it(base: str, tmp_path: Path, running: Callable) -> None:
    process = running(base)
    until(lambda: stable(tmp_path) == "3")
    promotion.promote(base, "1")
    until(lambda: stable(tmp_path) == "1")
    Path(base, "labels.json").rename(tmp_path / "aside")
    Path(base, "labels.json").write_text("{")
    time.sleep(0.3)
    assert stable(tmp_path) == "1", "what was here stays"
    (tmp_path / "aside").rename(Path(base, "labels.json"))
    promotion.promote(base, "2")
    until(lambda: stable(tmp_path) == "2")
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=10)
    assert process.returncode == 0
    assert "power: stable 1" in out
    assert "labels.json: " in out
    assert "tried again in 0.2 s" in out
    assert out.endswith("power: stable 2\nended\n")


def test_a_signal_ends_it_while_a_store_hangs(tmp_path: Path, running: Callable) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        asked = threading.Event()
        threading.Thread(target=lambda: (silent.accept(), asked.set()), daemon=True).start()
        process = running(
            "s3://bucket/power",
            AWS_ENDPOINT_URL=f"http://127.0.0.1:{silent.getsockname()[1]}",
            AWS_ACCESS_KEY_ID="key",
            AWS_SECRET_ACCESS_KEY="secret",  # pragma: allowlist secret
            AWS_REGION="us-east-1",
        )
        assert asked.wait(30)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_it_needs_neither_tfx_components_nor_tensorflow(base: str, tmp_path: Path) -> None:
    code = (
        "import sys; from tfx_pipeline import cli;"
        f"cli.main(['versions', 'sync', {base!r}, {str(tmp_path / 'models')!r}]);"
        "print([name for name in ('tensorflow', 'apache_beam', 'ml_metadata', 'keras') "
        "if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
