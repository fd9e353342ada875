"""Why something failed: the cause, and what to do about it."""

import errno
import os
import re
from collections.abc import Iterator

from tfx_pipeline.fingerprint import OURS

HINTS = {
    errno.ENOSPC: "the disk is full: free some space, or choose another one with --outputs",
    errno.EDQUOT: "the quota is used up: free some space, or choose another disk with --outputs",
    errno.EFBIG: "a limit on the size of files is too low (ulimit -f)",
    errno.EROFS: "choose a folder that can be written, with --outputs",
    errno.EACCES: "let this user read and write it",
    errno.EPERM: "let this user read and write it",
    errno.EBUSY: "another program has the file, or metadata.sqlite, open: wait for it, or end it",
    errno.EMFILE: "raise the limit on open files (ulimit -n)",
}
"""Error number of the operating system -> hint."""

TEXTS = {os.strerror(number): number for number in HINTS} | {
    "database or disk is full": errno.ENOSPC,
    "Concurrent writes aborted": errno.EBUSY,
}
"""Libraries in C++ leave the system's words alone; SQLite and ML Metadata have their own."""

WRAPPING = re.compile(r" \[while running.*|\{\{function_node [^}]*\}\}| \[Op:\w+\]", re.DOTALL)
"""What Beam and TensorFlow put around a message."""


def explain(error: BaseException) -> str:
    """Returns the cause of an error, with a hint where there is one.

    One line, but for errors of our own, which list every finding in a line.

    Args:
        error: As it was raised; libraries wrap it, or put the operating system's message at the
            end of a sentence of theirs.
    """
    for link in _chain(error):
        number = _number(link)
        if number is not None:
            return f"{_message(link)} ({HINTS[number]})"
    while error.__cause__ is not None:
        error = error.__cause__
    return _message(error)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error, and what it was raised from or while handling."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _number(error: BaseException) -> int | None:
    if isinstance(error, OSError) and error.errno in HINTS:
        return error.errno
    return next((number for text, number in TEXTS.items() if text in str(error)), None)


def _message(error: BaseException) -> str:
    """The words of whoever raised it, without Beam's and TensorFlow's wrapping."""
    if isinstance(error, OSError) and error.strerror:
        names = [name for name in (error.filename, error.filename2) if name is not None]
        return f"{' -> '.join(map(str, names)) or 'a file'}: {error.strerror}"
    text = WRAPPING.sub("", str(error))
    if type(error).__module__.partition(".")[0] not in OURS:
        text = " ".join(text.partition("\n\n")[0].split())
    return text or type(error).__name__
