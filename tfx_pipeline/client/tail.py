"""Text that grows: the lines that are written to a file from now on, or to standard input."""

from __future__ import annotations

import os
import select
import time
from pathlib import Path
from typing import NamedTuple, Protocol

from tfx_pipeline.client.errors import ForecastError
from tfx_pipeline.data.raw.source import require_text

_BLOCK = 4 << 20
_KNOWN = 64 << 10
"""Bytes before the place that has been read up to by which a file is known to be the same."""


class Chunk(NamedTuple):
    """What has come.

    Attributes:
        text: Whole lines, or nothing.
        anew: Whether they are the first ones of another file.
        ended: Whether no more will come.
    """

    text: bytes
    anew: bool = False
    ended: bool = False


class Source(Protocol):
    """Gives lines as they come."""

    def read(self, seconds: float) -> Chunk:
        """Waits so long at most for lines."""


class GrowingFile:
    """A file that others write to; it may be replaced, renamed, cut to nothing or written anew.

    Args:
        path: Of the file.

    Raises:
        ForecastError: It cannot be read again, or is no plain text.
    """

    def __init__(self, path: Path, pause: float = 0.2) -> None:
        self._path = path
        self._pause = pause
        self._rest = b""
        self._before = b""
        self._changed = -1
        try:
            if path.is_fifo():
                raise ForecastError(f"{path}: a named pipe; have it read as standard input (-)")
            self._stream = path.open("rb")
        except OSError as error:
            raise ForecastError(f"{path}: {error.strerror}") from error
        require_text(self._stream.peek()[:512], str(path))
        self._anew = False

    def read(self, seconds: float) -> Chunk:
        """Waits so long at most for lines."""
        until = time.monotonic() + seconds
        while True:
            if self._is_rewritten():
                self._go_over()
            replaced = self._is_replaced()
            text, anew = self._lines(self._stream.read(_BLOCK)), self._anew
            if text:
                self._anew = False
                return Chunk(text, anew)
            if replaced:
                self._go_over()
            elif time.monotonic() >= until:
                return Chunk(b"")
            else:
                time.sleep(self._pause)

    def _is_replaced(self) -> bool:
        """Whether another file has taken the place of the one that is open, or it was cut."""
        try:
            now = self._path.stat()
        except OSError:
            return False  # it is being replaced
        mine = os.fstat(self._stream.fileno())
        same = (now.st_dev, now.st_ino) == (mine.st_dev, mine.st_ino)
        return not same or now.st_size < self._stream.tell()

    def _is_rewritten(self) -> bool:
        """Whether what has been read is no longer there, though the file is not shorter."""
        number, changed = self._stream.fileno(), os.fstat(self._stream.fileno()).st_mtime_ns
        if changed == self._changed:
            return False
        self._changed = changed
        start = self._stream.tell() - len(self._before)
        there = os.pread(number, len(self._before), start)
        return len(there) == len(self._before) and there != self._before

    def _go_over(self) -> None:
        try:
            new = self._path.open("rb")
        except FileNotFoundError:
            return  # replaced once more
        self._stream.close()
        self._stream, self._rest, self._anew = new, b"", True
        self._before, self._changed = b"", -1

    def _lines(self, data: bytes) -> bytes:
        self._before = (self._before + data)[-_KNOWN:]
        whole, end, self._rest = (self._rest + data).rpartition(b"\n")
        return whole + end


class StandardInput:
    """Lines that a program writes to ours."""

    def __init__(self, number: int = 0) -> None:
        self._number = number
        self._rest = b""

    def read(self, seconds: float) -> Chunk:
        """Waits so long at most for lines."""
        if not select.select([self._number], [], [], seconds)[0]:
            return Chunk(b"")
        data = os.read(self._number, _BLOCK)
        whole, end, self._rest = (self._rest + data).rpartition(b"\n")
        if not data:  # the last line may lack its end
            return Chunk(self._rest, ended=True)
        return Chunk(whole + end)
