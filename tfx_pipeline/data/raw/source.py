"""Opens plain, gzip and zip files by their content, and reads them in blocks of whole lines."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import BinaryIO, cast

from tfx_pipeline.data.raw.errors import DataError, Problem

Opener = Callable[[str, str], BinaryIO]
"""Opens (path, "rb"); what `open` does for local files."""

BLOCK_BYTES = 4 << 20
_BOM = b"\xef\xbb\xbf"
_GZIP, _ZIP = b"\x1f\x8b", b"PK"


def line_blocks(file: str, opener: Opener, size: int = BLOCK_BYTES) -> Iterator[bytes]:
    """Yields a file's text in blocks of whole lines, without a byte order mark.

    Only the last line of the last block may lack its line end. About two blocks are in memory
    at a time.

    Args:
        file: Path of a plain, gzip or zip file; told apart by their first bytes.
        opener: Opens the path.
        size: Bytes in a block, and the longest line.

    Raises:
        DataError: The compression is damaged, or the file is not made of lines.
    """
    with _open_text(file, opener) as stream, _damage(file):
        rest = stream.read(len(_BOM)).removeprefix(_BOM)
        while data := stream.read(size):
            data = rest + data
            end = data.rfind(b"\n") + 1
            if end:
                yield data[:end]
            rest = data[end:]
            if len(rest) > size:
                detail = f"no line end in {size:,} bytes: not a text file with one row per line"
                raise DataError.of(Problem("columns", detail, file))
        if rest:
            yield rest


@contextmanager
def _open_text(file: str, opener: Opener) -> Iterator[BinaryIO]:
    with ExitStack() as stack:
        stream = stack.enter_context(opener(file, "rb"))
        magic = stream.read(2)
        stream.seek(0)
        if magic == _GZIP:
            yield cast(BinaryIO, stack.enter_context(gzip.GzipFile(fileobj=stream)))
        elif magic == _ZIP:
            with _damage(file):
                archive = stack.enter_context(zipfile.ZipFile(stream))
                member = stack.enter_context(archive.open(_only_member(archive, file)))
            yield cast(BinaryIO, member)
        else:
            yield stream


def _only_member(archive: zipfile.ZipFile, file: str) -> zipfile.ZipInfo:
    members = [member for member in archive.infolist() if not member.is_dir()]
    if len(members) != 1:
        detail = f"the zip archive holds {len(members)} files, expected one"
        raise DataError.of(Problem("compression", detail, file))
    return members[0]


@contextmanager
def _damage(file: str) -> Iterator[None]:
    """Turns the errors of a damaged archive into a DataError."""
    try:
        yield
    # RuntimeError is what zipfile raises where a password is needed.
    except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile, RuntimeError) as error:
        raise DataError.of(Problem("compression", f"damaged or cut off: {error}", file)) from error
