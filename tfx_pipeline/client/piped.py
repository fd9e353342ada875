"""Windows from what another program writes: CSV, rows in JSON, or a request of its own making."""

from __future__ import annotations

import io
import json
from codecs import BOM_UTF8
from typing import Any

from tfx_pipeline.client.bodies import is_body, windows_of
from tfx_pipeline.client.errors import ForecastError
from tfx_pipeline.client.files import read_windows
from tfx_pipeline.client.json_rows import JsonRows
from tfx_pipeline.client.tail import Chunk, Source
from tfx_pipeline.client.windows import Windows
from tfx_pipeline.model_contract import ModelMetadata
from tfx_pipeline.series.spec import SeriesSpec

NAME = "standard input"


def read_piped(text: bytes, model: ModelMetadata, **choice: Any) -> Windows:
    """Reads all of it.

    Args:
        text: CSV as the model's series is described; JSON, a list of rows by the names of
            measurements, or one row a line; or the body of a request to TensorFlow Serving.
        model: What is asked.
        choice: As of `read_windows`.

    Raises:
        DataError: A row breaks a rule of the data.
        ForecastError: It is none of these, or holds no window.
    """
    text = text.removeprefix(BOM_UTF8)
    if not is_json(text):
        return read_windows([NAME], model, opener=lambda *_: io.BytesIO(text), **choice)
    content = parsed(text)
    if is_body(content):
        return windows_of(content, model)
    rows = content if isinstance(content, list) else [content]
    if not rows:
        raise ForecastError(f"{NAME}: no rows")
    written = JsonRows(model.series, rows[0])
    made = written.text(rows)
    described = model.model_copy(update={"series": written.series})
    return read_windows([NAME], described, opener=lambda *_: io.BytesIO(made), **choice)


def rows_of(source: Source, series: SeriesSpec) -> tuple[Source, SeriesSpec]:
    """Rows that come one after the other, CSV or JSON a line.

    Args:
        source: What is written.
        series: What it holds.

    Returns:
        The same as CSV, and how that is written.

    Raises:
        ForecastError: The first row is none.
    """
    first = Chunk(b"")
    while not first.text.strip() and not first.ended:
        first = source.read(1.0)
        first = first._replace(text=first.text.removeprefix(BOM_UTF8))
    if not is_json(first.text):
        return _Begun(first, source), series
    rows = JsonRows(series, parsed(first.text.partition(b"\n")[0]))
    return _JsonLines(_Begun(first, source), rows), rows.series


class _Begun:
    """A source of which the first lines have been looked at."""

    def __init__(self, first: Chunk, source: Source) -> None:
        self._first: Chunk | None = first
        self._source = source

    def read(self, seconds: float) -> Chunk:
        """Waits so long at most for lines."""
        first, self._first = self._first, None
        return self._source.read(seconds) if first is None else first


class _JsonLines:
    """Rows in JSON, one a line, as CSV."""

    def __init__(self, source: Source, rows: JsonRows) -> None:
        self._source = source
        self._rows = rows
        self._header = True

    def read(self, seconds: float) -> Chunk:
        """Waits so long at most for lines."""
        chunk = self._source.read(seconds)
        lines = [parsed(line) for line in chunk.text.splitlines() if line.strip()]
        if not lines:
            return chunk._replace(text=b"")
        header, self._header = self._header, False
        return chunk._replace(text=self._rows.text(lines, header))


def is_json(text: bytes) -> bool:
    """Whether a text begins as JSON does."""
    return text.lstrip()[:1] in (b"{", b"[")


def parsed(text: bytes) -> Any:
    """JSON, or JSON a line.

    Raises:
        ForecastError: It is neither.
    """
    try:
        return json.loads(text)
    except ValueError as error:
        whole = error
    try:
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    except ValueError:
        raise ForecastError(f"{NAME}: no JSON: {whole}") from whole
