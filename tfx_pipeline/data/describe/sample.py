"""Looks at a file: all of it where it is small, else its beginning, middle and end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from tfx_pipeline.data.describe.errors import DescribeError
from tfx_pipeline.data.describe.text_layout import (
    TextLayout,
    find_layout,
    refuse_double_names,
)
from tfx_pipeline.data.raw.errors import DataError
from tfx_pipeline.data.raw.source import open_text, reports_damage, require_text

WHOLE_BYTES = 32 << 20
"""Text up to this size is looked at as a whole."""
PART_BYTES = 6 << 20
"""Of the beginning, the middle and the end of a larger one."""
STREAMED_BYTES = 512 << 20
"""Text of a compressed file up to which its middle and end are looked for."""
WHOLE_CELLS = 10_000_000
"""Values of a Parquet file that are looked at as a whole."""
_HEAD_BYTES = 1 << 18
_BOM = b"\xef\xbb\xbf"
_PARQUET = b"PAR1"


@dataclass(frozen=True)
class Sample:
    """Rows of a file.

    Attributes:
        table: The rows; every column of a text file is text.
        stretch: int32 [rows], which of the contiguous stretches each is of.
        delimiter: Between the fields of a text file; None: the file is Parquet.
        whole: Whether these are all rows.
        seen: What was looked at, for people.
        odd_rows: Lines that have not the header's number of fields.
        above: Lines above the header.
        units: Column -> what a line of units below the header says of it.
    """

    table: pa.Table
    stretch: npt.NDArray[np.int32]
    delimiter: str | None
    whole: bool
    seen: str
    odd_rows: int = 0
    above: int = 0
    units: Mapping[str, str] = field(default_factory=dict)


def take_sample(file: str) -> Sample:
    """Looks at a CSV file, plain, gzip or zip, or at a Parquet file.

    Args:
        file: Its path.

    Raises:
        DescribeError: It cannot be read, or is no table.
    """
    path = Path(file)
    if path.is_dir():
        raise DescribeError(f"{file}: a folder; name one of its files")
    if path.exists() and not path.is_file():  # a pipe may wait for ever
        raise DescribeError(f"{file}: neither a file nor a folder; save the data in a file")
    try:
        with reports_damage(file), path.open("rb") as stream:
            parquet = stream.read(4) == _PARQUET
        return _of_parquet(file) if parquet else _of_text(file)
    except DataError as error:
        raise DescribeError(str(error)) from error
    # OSError is what Arrow raises of pages, UnicodeDecodeError of columns' names.
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise DescribeError(f"{file}: damaged: {error}") from error


def _of_text(file: str) -> Sample:
    with _text(file) as stream:
        head = stream.read(WHOLE_BYTES + 1).removeprefix(_BOM)
        require_text(head, file)
        if not head.strip():
            raise DescribeError(f"{file}: empty; give a table with a header")
        layout = find_layout(head[: max(_HEAD_BYTES, 20 * (head.find(b"\n") + 1))], file)
        if len(head) <= WHOLE_BYTES:
            texts, seen, whole = [head], "the whole file", True
        else:
            texts, seen, whole = [*_parts(file, stream, head)], "", False
    if not whole:
        texts = [_lines_of(text, number) for number, text in enumerate(texts)]
    texts[0] = _behind(texts[0], layout.before)
    tables, odd = zip(*(_parsed(text, layout, file) for text in texts if text), strict=True)
    looked = sum(map(len, texts))
    seen = seen or f"{looked / 1e6:.0f} MB of it: {_where(len(texts))}"
    found = _sample(list(tables), layout.delimiter, whole, seen, sum(odd), file)
    units = {name: unit for name, unit in zip(layout.names, layout.units, strict=False) if unit}
    return replace(found, table=_named(found.table, file), above=layout.header, units=units)


def _named(table: pa.Table, file: str) -> pa.Table:
    """Leaves out columns that have neither a name nor a value."""
    names = table.column_names
    if all(names):
        return table
    kept = [
        place
        for place, name in enumerate(names)
        if name or pc.any(pc.not_equal(pc.utf8_trim_whitespace(table.column(place)), "")).as_py()
    ]
    refuse_double_names([names[place] for place in kept], file)
    return table.select(kept)


@contextmanager
def _text(file: str) -> Iterator[BinaryIO]:
    def opened(path: str, mode: str) -> BinaryIO:
        return Path(path).open("rb")

    with reports_damage(file), open_text(file, opened) as stream:
        yield stream


def _parts(file: str, stream: BinaryIO, head: bytes) -> Iterator[bytes]:
    """The beginning, and what can be reached of middle and end."""
    yield head[:PART_BYTES]
    size = Path(file).stat().st_size
    if stream.seekable() and type(stream).__name__ == "BufferedReader":
        for place in (size // 2, size - PART_BYTES):
            stream.seek(place)
            yield stream.read(PART_BYTES)
        return
    middle, end, done, next_middle = b"", head[-PART_BYTES:], len(head), len(head)
    while done < STREAMED_BYTES and (block := stream.read(PART_BYTES)):
        done += len(block)
        if done > next_middle:
            middle, next_middle = block, 2 * next_middle
        end = (end + block)[-PART_BYTES:]
    yield from filter(None, (middle, end if done < STREAMED_BYTES else b""))


def _lines_of(text: bytes, number: int) -> bytes:
    """Whole lines alone."""
    start = text.find(b"\n") + 1 if number else 0
    return text[start : text.rfind(b"\n") + 1]


def _behind(text: bytes, lines: int) -> bytes:
    for _ in range(lines):
        text = text.partition(b"\n")[2]
    return text


def _parsed(text: bytes, layout: TextLayout, file: str) -> tuple[pa.Table, int]:
    odd = 0

    def skip(_: object) -> str:
        nonlocal odd
        odd += 1
        return "skip"

    # The columns' names may be empty; Arrow's must not repeat.
    names = [str(number) for number in range(len(layout.names))]
    try:
        table = pa_csv.read_csv(
            pa.BufferReader(text),
            read_options=pa_csv.ReadOptions(column_names=names, block_size=max(len(text), 1)),
            parse_options=pa_csv.ParseOptions(delimiter=layout.delimiter, invalid_row_handler=skip),
            convert_options=pa_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
        )
    except pa.ArrowInvalid as error:
        raise DescribeError(f"{file}: {error}") from error
    return table.rename_columns(layout.names), odd


def _of_parquet(file: str) -> Sample:
    source = pq.ParquetFile(file, memory_map=True)
    meta = source.metadata
    names = source.schema_arrow.names
    refuse_double_names(names, file)
    if not meta.num_rows or not names:
        raise DescribeError(f"{file}: no rows; give a file with data")
    whole = meta.num_rows * len(names) <= WHOLE_CELLS
    if whole:
        return _sample([source.read()], None, True, "the whole file", 0, file)
    rows = max(WHOLE_CELLS // len(names) // 6, 1000)
    groups = meta.num_row_groups
    part = max(rows * groups // meta.num_rows, 1)
    starts = sorted({0, max(groups - part, 0) // 2, max(groups - part, 0)})
    wanted = [range(start, min(start + part, groups)) for start in starts]
    # One row group of a file can be larger than what is wanted of it.
    batches = [next(source.iter_batches(batch_size=rows, row_groups=list(some))) for some in wanted]
    tables = [pa.Table.from_batches([batch]) for batch in batches]
    return _sample(tables, None, False, _where(len(tables)), 0, file, f" of {meta.num_rows:,}")


def _plain(table: pa.Table) -> pa.Table:
    """Categories as the texts that they are."""
    for place, one in enumerate(table.schema):
        if pa.types.is_dictionary(one.type):
            column = table.column(place).cast(one.type.value_type)
            table = table.set_column(place, one.name, column)
    return table


def _where(parts: int) -> str:
    return {1: "its beginning", 2: "its beginning and end"}.get(
        parts, "its beginning, middle and end"
    )


def _sample(
    tables: list[pa.Table],
    delimiter: str | None,
    whole: bool,
    seen: str,
    odd: int,
    file: str,
    of_all: str = "",
) -> Sample:
    table = pa.concat_tables(map(_plain, tables))
    table.validate(full=True)
    if not table.num_rows:
        raise DescribeError(
            f"{file}: no line has as many fields as the header; export it again"
            if odd
            else f"{file}: a header but no rows; give a file with data"
        )
    sizes = [one.num_rows for one in tables]
    stretch = np.repeat(np.arange(len(tables), dtype=np.int32), sizes)
    seen = f"{seen}, {table.num_rows:,}{of_all} rows"
    return Sample(table, stretch, delimiter, whole, seen, odd)
