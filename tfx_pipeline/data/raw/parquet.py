"""Parses the rows of a Parquet file in batches, and finds the rows that cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tfx_pipeline.data.raw.columns import columns_of, value_type
from tfx_pipeline.data.raw.errors import DataError, Problem
from tfx_pipeline.data.raw.fields import HeaderError, closest, fields_of, layout_of
from tfx_pipeline.data.raw.lines import Part
from tfx_pipeline.data.raw.source import Opener, reports_damage
from tfx_pipeline.data.raw.timestamps import Timestamps
from tfx_pipeline.series.spec import SeriesSpec

_BATCH_VALUES = 1 << 20
"""Values that are parsed at a time."""
_MAGIC = b"PAR1"


class ParquetRows:
    """The rows of one file.

    Args:
        file: Path.
        spec: The series.
        opener: Opens the path.

    Attributes:
        file: The same.
        fields: Which column is where.

    Raises:
        DataError: The file is damaged, or its columns are not those of the description.
    """

    def __init__(self, file: str, spec: SeriesSpec, opener: Opener) -> None:
        self.file = file
        self._stream = opener(file, "rb")
        with _damage(file):
            # Page by page: a row group may be as large as the file.
            self._source = pq.ParquetFile(self._stream, buffer_size=1 << 20, pre_buffer=False)
        self._schema = self._source.schema_arrow
        names = self._schema.names
        layout = layout_of(names, spec.layouts) or closest(names, spec.layouts)
        try:
            self.fields = fields_of(names, layout, spec)
        except HeaderError as error:
            raise DataError.of(Problem("header", str(error), file)) from error
        self._times = Timestamps(layout, spec.zone is not None)
        self._kind = value_type(spec)
        self._require_types()

    @property
    def time_column(self) -> str:
        """The (last) column with the time."""
        return self.fields.names[self.fields.times[-1]]

    def parts(self, remaining: Callable[[], int | None]) -> Iterator[Part | Problem]:
        """Yields rows and bad rows in the file's order, up to `remaining()` of them."""
        used = self.fields.used
        size = max(1, _BATCH_VALUES // len(used))
        number = 1
        with self._stream, _damage(self.file):
            batches = self._source.iter_batches(
                size, columns=[self._schema.names[place] for place in used], use_threads=False
            )
            for batch in batches:
                left = remaining()
                if left == 0:
                    return
                rows = batch if left is None else batch.slice(0, left)
                yield from self._halved(rows, number)
                number += rows.num_rows

    def _halved(self, rows: pa.RecordBatch, first: int) -> Iterator[Part | Problem]:
        """Parses rows, halving them until every bad one stands alone."""
        if not rows.num_rows:
            return
        try:
            columns = columns_of(
                lambda place: self._array(rows, place),
                rows.num_rows,
                self.fields,
                self._times,
                self._kind,
            )
        except ValueError:
            if rows.num_rows == 1:
                yield self._explained(rows, first)
                return
            middle = rows.num_rows // 2
            yield from self._halved(rows.slice(0, middle), first)
            yield from self._halved(rows.slice(middle), first + middle)
            return
        yield Part(columns, columns.numbered(first + np.arange(rows.num_rows)))

    def _array(self, rows: pa.RecordBatch, place: int) -> pa.Array:
        array = rows.column(self.fields.used.index(place))
        if place in self.fields.times:
            return array
        if place in self.fields.values:
            return pc.cast(array, self._kind, safe=False)
        return pc.fill_null(pc.cast(array, pa.string()), "").dictionary_encode()

    def _explained(self, rows: pa.RecordBatch, number: int) -> Problem:
        for place in self.fields.values:
            entry = rows.column(self.fields.used.index(place))
            try:
                pc.cast(entry, self._kind, safe=False)
            except ValueError:
                detail = f"{entry[0].as_py()!r} is no number"
                return Problem("number", detail, self.file, number, self.fields.names[place])
        entries = [str(self._array(rows, place)[0].as_py()) for place in self.fields.times]
        detail = f"{' '.join(entries)!r} is no timestamp ({self._times.written})"
        return Problem("timestamp", detail, self.file, number, self.time_column)

    def _require_types(self) -> None:
        """Refuses columns of types that hold no numbers or names."""
        for place in self.fields.values:
            kind = self._schema.types[place]
            number = pa.types.is_integer(kind) or pa.types.is_floating(kind)
            number = number or pa.types.is_decimal(kind) or pa.types.is_boolean(kind)
            text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
            if not (number or text or pa.types.is_null(kind)):
                name = self.fields.names[place]
                detail = f"the column is of {kind}, not of numbers"
                raise DataError.of(Problem("number", detail, self.file, column=name))


def is_parquet(file: str, opener: Opener) -> bool:
    """Whether a file says so by its first bytes.

    Raises:
        DataError: It cannot be read.
    """
    with reports_damage(file), opener(file, "rb") as stream:
        return stream.read(len(_MAGIC)) == _MAGIC


@contextmanager
def _damage(file: str) -> Iterator[None]:
    with reports_damage(file):
        try:
            yield
        except pa.ArrowException as error:
            detail = f"a Parquet file, damaged or cut off: {error}"
            raise DataError.of(Problem("compression", detail, file)) from error
