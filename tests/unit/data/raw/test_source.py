"""What cannot be read, or is no text, is called by its name."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest

from tests.support.faults import (
    error_of,
)
from tests.support.settings import data_options
from tfx_pipeline.data.inspection import inspect
from tfx_pipeline.data.raw.errors import DataError


def test_a_binary_file_without_lines(tmp_path: Path) -> None:
    path = tmp_path / "picture.csv"
    path.write_bytes(b"\x89PNG" + bytes(9 << 20))

    assert "not a text file" in str(error_of(path))


def tarred(text: bytes) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        member = tarfile.TarInfo("house.csv")
        member.size = len(text)
        archive.addfile(member, io.BytesIO(text))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("pack", "kind"),
    [
        (lzma.compress, "an xz file"),
        (bz2.compress, "a bzip2 file"),
        (lambda text: gzip.compress(tarred(text)), "a tar archive"),
        (lambda text: gzip.compress(gzip.compress(text)), "a gzip file"),
        (lambda text: b"PAR1" + text + b"PAR1", "a Parquet file"),
    ],
)
def test_what_is_no_text_is_called_by_its_name(
    pack: Callable[[bytes], bytes], kind: str, iso: Path
) -> None:
    iso.write_bytes(pack(iso.read_bytes()))

    (problem,) = error_of(iso).problems

    assert problem.rule == "compression"
    assert kind in problem.detail


def test_a_file_that_may_not_be_read(iso: Path) -> None:
    def denied(path: str, mode: str) -> BinaryIO:
        raise PermissionError(13, "Permission denied", path)

    with pytest.raises(DataError, match=r"house\.csv: unreadable: Permission denied \[file\]"):
        inspect([str(iso)], data_options(), denied)
