"""The rules that a row keeps or breaks by itself."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tfx_pipeline.data.raw.columns import Values
from tfx_pipeline.data.raw.errors import Problem
from tfx_pipeline.data.raw.fields import Fields
from tfx_pipeline.data.raw.lines import Part
from tfx_pipeline.series.spec import Measurement, SeriesSpec


class RowRules:
    """Finds rows that hold impossible values, or name no meter.

    Args:
        spec: The series.
    """

    def __init__(self, spec: SeriesSpec) -> None:
        self._measurements = spec.measurements
        bounds = [_bounds(one) for one in spec.measurements]
        self._lowest, self._highest = np.array(bounds, np.float32).T[..., None]

    def broken(
        self, part: Part, fields: Fields, file: str, most: int
    ) -> tuple[npt.NDArray[np.bool_], list[Problem]]:
        """Finds them.

        Args:
            part: Rows of a file.
            fields: The file's columns.
            file: Its path, for the messages.
            most: Rows that are described.

        Returns:
            Which rows are bad, bool [n], and what is wrong with the first of them.
        """
        columns = part.columns
        impossible = self._impossible(columns.values)
        nameless = np.array([not (name and name.strip()) for name in columns.meters])
        unnamed = nameless[columns.meter] & (fields.meter is not None)
        bad = impossible.any(axis=0) | unnamed
        problems = []
        for row in np.flatnonzero(bad)[:most]:
            line = int(part.numbers[row])
            if impossible[:, row].any():
                number = int(np.argmax(impossible[:, row]))
                one, value = self._measurements[number], float(columns.values[number, row])
                column = columns.meters[columns.meter[row]] if fields.meters else one.column
                problems.append(Problem(*_bad_value(one, value), file, line, column))
            else:
                name = None if fields.meter is None else fields.names[fields.meter]
                problems.append(Problem("meter", "no name", file, line, name))
        return bad, problems

    def _impossible(self, values: Values) -> npt.NDArray[np.bool_]:
        # Two values of a measurement tell, and faster, that there are none.
        lowest = np.fmin.reduce(values, axis=1, keepdims=True, initial=np.nan)
        highest = np.fmax.reduce(values, axis=1, keepdims=True, initial=np.nan)
        if not ((lowest < self._lowest) | (highest > self._highest)).any():
            return np.zeros(values.shape, bool)
        return np.asarray((values < self._lowest) | (values > self._highest))


_FINITE = float(np.finfo(np.float32).max)


def _bounds(one: Measurement) -> tuple[float, float]:
    """Lowest and highest value that a row can have; of a counter any number."""
    if one.aggregate == "difference":
        return -_FINITE, _FINITE
    return (
        -_FINITE if one.lowest is None else one.lowest,
        _FINITE if one.highest is None else one.highest,
    )


def _bad_value(one: Measurement, value: float) -> tuple[str, str]:
    if np.isinf(value):
        return "infinite", "infinity"
    low, high = _bounds(one)
    shown = (
        f"{low:g} to {high:g}"
        if max(-low, high) < _FINITE
        else (f"{low:g} or more" if low > -_FINITE else f"{high:g} or less")
    )
    return "impossible", f"{value:g} is impossible, it can be {shown}"
