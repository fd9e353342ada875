"""The lock of a pipeline's folder: runs on one ML Metadata store take turns."""

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path


@contextlib.contextmanager
def exclusive(lock_file: Path, on_wait: Callable[[str], None]) -> Iterator[None]:
    """Holds a lock that the kernel frees however the process ends.

    Runs on one store take turns: the second finds the first one's work in the cache.

    Args:
        lock_file: Made when missing, never removed; holds the owner's process id.
        on_wait: Is passed the owner's process id when it has to wait.
    """
    lock_file.parent.mkdir(parents=True, exist_ok=True)
    with lock_file.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            on_wait(lock.read().strip() or "unknown")
            fcntl.flock(lock, fcntl.LOCK_EX)
        lock.seek(0)
        lock.truncate()
        lock.write(str(os.getpid()))
        lock.flush()
        yield
