"""Opens plain, gzip and zip files by their content, and reads them in blocks of whole lines."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import PurePosixPath
from typing import BinaryIO, cast

from tfx_pipeline.data.raw.errors import DataError, Problem

Opener = Callable[[str, str], BinaryIO]
"""Opens (path, "rb"); what `open` does for local files."""

BLOCK_BYTES = 4 << 20
_BOM = b"\xef\xbb\xbf"
_GZIP, _ZIP = b"\x1f\x8b", b"PK"
_SIGNATURES = {
    "an xz file": (0, b"\xfd7zXZ\x00"),
    "a bzip2 file": (0, b"BZh"),
    "a zstd file": (0, b"\x28\xb5\x2f\xfd"),
    "a 7z archive": (0, b"7z\xbc\xaf\x27\x1c"),
    "a gzip file": (0, _GZIP),
    "a zip archive": (0, b"PK\x03\x04"),
    "an old Excel workbook": (0, b"\xd0\xcf\x11\xe0"),
    "a Parquet file": (0, b"PAR1"),
    "a tar archive": (257, b"ustar"),
}
"""What is no text, and the bytes at a place by which it is known."""
_HEAD_BYTES = 512


def line_blocks(file: str, opener: Opener, size: int = BLOCK_BYTES) -> Iterator[bytes]:
    """Yields a file's text in blocks of whole lines, without a byte order mark.

    Only the last line of the last block may lack its line end. About two blocks are in memory
    at a time.

    Args:
        file: Path of a plain, gzip or zip file; told apart by their first bytes.
        opener: Opens the path.
        size: Bytes in a block, and the longest line.

    Raises:
        DataError: The file cannot be read, is damaged, or is not made of lines of text.
    """
    with reports_damage(file), open_text(file, opener) as stream:
        rest = stream.read(_HEAD_BYTES)
        require_text(rest, file)
        rest = rest.removeprefix(_BOM)
        while data := stream.read(size):
            data = rest + data
            end = data.rfind(b"\n") + 1
            if end:
                yield data[:end]
            rest = data[end:]
            if len(rest) > size:
                detail = f"no line end in {size:,} bytes: not a text file with one row per line"
                raise DataError.of(Problem("lines", detail, file))
        if rest:
            yield rest


@contextmanager
def open_text(file: str, opener: Opener) -> Iterator[BinaryIO]:
    """Opens a plain, gzip or zip file; what it holds is read."""
    with ExitStack() as stack:
        stream = stack.enter_context(opener(file, "rb"))
        magic = stream.read(2)
        stream.seek(0)
        if magic == _GZIP:
            yield cast(BinaryIO, stack.enter_context(gzip.GzipFile(fileobj=stream)))
        elif magic == _ZIP:
            archive = stack.enter_context(zipfile.ZipFile(stream))
            member = stack.enter_context(archive.open(_only_member(archive, file)))
            yield cast(BinaryIO, member)
        else:
            yield stream


def require_text(head: bytes, file: str) -> None:
    """Refuses what is known by its first bytes to be no text.

    Raises:
        DataError: It is something else; the message names it.
    """
    for kind, (start, signature) in _SIGNATURES.items():
        if head.startswith(signature, start):
            raise DataError.of(Problem("compression", f"this is {kind}, not text", file))


def _only_member(archive: zipfile.ZipFile, file: str) -> zipfile.ZipInfo:
    # macOS adds a hidden file beside each.
    members = [
        member
        for member in archive.infolist()
        if not member.is_dir() and not PurePosixPath(member.filename).name.startswith(".")
    ]
    if len(members) != 1:
        kind = "Excel workbook" if "[Content_Types].xml" in archive.namelist() else "zip archive"
        detail = f"the {kind} holds {len(members)} files, expected one"
        raise DataError.of(Problem("compression", detail, file))
    return members[0]


@contextmanager
def reports_damage(file: str) -> Iterator[None]:
    """Turns what goes wrong in reading into a DataError."""
    try:
        yield
    # RuntimeError is what zipfile raises where a password is needed.
    except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile, RuntimeError) as error:
        raise DataError.of(Problem("compression", f"damaged or cut off: {error}", file)) from error
    except OSError as error:
        raise DataError.of(
            Problem("file", f"unreadable: {error.strerror or error}", file)
        ) from error
