"""A folder in the place of another, at once."""

from __future__ import annotations

import ctypes
import errno
import os
from pathlib import Path

AT_FDCWD, RENAME_EXCHANGE = -100, 2
"""Of Linux' renameat2(2), which Python has no function for."""
NOT_THERE = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP}
"""Of file systems without it, such as NFS."""


def exchange(one: Path, other: Path) -> None:
    """Exchanges the names of two files or folders of one file system.

    There is no moment without either; but where the file system cannot do so, in which case
    `other` has no name for an instant.

    Raises:
        OSError: They cannot be renamed.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    names = os.fsencode(one), os.fsencode(other)
    if libc.renameat2(AT_FDCWD, names[0], AT_FDCWD, names[1], RENAME_EXCHANGE) == 0:
        return
    number = ctypes.get_errno()
    if number not in NOT_THERE:
        raise OSError(number, os.strerror(number), str(other))
    aside = one.with_name(f"{one.name}-aside")
    other.rename(aside)
    one.rename(other)
    aside.rename(one)
