"""Puts the rows of a meter together that lie scattered among those of many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from tfx_pipeline.data.raw.rows import Rows

MANY = 4096
"""Rows of one meter that are worth to be looked at by themselves."""
MOST_VALUES = 4_000_000
"""Values that wait, of all meters; 16 MB."""


def gathered(parts: Iterable[Rows], most_values: int = MOST_VALUES) -> Iterator[Rows]:
    """Yields the same rows in fewer parts, each meter's in their order.

    A file of two thousand meters in order of time gives each a few rows at a time; what is done by
    part would cost more than what is done by row.

    Args:
        parts: Rows of any meters.
        most_values: How many may wait.
    """
    waiting: dict[str, list[Rows]] = {}
    values = 0
    for rows in parts:
        before = waiting.get(rows.meter)
        if before and before[0].file != rows.file:
            yield _joined(waiting.pop(rows.meter))
            values -= sum(one.values.size for one in before)
            before = None
        if not before and rows.steps.size >= MANY:
            yield rows
            continue
        waiting.setdefault(rows.meter, []).append(_alone(rows))
        values += rows.values.size
        if values > most_values:
            yield from map(_joined, waiting.values())
            waiting, values = {}, 0
    yield from map(_joined, waiting.values())


def _alone(rows: Rows) -> Rows:
    """The same without what they were read with, which a view would keep in memory."""
    return replace(
        rows, steps=rows.steps.copy(), values=rows.values.copy(), lines=rows.lines.copy()
    )


def _joined(parts: list[Rows]) -> Rows:
    if len(parts) == 1:
        return parts[0]
    return Rows(
        parts[0].meter,
        np.concatenate([part.steps for part in parts]),
        np.concatenate([part.values for part in parts], axis=1),
        parts[0].file,
        np.concatenate([part.lines for part in parts]),
    )
