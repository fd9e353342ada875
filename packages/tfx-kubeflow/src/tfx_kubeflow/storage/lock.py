"""The lock of a folder of versions, which pushes and changes of what serves take in turn."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NAME = ".push.lock"
HIDDEN = ".pushing-"
"""Prefix of what is not yet there, or no longer: servers ignore it, the next push removes it."""
NOT_ALLOWED = {errno.EACCES, errno.EPERM, errno.EROFS}


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Waits for a folder's lock and holds it.

    The kernel lets go of it when the process dies, however it dies.

    Raises:
        OSError: What has the lock's name is no regular file of this user's or one to read.
    """
    path = folder / NAME
    # Neither follows a symbolic link, nor empties a file, nor waits for the other end of a pipe.
    flags = os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        try:
            descriptor = os.open(path, flags | os.O_RDWR, 0o666)
        except PermissionError:  # another user's; reading is enough but for NFS
            descriptor = os.open(path, flags | os.O_RDONLY)
    except OSError as error:
        hint = "let this user write it" if error.errno in NOT_ALLOWED else "remove it"
        raise OSError(
            error.errno, f"no lock for pushes, {hint} ({error.strerror})", str(path)
        ) from error
    with os.fdopen(descriptor, "rb", buffering=0):
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(f"{path}: no lock for pushes, remove it (no regular file)")
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
