"""Finds or makes a Python 3.11 whose C runtime is new enough for TFX's wheels."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tools.environment import private
from tools.environment.steps import SetupError, run, step

# tensorflow-data-validation's wheel is built for this; ml-metadata's also needs GCC 13's libstdc++.
GLIBC = (2, 38)
# It imports those parts of the standard library that a Python may have been built without.
PROBE = """
import bz2, ctypes, json, lzma, os, sqlite3, ssl, sys, sysconfig, zlib
def loaded(name):
    return next((line.split()[-1] for line in open("/proc/self/maps") if name in line), None)
try:
    ctypes.CDLL("libstdc++.so.6")
    new_libstdcxx = b"GLIBCXX_3.4.32" in open(loaded("/libstdc++"), "rb").read()
except OSError:
    new_libstdcxx = False
print(json.dumps({
    "version": sys.version_info[:2],
    "final": sys.version_info.releaselevel == "final",
    "glibc": [int(n) for n in os.confstr("CS_GNU_LIBC_VERSION").split()[1].split(".")[:2]],
    "new_libstdcxx": new_libstdcxx,
    "executable": os.path.realpath(sys._base_executable),
    "library": sysconfig.get_path("stdlib"),
    "shared": loaded("/libpython3."),
}))
"""


@dataclass(frozen=True)
class Found:
    """A Python 3.11 that works.

    Attributes:
        tree: its files.
        glibc: the version of the C library that it runs with.
        runs_tfx: whether TFX's wheels load in it as it is.
    """

    tree: private.Tree
    glibc: tuple[int, int]
    runs_tfx: bool


def probe(python: Path) -> Found:
    """Asks an interpreter what it is.

    Raises:
        SetupError: it does not run, is no final release of 3.11, or lacks a part that is needed.
    """
    answer = json.loads(run([python, "-I", "-B", "-c", PROBE], timeout=60))
    if answer["version"] != [3, 11] or not answer["final"]:
        raise SetupError(f"{python} is not a final release of Python 3.11")
    glibc = (answer["glibc"][0], answer["glibc"][1])
    return Found(
        tree=private.Tree(
            executable=Path(answer["executable"]),
            library=Path(answer["library"]),
            shared=Path(answer["shared"]) if answer["shared"] else None,
        ),
        glibc=glibc,
        runs_tfx=glibc >= GLIBC and answer["new_libstdcxx"],
    )


def provide(uv: Path, folder: Path) -> Path:
    """A Python 3.11 that TFX's wheels load in; what has to be made for it goes into `folder`.

    Raises:
        SetupError: there is none; the message lists what was tried, and the ways out.
    """
    tried = []
    for candidate in _candidates(uv, folder):
        try:
            found = probe(candidate())
            if found.runs_tfx:
                return found.tree.executable
            made = private.renew(found.tree, found.glibc, folder)
            if probe(made).runs_tfx:
                return made
            tried.append(f"{made} does not run TFX with the C runtime beside it")
        except SetupError as error:
            tried.append(str(error))
    reasons = "\n".join(f"- {reason}" for reason in dict.fromkeys(tried))
    raise SetupError(
        f"no Python 3.11 with glibc {GLIBC[0]}.{GLIBC[1]} or newer can be had here:\n{reasons}\n"
        "Ways out: install Python 3.11; on Ubuntu 24.04 `apt-get install debian-archive-keyring`; "
        "or use a container. docs/install.md tells more."
    )


def _candidates(uv: Path, folder: Path) -> Iterator[Callable[[], Path]]:
    """Where a Python 3.11 may come from, the cheapest first."""
    yield partial(_on_the_machine, uv)
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    if os.access(pyenv, os.R_OK | os.X_OK):
        for python in sorted(pyenv.glob("3.11.*/bin/python3.11")):
            yield partial(Path, python)
    yield partial(_standalone, uv, folder / "standalone")
    yield partial(private.from_debian, folder)


def _on_the_machine(uv: Path) -> Path:
    options = ("--system", "--no-project", "--no-python-downloads")
    return Path(run([uv, "python", "find", *options, "3.11"]).strip())


def _standalone(uv: Path, folder: Path) -> Path:
    """Python as uv installs it, from https://github.com/astral-sh/python-build-standalone."""
    # A closed firewall must not cost minutes: there is another way.
    patience = {"UV_HTTP_CONNECT_TIMEOUT": "4", "UV_HTTP_RETRIES": "1"}
    options = ("--no-bin", "--compile-bytecode", "--install-dir", folder)
    with step("Downloading Python 3.11"):
        run([uv, "python", "install", *options, "3.11"], environment=patience)
    return max(folder.glob("cpython-3.11.*/bin/python3.11"))
