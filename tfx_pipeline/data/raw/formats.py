"""Finds the layout of a text file, and its columns, from its header."""

from __future__ import annotations

from tfx_pipeline.data.raw.delimited import DelimitedText, split
from tfx_pipeline.data.raw.errors import DataError, Problem
from tfx_pipeline.data.raw.fields import (
    HeaderError,
    closest,
    cut,
    described,
    fields_of,
    layout_of,
    required,
)
from tfx_pipeline.series.spec import SeriesSpec

_POSSIBLE_DELIMITERS = ";,\t|"


def columns_named(line: bytes, spec: SeriesSpec) -> int:
    """How many of the described columns a line names, whatever parts them; 2 make a header."""
    text = line.decode(errors="replace")
    signs = {layout.delimiter for layout in spec.layouts} | set(_POSSIBLE_DELIMITERS)
    tables = [_names(text, sign) for sign in signs if sign in text]
    return max(
        (described(names, layout, spec) for names in tables for layout in spec.layouts), default=0
    )


def recognise(header: bytes, spec: SeriesSpec, file: str, line: int = 1) -> DelimitedText:
    """Finds the format of a file from its header.

    Args:
        header: The line with the columns' names, without its line end.
        spec: The series.
        file: Path, for the message.
        line: Its number, for the message.

    Raises:
        DataError: The header is of no described layout.
    """
    text = _text(header, file, line)
    for layout in spec.layouts:
        names = _names(text, layout.delimiter)
        if layout_of(names, [layout]):
            break
    else:
        delimiter = max(_POSSIBLE_DELIMITERS, key=text.count)
        names = _names(text, delimiter)
        layout = closest(names, spec.layouts)
    try:
        fields = fields_of(names, layout, spec)
    except HeaderError as error:
        expected = cut(layout.delimiter.join(required(layout, spec)), 1000)
        detail = f"{error}; expected {expected}"
        raise DataError.of(Problem("header", detail, file, line)) from error
    if not layout_of(_names(text, layout.delimiter), [layout]):
        detail = f"columns are separated by {delimiter!r}, expected {layout.delimiter!r}"
        raise DataError.of(Problem("delimiter", detail, file, line))
    return DelimitedText(fields, spec)


def _names(text: str, delimiter: str) -> list[str]:
    return [name.strip() for name in split(text, delimiter)]


def _text(header: bytes, file: str, line: int) -> str:
    if b"\x00" in header or header.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DataError.of(Problem("encoding", "the header is not UTF-8 text", file, line))
    if b"\r" in header:
        detail = "lines end in a carriage return alone"
        raise DataError.of(Problem("lines", detail, file, line))
    try:
        return header.decode()
    except UnicodeDecodeError as error:
        raise DataError.of(Problem("encoding", f"the header: {error}", file, line)) from None
