"""What tells whether the environment is ready, and what keeps two set-ups apart."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

READY = ".ready"


@dataclass(frozen=True)
class Stamp:
    """What an environment was made from.

    Attributes:
        base: hash of the set-up's own sources and the project's path; when it differs, everything
            is made anew.
        packages: hash of every pyproject.toml and of uv.lock; when only it differs, the packages
            are brought up to date.
    """

    base: str
    packages: str

    @classmethod
    def of(cls, project: Path) -> Stamp:
        """The stamp of the environment that `project` asks for."""
        tools = project / "tools"
        sources = [tools / "setup", *sorted((tools / "environment").glob("*.py"))]
        return cls(
            base=_hash(sources, str(project)),
            packages=_hash(
                [
                    *(folder / "pyproject.toml" for folder in (project, *members(project))),
                    project / "uv.lock",
                ]
            ),
        )

    @classmethod
    def read(cls, folder: Path) -> Stamp | None:
        """The stamp that `folder` was finished with; None where it was never finished."""
        try:
            base, packages = (folder / READY).read_text().split()
        except (OSError, ValueError):
            return None
        return cls(base, packages)

    def write(self, folder: Path) -> None:
        """Declares `folder` finished, atomically."""
        draft = folder / (READY + ".tmp")
        draft.write_text(f"{self.base}\n{self.packages}\n")
        draft.replace(folder / READY)


def members(project: Path) -> list[Path]:
    """The distributions that are developed in this repository beside the project itself."""
    return sorted(path.parent for path in (project / "packages").glob("*/pyproject.toml"))


def begin(folder: Path) -> None:
    """Marks `folder`, made if need be, as ours and unfinished, before anything in it is changed."""
    folder.mkdir(exist_ok=True)
    (folder / READY).write_text("")


def is_foreign(folder: Path) -> bool:
    """Whether somebody else made what is in `folder`."""
    return folder.exists() and any(folder.iterdir()) and not (folder / READY).exists()


def discard(folder: Path) -> None:
    """Removes `folder`; a half-removed one is never taken for a finished one."""
    (folder / READY).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        raise OSError(f"cannot remove {folder}: remove it by hand, then run the set-up again")


@contextmanager
def only_one(lock: Path) -> Iterator[None]:
    """Waits until no other set-up works on the project.

    The processes that this one starts inherit the lock: if the set-up is killed, the next one
    waits until, say, an installation that lives on has ended.
    """
    lock.parent.mkdir(exist_ok=True)
    handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
    os.set_inheritable(handle, True)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("setup: waiting for another set-up of this project", file=sys.stderr)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _hash(files: list[Path], *words: str) -> str:
    digest = hashlib.sha256()
    for word in words:
        digest.update(word.encode() + b"\0")
    for file in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()
