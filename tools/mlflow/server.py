"""The server's environment, which holds the locked packages of the group `mlflow`, and the server.

They are kept apart from the pipeline's, whose processes need MLflow's client alone.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from tools.environment import index, packages
from tools.environment.steps import FOREIGN, run, step

PROJECT = Path(__file__).parents[2]
FOLDER = PROJECT / ".runtime/mlflow"
READY = "requirements.txt"
"""In the environment: the packages that it holds."""
CALM = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    # Six more processes, for jobs that nobody here starts.
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
}


def provide(folder: Path = FOLDER) -> Path:
    """Makes the environment, unless it is there; returns MLflow's command.

    Args:
        folder: Of the environment, 620 MB.

    Raises:
        SetupError: A package cannot be had, or is not the one that was locked.
    """
    uv, ready = PROJECT / ".runtime/bin/uv", folder / READY
    of_group = ("--only-group", "mlflow", "--no-emit-workspace")
    wanted = run([uv, "export", "--quiet", "--frozen", *of_group], folder=PROJECT)
    if not ready.exists() or ready.read_text() != wanted:
        with step("Installing MLflow's server (620 MB)"):
            packages.create(uv, Path(sys.executable), folder)
            draft = folder / f"{READY}.tmp"
            draft.write_text(wanted)
            python = ("--python", folder / "bin/python")
            run(
                [uv, "pip", "sync", "--require-hashes", *python, draft],
                environment=_index(),
                folder=PROJECT,
            )
            draft.replace(ready)
    return folder / "bin/mlflow"


def _index() -> Mapping[str, str]:
    mirror = index.mirror(os.environ)
    return {"UV_SYSTEM_CERTS": "true"} | ({"UV_DEFAULT_INDEX": mirror} if mirror else {})


@contextmanager
def serve(mlflow: Path, file: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Runs the server on 127.0.0.1, with one worker, for as long as the block lasts.

    Args:
        mlflow: MLflow's command.
        file: Of the store, SQLite; artifacts lie in a folder beside it.
        port: Where it listens.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    options = {
        "backend-store-uri": f"sqlite:///{file}",
        "artifacts-destination": str(file.with_name(f"{file.stem}-artifacts")),
        "host": "127.0.0.1",
        "port": str(port),
        "workers": "1",
    }
    words = [f"--{name}={value}" for name, value in options.items()]
    environment = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    process = subprocess.Popen(
        [mlflow, "server", *words], env={**environment, **CALM}, start_new_session=True
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait()
