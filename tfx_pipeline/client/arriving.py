"""Steps of rows that arrive one after the other, in bounded memory."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from tfx_pipeline.client.tail import Chunk
from tfx_pipeline.client.windows import History, Windows
from tfx_pipeline.data.raw.errors import BadRows, DataError, Problem
from tfx_pipeline.data.raw.reader import Reader
from tfx_pipeline.data.raw.rows import Rows
from tfx_pipeline.model_contract import ModelMetadata
from tfx_pipeline.series.spec import SeriesSpec

MOST = 60
"""Steps up to a meter's last one that are forecast from, where more have come at a time."""
_MANY = 1_000_000_000
_NOT_YET = {"empty", "missing"}


class Arriving:
    """Reads the last lines again whenever some have come, so that steps are those of the file.

    Args:
        model: What is asked.
        series: How the text is written.
        name: Of the text, for messages.
        meter: Of it; None: all of them.
        report: Is told of each row that is left out.
    """

    def __init__(
        self,
        model: ModelMetadata,
        series: SeriesSpec,
        name: str,
        meter: str | None,
        report: Callable[[str], None],
    ) -> None:
        self._model = model
        self._series = series
        self._name = name
        self._meter = meter
        self._report = report
        self._history = History(model, model.window + 2 * model.horizon + MOST)
        self._head = self._text = b""
        self._dropped = 0  # lines between the two
        self._whole = True  # whether the two are all that has come
        self._reported = 0  # line of the last row that was
        self._settled: dict[str, int] = {}

    def add(self, chunk: Chunk) -> list[tuple[str, int]]:
        """Takes the next lines.

        Returns:
            Meters and the steps that they complete, in order of time; of what was there at first
            the last one of each. None whose window has no value of the target.

        Raises:
            DataError: They are not as the series is described.
        """
        if chunk.anew:
            self._head = self._text = b""
            self._dropped = self._reported = 0
            self._whole = not self._settled
        self._text += chunk.text
        bad_rows = _BadRows(_MANY)
        reader = Reader(
            [self._name],
            self._series,
            bad_rows,
            opener=lambda *_: io.BytesIO(self._head + self._text),
            whole=self._whole,
        )
        try:
            found = [rows for rows in reader if self._meter in (None, rows.meter)]
        except DataError as error:
            if {one.rule for one in error.problems} <= _NOT_YET:
                return []
            raise
        finally:
            self._report_new(bad_rows.all)
        for rows in found:
            settled = -1 if chunk.anew else self._settled.get(rows.meter, -1)
            self._history.add(rows.where(rows.steps > settled))
        new = []
        for meter in dict.fromkeys(rows.meter for rows in found):
            origin = self._history.origin(meter, reader.complete(meter, chunk.ended))
            before = self._settled.get(meter)
            if origin is None or (before is not None and origin <= before):
                continue
            self._settled[meter] = origin
            first = origin if before is None else max(before + 1, origin - MOST + 1)
            new += [
                (step, meter)
                for step in self._history.observed(meter).tolist()
                if first <= step <= origin
            ]
        self._forget(found)
        return [(meter, step) for step, meter in sorted(new)]

    def windows(self, origins: list[tuple[str, int]]) -> Windows:
        """The windows that end with some steps."""
        return self._history.windows(origins)

    def _report_new(self, problems: list[Problem]) -> None:
        above = self._head.count(b"\n")
        for one in problems:
            line = one.line or 0
            if line > above:
                line += self._dropped
            if line > self._reported:
                self._report(f"left out: {replace(one, line=line)}")
                self._reported = line

    def _forget(self, found: list[Rows]) -> None:
        """Drops the lines that are farther back than a window, but for the header."""
        if not found or not self._settled:
            return
        if not self._head:
            first = min(int(rows.lines[0]) for rows in found)
            self._head, self._text = _cut(self._text, first - 1)
        newest = max(self._settled.values())
        needed = [
            int(rows.lines[np.searchsorted(rows.steps, back)])
            for rows in found
            if (back := self._settled.get(rows.meter, -1) - self._model.window) <= rows.steps[-1]
            and back > newest - 3 * self._model.window  # not those of a meter that came to an end
        ]
        lines = min(needed, default=0) - self._head.count(b"\n") - 1
        if lines > 0:
            _, self._text = _cut(self._text, lines)
            self._dropped += lines
            self._whole = False


class _BadRows(BadRows):
    """Remembers all of them: there are few in a window."""

    def __init__(self, accepted: int) -> None:
        super().__init__(accepted)
        self.all: list[Problem] = []

    def add(self, problems: Sequence[Problem]) -> None:
        super().add(problems)
        self.all += problems


def _cut(text: bytes, lines: int) -> tuple[bytes, bytes]:
    """The first lines, and the others."""
    if not lines:
        return b"", text
    ends = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n"))
    at = int(ends[lines - 1]) + 1
    return text[:at], text[at:]
