"""Rows in JSON, by the names of measurements, as text that files are read from."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from tfx_pipeline.client.errors import ForecastError
from tfx_pipeline.data.contract import METER
from tfx_pipeline.hints import did_you_mean
from tfx_pipeline.model_contract import TIMESTAMP
from tfx_pipeline.series.spec import Layout, Measurement, SeriesSpec


class JsonRows:
    """Writes rows as CSV, which the pipeline reads.

    Args:
        series: What they hold.
        first: The first row: its time is a text by the local clock, or seconds since 1970; where
            it names a meter, all do.

    Attributes:
        series: The same, as the text is written.
    """

    def __init__(self, series: SeriesSpec, first: Any) -> None:
        row = _object(first)
        self._columns = [TIMESTAMP, *([METER] if METER in row else []), *series.names]
        by_clock = isinstance(row.get(TIMESTAMP), str)
        changes = {
            "layouts": (Layout(timestamp=(TIMESTAMP,), format="iso" if by_clock else "seconds"),),
            "meter": (METER,) if METER in row else (),
            "meter_columns": (),
            "group": None,
            "ignored": (),
            "target": _named(series.target),
            "covariates": tuple(map(_named, series.covariates)),
            "known_ahead": tuple(map(_named, series.known_ahead)),
        }
        self.series = SeriesSpec.model_validate({**dict(series), **changes})

    def text(self, rows: Sequence[Any], header: bool = True) -> bytes:
        """Rows as CSV.

        Raises:
            ForecastError: One is none, has no time, or an unknown name.
        """
        made = io.StringIO()
        writer = csv.writer(made, lineterminator="\n")
        if header:
            writer.writerow(self._columns)
        for row in map(_object, rows):
            for name in row:
                if name not in self._columns:
                    hint = did_you_mean(name, self._columns)
                    raise ForecastError(f"a row has {name}, which is no measurement{hint}")
            if row.get(TIMESTAMP) is None:
                raise ForecastError(f"a row has no {TIMESTAMP}: {str(dict(row))[:80]}")
            writer.writerow([_field(row.get(name)) for name in self._columns])
        return made.getvalue().encode()


def _named(one: Measurement) -> Measurement:
    return one.model_copy(update={"column": one.name})


def _object(row: Any) -> Mapping[str, Any]:
    if not isinstance(row, dict):
        raise ForecastError(f"expected rows such as {{'{TIMESTAMP}': ..., ...}}, found {row!r:.80}")
    return row


def _field(value: Any) -> str:
    return "" if value is None else str(value)
