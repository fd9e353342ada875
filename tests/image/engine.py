"""The container engine as the tests use it: the project's image, and commands run in it."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent.parent
STAND_IN = "household-power-base:test"
IMAGE = "household-power:test"
INDEX = "https://pypi.org/simple"
AS_IN_A_POD = ("--network=none", "--cap-drop=ALL", "--security-opt=no-new-privileges")
"""What KFP's pods may not do, and more: they have a network."""
DOCKER = os.environ.get("DOCKER", "docker")


def require() -> None:
    """Skips the test where no container engine builds, as one does without BuildKit."""
    try:
        done = subprocess.run(
            [DOCKER, "build", "--quiet", "-"],
            input="FROM scratch\nLABEL probe=1\n",
            env={**os.environ, "DOCKER_BUILDKIT": "1"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"no container engine: {error}")
    if done.returncode:
        pytest.skip(f"no container engine that builds: {' '.join(done.stderr.split())[:200]}")


def build() -> str:
    """Builds the image on $BASE or, without that, on a base that stands in for the usual one.

    $IMAGE names one that is there already and is to be tested instead.
    """
    if os.environ.get("IMAGE"):
        return os.environ["IMAGE"]
    base = os.environ.get("BASE", STAND_IN)
    if base == STAND_IN and not docker("images", "--quiet", STAND_IN):
        if os.geteuid() or not shutil.which("debootstrap"):
            pytest.skip("no base image: set BASE, or be root and have debootstrap for a stand-in")
        _run(PROJECT / "tests/image/stand_in_base", STAND_IN)
    # An index that is named takes the way of a secret.
    env = {"BASE": base, "UV_DEFAULT_INDEX": os.environ.get("UV_DEFAULT_INDEX", INDEX)}
    _run(PROJECT / "tools/image/build", IMAGE, "--network=host", env=env)
    return IMAGE


def docker(*arguments: str) -> str:
    """Runs the engine's command and returns what it prints."""
    return _run(DOCKER, *arguments).strip()


def inspect(image: str) -> dict:
    """What the engine knows about an image."""
    [found] = json.loads(docker("image", "inspect", image))
    return found


def _run(*command: str | Path, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        command, env={**os.environ, **(env or {})}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-6000:]}"
    return done.stdout
