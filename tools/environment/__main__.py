"""Makes the project's environment ready, and returns at once when it already is."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

from tools.environment.state import Stamp, begin, discard, is_foreign, only_one


def main() -> int:
    """Sets the project in the current folder up; returns the exit status."""
    project = Path.cwd()
    stamp = Stamp.of(project)
    if _is_ready(project, stamp):
        return 0
    # Only now, since loading the rest takes longer than finding that there is nothing to do.
    from tools.environment.steps import SetupError

    try:
        with only_one(project / ".runtime/lock"):
            if not _is_ready(project, stamp):
                _set_up(project, stamp)
    except (SetupError, OSError) as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("setup: interrupted; the next call goes on", file=sys.stderr)
        return 130
    return 0


def _is_ready(project: Path, stamp: Stamp) -> bool:
    environment = project / ".venv"
    return Stamp.read(environment) == stamp and (environment / "bin/python").exists()


def _set_up(project: Path, stamp: Stamp) -> None:
    from tools.environment import index, packages

    environment, folder = project / ".venv", project / ".runtime"
    _check(environment)
    uv = index.install(index.UV, folder / "bin")
    before = Stamp.read(environment)
    if before is None or before.base != stamp.base or not (environment / "bin/python").exists():
        python = _interpreter(uv, folder, stamp)
        _replace(environment, folder / "discarded")
        packages.create(uv, python, environment)
    else:
        begin(environment)
    packages.synchronise(uv, project, environment)
    stamp.write(environment)
    print("setup: ready", flush=True)


def _interpreter(uv: Path, folder: Path, stamp: Stamp) -> Path:
    from tools.environment import interpreter, private

    home = private.home(folder)
    before = Stamp.read(home)
    if before is not None and before.base == stamp.base:
        return home / "bin/python3.11"
    discard(home)
    python = interpreter.provide(uv, folder)
    if home in python.parents:
        stamp.write(home)
    return python


def _replace(environment: Path, discarded: Path) -> None:
    """Makes `environment` an empty folder, atomically, so that it never looks like another's."""
    discard(discarded)
    if environment.exists():
        environment.rename(discarded)
    begin(environment)
    discard(discarded)


def _check(environment: Path) -> None:
    from tools.environment.steps import SetupError

    here = (platform.system(), platform.machine(), platform.libc_ver()[0] or "another C library")
    if here != ("Linux", "x86_64", "glibc"):
        raise SetupError(
            "TFX's wheels are made for Linux, x86_64 and glibc; this machine has "
            f"{', '.join(here)}. Use a container: docs/install.md tells how."
        )
    if is_foreign(environment):
        raise SetupError(
            f"{environment} is not of this set-up's making, and would be replaced. "
            "Move it away or, if nobody needs it, type: make clean"
        )


if __name__ == "__main__":
    sys.exit(main())
