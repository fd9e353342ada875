"""Brings the virtual environment to what uv.lock says."""

from __future__ import annotations

import os
from pathlib import Path

from tools.environment import index
from tools.environment.bytecode import compile_bytecode
from tools.environment.state import members
from tools.environment.steps import run, step


def create(uv: Path, python: Path, environment: Path) -> None:
    """Makes the folder `environment` a virtual environment of the interpreter `python`."""
    options = ("--no-project", "--allow-existing", "--python", python)
    run([uv, "venv", *options, environment], environment=_settings())


def synchronise(uv: Path, project: Path, environment: Path) -> None:
    """Installs exactly the locked packages, hashes checked, and the project itself, editable.

    Raises:
        SetupError: a package cannot be had, or is not the one that was locked.
    """
    with step("Installing the locked packages (3 GB)"):
        mirror = index.mirror(os.environ)
        if mirror is None:
            run([uv, "sync", "--frozen"], environment=_settings(), folder=project)
        else:
            _synchronise_from(mirror, uv, project, environment)
    with step("Compiling their bytecode, without which TFX takes three times as long to start"):
        compile_bytecode(environment / "bin/python", environment / "lib/python3.11/site-packages")


def _synchronise_from(mirror: str, uv: Path, project: Path, environment: Path) -> None:
    """The same from a mirror; `uv sync` would keep to the URLs at PyPI that uv.lock names."""
    settings = {**_settings(), "UV_DEFAULT_INDEX": mirror}
    python = ("--python", environment / "bin/python")
    requirements = environment / "requirements.txt"
    run(
        [uv, "export", "--frozen", "--no-emit-workspace", "--output-file", requirements],
        environment=settings,
        folder=project,
    )
    run(
        [uv, "pip", "sync", "--require-hashes", *python, requirements],
        environment=settings,
        folder=project,
    )
    ours: list[str | Path] = []
    for folder in (*members(project), project):
        ours += ["--editable", folder]
    run([uv, "pip", "install", "--no-deps", *python, *ours], environment=settings)


def _settings() -> dict[str, str]:
    return {
        "UV_PYTHON_DOWNLOADS": "never",
        # uv trusts only the certificates that it carries; the machine has those of a proxy, too.
        "UV_SYSTEM_CERTS": os.environ.get("UV_SYSTEM_CERTS", "true"),
    }
