"""The rules that a row keeps or breaks by itself."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tfx_pipeline.data import clock
from tfx_pipeline.data.contract import MEASUREMENTS
from tfx_pipeline.data.physics import BOUNDS
from tfx_pipeline.data.raw.delimited import DelimitedText
from tfx_pipeline.data.raw.errors import Problem
from tfx_pipeline.data.raw.lines import Part

_LOWEST, _HIGHEST = np.array([BOUNDS[name] for name in MEASUREMENTS], np.float32).T[..., None]


def broken_rules(
    part: Part, form: DelimitedText, file: str, most: int
) -> tuple[npt.NDArray[np.bool_], list[Problem]]:
    """Finds the rows that are not of a whole minute, hold impossible values, or name no meter.

    Args:
        part: Rows of a file.
        form: The file's format.
        file: Its path, for the messages.
        most: Rows that are described.

    Returns:
        Which rows are bad, bool [n], and what is wrong with the first of them.
    """
    columns = part.columns
    seconds = columns.seconds % 60
    impossible = _impossible(columns.values)
    nameless = np.array([not name.strip() for name in columns.meters])[columns.meter]
    bad = (seconds != 0) | impossible.any(axis=0) | (nameless & (form.meter is not None))
    problems = []
    for row in np.flatnonzero(bad)[:most]:
        line = int(part.numbers[row])
        if seconds[row]:
            detail = f"{clock.text(int(columns.seconds[row]))} is not a whole minute"
            problems.append(Problem("minute", detail, file, line, [*form.TIME][-1]))
        elif impossible[:, row].any():
            number = int(np.argmax(impossible[:, row]))
            name, value = MEASUREMENTS[number], float(columns.values[number, row])
            problems.append(Problem(*_bad_value(name, value), file, line, name))
        else:
            problems.append(Problem("meter", "no name", file, line, form.meter))
    return bad, problems


def _impossible(values: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    # Two values of a measurement tell, and faster, that there are none.
    lowest = np.fmin.reduce(values, axis=1, keepdims=True)
    highest = np.fmax.reduce(values, axis=1, keepdims=True)
    if not ((lowest < _LOWEST) | (highest > _HIGHEST)).any():
        return np.zeros(values.shape, bool)
    return (values < _LOWEST) | (values > _HIGHEST)


def _bad_value(name: str, value: float) -> tuple[str, str]:
    if np.isinf(value):
        return "infinite", "infinity"
    low, high = BOUNDS[name]
    return "impossible", f"{value:g} is impossible, it can be {low:g} to {high:g}"
