"""Arrow's columns of a file, whichever it is, as rows of meters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tfx_pipeline.data.raw.fields import Fields
from tfx_pipeline.data.raw.timestamps import Timestamps
from tfx_pipeline.series.spec import SeriesSpec

Values = npt.NDArray[np.float32] | npt.NDArray[np.float64]


@dataclass(frozen=True)
class Columns:
    """Rows of meters, n of them.

    Attributes:
        millis: int64 [n], milliseconds since 1970.
        local: Whether they are of a local clock, else of UTC.
        values: float32 or, of counters, float64 [measurements, n]; NaN = missing.
        meter: int32 [n], index into `meters`.
        meters: Names of the meters.
        group: int32 [n], index into `groups`; None where rows name no group.
        groups: Names of the groups.
        row: int64 [n], which row of the file each comes from; None where there are as many.
        file_rows: Rows of the file.
    """

    millis: npt.NDArray[np.int64]
    local: bool
    values: Values
    meter: npt.NDArray[np.int32]
    meters: list[str]
    group: npt.NDArray[np.int32] | None
    groups: list[str]
    row: npt.NDArray[np.int64] | None
    file_rows: int

    def numbered(self, numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """What is known of each of the file's rows, for each row of a meter."""
        return numbers if self.row is None else numbers[self.row]


def value_type(spec: SeriesSpec) -> pa.DataType:
    """What numbers are read as: counters have more digits than 32 bits hold."""
    counters = any(one.aggregate == "difference" for one in spec.measurements)
    return pa.float64() if counters else pa.float32()


def columns_of(
    get: Callable[[int], pa.Array], rows: int, fields: Fields, times: Timestamps, kind: pa.DataType
) -> Columns:
    """Puts the columns of a file together.

    Args:
        get: Place in the header -> array [rows]: numbers of `kind`, dictionary-encoded names of
            meters and groups, and timestamps as `Timestamps.parse` takes them.
        rows: Rows of the file.
        fields: Which column is where.
        times: Reads the timestamps.
        kind: `value_type` of the series.

    Raises:
        ValueError: A timestamp cannot be read.
    """
    millis, local = times.parse([get(place) for place in fields.times])
    values: Values = np.empty((len(fields.values), rows), kind.to_pandas_dtype())
    for row, place in zip(values, fields.values, strict=True):
        row[:] = get(place).to_numpy(zero_copy_only=False)
    group, groups = _names(get(fields.group)) if fields.group is not None else (None, [])
    if fields.meters:
        # Of a local clock all: their order tells an hour that comes twice.
        which, own = np.nonzero(~np.isnan(values) | local)
        return Columns(
            millis[own],
            local,
            values[which, own][None],
            which.astype(np.int32),
            list(fields.meters),
            None,
            [],
            own,
            rows,
        )
    meter, meters = (
        (np.zeros(rows, np.int32), [""]) if fields.meter is None else _names(get(fields.meter))
    )
    return Columns(millis, local, values, meter, meters, group, groups, None, rows)


def _names(texts: pa.DictionaryArray) -> tuple[npt.NDArray[np.int32], list[str]]:
    return texts.indices.to_numpy(), texts.dictionary.to_pylist()
