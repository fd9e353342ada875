"""Streams steps of meters out of raw files: in order of time, bad rows left out."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np
import numpy.typing as npt

from tfx_pipeline.data.raw.batch import Batch, Meters
from tfx_pipeline.data.raw.errors import BadRows, DataError, Problem
from tfx_pipeline.data.raw.lines import DataLines, Part
from tfx_pipeline.data.raw.local_time import LocalClock
from tfx_pipeline.data.raw.parquet import ParquetRows, is_parquet
from tfx_pipeline.data.raw.reach import Reach
from tfx_pipeline.data.raw.row_rules import RowRules
from tfx_pipeline.data.raw.rows import Rows
from tfx_pipeline.data.raw.source import BLOCK_BYTES, Opener
from tfx_pipeline.data.raw.spacing import Spacing
from tfx_pipeline.data.raw.steps import Steps
from tfx_pipeline.data.raw.time_order import TimeOrder
from tfx_pipeline.series.grid import Grid
from tfx_pipeline.series.spec import SeriesSpec

LOG = logging.getLogger("tfx_pipeline.data")
_LOGGED_ROWS = 250_000


class Reader:
    """Reads files one after the other in bounded memory, checking every row.

    Args:
        files: Paths in order of time, see `in_order`.
        spec: The series that they hold.
        bad_rows: Takes note of the rows that are left out, and raises at one too many.
        limit: Read only the first so many rows; None for all.
        opener: Opens a path; `open` for local files.
        block_bytes: Text that is parsed at a time.
        task: What the progress lines say is being done.
        whole: Whether the files are all that there is, so that values are needed in each, and as
            often as the series says.

    Attributes:
        rows: Data rows read so far, bad ones included.
        groups: Meter -> its group, where the series has groups.
    """

    def __init__(
        self,
        files: Sequence[str],
        spec: SeriesSpec,
        bad_rows: BadRows,
        limit: int | None = None,
        opener: Opener = open,  # type: ignore[assignment]
        block_bytes: int = BLOCK_BYTES,
        task: str = "Read",
        whole: bool = True,
    ) -> None:
        self.rows = 0
        self.groups: dict[str, str] = {}
        self._files = files
        self._spec = spec
        self._bad_rows = bad_rows
        self._limit = limit
        self._opener = opener
        self._block_bytes = block_bytes
        self._task = task
        self._whole = whole
        self._grid = Grid(spec)
        self._meters = Meters()
        self._rules = RowRules(spec)
        self._local: dict[str, LocalClock] = {}
        self._order = TimeOrder(self._meters, bad_rows, self._clock)
        self._spacing = Spacing(spec)
        self._reach = Reach(spec, self._grid)
        self._steps = Steps(spec, self._grid, self._meters, bad_rows)

    def __iter__(self) -> Iterator[Rows]:
        """Yields the steps of every file.

        Raises:
            DataError: A file breaks a rule, or there are more bad rows than accepted.
        """
        with_meter: dict[bool, str] = {}
        for file in self._files:
            if self.rows == self._limit:
                break
            lines = _opened(file, self._spec, self._opener, self._block_bytes)
            if isinstance(lines, ParquetRows):
                self._bad_rows.without_lines.add(file)
            with_meter.setdefault(lines.fields.meter is not None, file)
            if len(with_meter) == 2:
                detail = f"this file and {next(iter(with_meter.values()))}: only one names meters"
                raise DataError.of(Problem("meter", detail, file))
            yield from self._file(lines)
        yield from self._steps.finish()
        if self._whole:
            self._spacing.require_cadence(self._files[0])

    @property
    def noticed(self) -> Counter[str]:
        """What was noticed in counters -> how often."""
        return self._steps.noticed

    def complete(self, meter: str, ended: bool = True) -> int:
        """The last step of a meter that the rows read so far complete; -1 where there is none.

        Args:
            meter: Its name.
            ended: Whether no more rows will come.
        """
        return self._reach.complete(int(self._meters.numbers([meter])[0]), ended)

    def _file(self, lines: DataLines | ParquetRows) -> Iterator[Rows]:
        before, observed = self.rows, False
        for part in lines.parts(self._remaining):
            if isinstance(part, Problem):
                self._advance(1)
                self._bad_rows.add([part])
                continue
            self._advance(part.columns.file_rows)
            observed = observed or not np.isnan(part.columns.values).all()
            batch = self._clean(part, lines)
            self._spacing.add(batch)
            self._reach.add(batch)
            yield from self._steps.of(batch, lines.time_column)
        if self._whole:
            self._require_values(lines.file, self.rows - before, observed)

    def _require_values(self, file: str, rows: int, observed: bool) -> None:
        if not rows:
            raise DataError.of(Problem("empty", "a header but no rows", file))
        if not observed:
            raise DataError.of(Problem("missing", "no measurement has a value", file))

    def _remaining(self) -> int | None:
        return None if self._limit is None else self._limit - self.rows

    def _advance(self, rows: int) -> None:
        if (self.rows + rows) // _LOGGED_ROWS > self.rows // _LOGGED_ROWS:
            LOG.info("%s %s rows", self._task, f"{self.rows + rows:,}")
        self.rows += rows

    def _clean(self, part: Part, lines: DataLines | ParquetRows) -> Batch:
        """Leaves bad rows out, and sorts the others by meter."""
        fields, columns = lines.fields, part.columns
        bad, problems = self._rules.broken(part, fields, lines.file, self._bad_rows.accepted + 1)
        self._bad_rows.add(problems)
        self._require_one_spelling(part, lines.file)
        if columns.group is not None:
            self._learn_groups(part, columns.group, bad, lines)
        meter = self._meters.numbers(columns.meters)[columns.meter]
        batch = Batch(meter, columns.millis, columns.values, part.numbers, lines.file)
        batch = batch.where(~bad).by_meter()
        zone = fields.layout.zone or self._spec.zone
        if columns.local and zone:
            batch = self._in_utc(batch, zone, lines)
        if columns.row is not None:
            batch = batch.where(~np.isnan(batch.values[0]))
        return self._order.kept(batch)

    def _in_utc(self, batch: Batch, zone: str, lines: DataLines | ParquetRows) -> Batch:
        clock = self._local.setdefault(zone, LocalClock(zone))
        millis, nonexistent = clock.utc(batch)
        for row in np.flatnonzero(nonexistent)[: self._bad_rows.accepted + 1]:
            shown = np.datetime_as_string(batch.millis[row].astype("M8[ms]").astype("M8[s]"))
            detail = f"{shown.replace('T', ' ')} does not exist: the clock of {zone} goes forward"
            column, line = lines.time_column, int(batch.lines[row])
            self._bad_rows.add([Problem("skipped", detail, batch.file, line, column)])
        return replace(batch, millis=millis).where(~nonexistent)

    def _require_one_spelling(self, part: Part, file: str) -> None:
        """Refuses a meter whose name is another's but for case and spaces."""
        for number, name in enumerate(part.columns.meters):
            known = self._meters.other_spelling(name)
            if known is not None:
                detail = f"{name!r} and {known!r} differ in case or spaces alone"
                line = int(part.numbers[np.argmax(part.columns.meter == number)])
                self._bad_rows.refuse(Problem("meter", detail, file, line))

    def _learn_groups(
        self,
        part: Part,
        group: npt.NDArray[np.int32],
        bad: npt.NDArray[np.bool_],
        lines: DataLines | ParquetRows,
    ) -> None:
        """Takes note of the meters' groups.

        Raises:
            DataError: A meter is of two groups.
        """
        columns = part.columns
        pairs = columns.meter.astype(np.int64) * len(columns.groups) + group
        found, first = np.unique(pairs[~bad], return_index=True)
        for pair, row in zip(found.tolist(), np.flatnonzero(~bad)[first].tolist(), strict=True):
            of_meter, of_group = divmod(pair, len(columns.groups))
            name, its = columns.meters[of_meter], columns.groups[of_group]
            known = self.groups.setdefault(name, its)
            if known != its:
                detail = f"meter {name} is of the group {its!r} here, and of {known!r} before"
                column = lines.fields.names[lines.fields.group or 0]
                line = int(part.numbers[row])
                self._bad_rows.refuse(Problem("group", detail, lines.file, line, column))

    def _clock(self, millis: int) -> str:
        return self._grid.clock(millis // 1000)


def _opened(
    file: str, spec: SeriesSpec, opener: Opener, block_bytes: int = BLOCK_BYTES
) -> DataLines | ParquetRows:
    if is_parquet(file, opener):
        return ParquetRows(file, spec, opener)
    return DataLines(file, spec, opener, block_bytes)


def in_order(
    files: Sequence[str],
    spec: SeriesSpec,
    opener: Opener = open,  # type: ignore[assignment]
) -> list[str]:
    """Sorts files by their first readable timestamp, and by name where they share it.

    Raises:
        DataError: A file is empty, damaged, or of no described layout.
    """
    if len(files) < 2:
        return list(files)
    return sorted(files, key=lambda file: (_first_millis(file, spec, opener), file))


def _first_millis(file: str, spec: SeriesSpec, opener: Opener, lines: int = 1000) -> float:
    parts = _opened(file, spec, opener).parts(lambda: lines)
    for part in islice(parts, lines):
        if isinstance(part, Part) and part.columns.millis.size:
            return float(part.columns.millis[0])
    return -np.inf
