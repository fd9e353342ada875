"""The slices by the local clock: hours of the day, weekdays and weekends.

An example may span many hours, so its origins are told apart here and not by TFMA, which slices
whole examples. A cell is an hour of the day on weekdays, or on weekends; slices are made of cells.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tfx_pipeline.series.clock import HOUR, SATURDAY, weekday
from tfx_pipeline.series.grid import Grid

_HOURS = 24

SLICES = (*(f"hour {hour}" for hour in range(_HOURS)), "weekdays", "weekends")
"""Names."""

_HOUR_OF_CELL, _ON_WEEKEND = np.arange(2 * _HOURS) % _HOURS, np.arange(2 * _HOURS) >= _HOURS
CELLS_OF_SLICES: npt.NDArray[np.bool_] = np.concatenate(
    (np.arange(_HOURS)[:, None] == _HOUR_OF_CELL, [~_ON_WEEKEND, _ON_WEEKEND])
)
"""[`SLICES`, cells], whether a slice holds a cell."""


def local_hours(
    grid: Grid, first_origins: npt.NDArray[np.int64], origins: int
) -> npt.NDArray[np.int64]:
    """Hours since 1970 by the local clock of consecutive origins.

    Args:
        grid: Of the series.
        first_origins: [n], seconds since 1970 of the first of them.
        origins: How many.

    Returns:
        [n, origins].
    """
    first = grid.index(first_origins)[:, None]
    return grid.local(grid.seconds(first + np.arange(origins))) // HOUR


def cells_of(hours: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The cells that local hours since 1970 belong to."""
    return hours % _HOURS + _HOURS * (weekday(hours * HOUR) >= SATURDAY)
