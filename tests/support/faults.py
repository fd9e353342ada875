"""Raw files with something wrong in them, and what the first pass says of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.settings import data_options
from tfx_pipeline.data.inspection import inspect
from tfx_pipeline.data.options import DataOptions
from tfx_pipeline.data.raw.errors import DataError
from tfx_pipeline.data.summary import DataSummary

MINUTES = 1500

Lines = list[bytes]


def replaced(line: int, old: bytes, new: bytes) -> Callable[[Lines], Lines]:
    def damage(lines: Lines) -> Lines:
        assert old in lines[line - 1]
        return [*lines[: line - 1], lines[line - 1].replace(old, new, 1), *lines[line:]]

    return damage


def field(line: int, number: int, text: bytes) -> Callable[[Lines], Lines]:
    def damage(lines: Lines) -> Lines:
        fields = lines[line - 1].split(b",")
        fields[number] = text
        return [*lines[: line - 1], b",".join(fields), *lines[line:]]

    return damage


def repeated(line: int) -> Callable[[Lines], Lines]:
    return lambda lines: [*lines[:line], lines[line - 1], *lines[line:]]


def swapped(line: int) -> Callable[[Lines], Lines]:
    return lambda lines: [
        *lines[: line - 1],
        lines[line],
        lines[line - 1],
        *lines[line + 1 :],
    ]


def check(files: list[str], options: DataOptions | None = None) -> DataSummary:
    return inspect(files, options or data_options()).summary


def damage(path: Path, how: Callable[[Lines], Lines]) -> Path:
    path.write_bytes(b"\n".join(how(path.read_bytes().split(b"\n"))))
    return path


def error_of(*paths: Path, options: DataOptions | None = None) -> DataError:
    with pytest.raises(DataError) as caught:
        check([str(path) for path in paths], options)
    return caught.value
