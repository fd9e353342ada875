"""What a model is asked: windows of steps, from rows that files hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from tfx_pipeline.client.errors import ForecastError
from tfx_pipeline.data.contract import METER
from tfx_pipeline.data.meter import TARGET_ROW
from tfx_pipeline.data.raw.rows import Rows
from tfx_pipeline.model_contract import TIMESTAMP, ModelMetadata
from tfx_pipeline.series.grid import Grid

_REMARKS = 8
"""For people, at a time."""

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Windows:
    """The inputs of one forecast or of many.

    Attributes:
        model: What is asked.
        meters: Of each window, "" where there is but one.
        origins: int64 [windows], the last step of each.
        inputs: Of the model's default signature, by name, with the windows first.
        came: float32 [windows, horizon], what is known of the target in the steps ahead; NaN where
            it is not.
    """

    model: ModelMetadata
    meters: tuple[str, ...]
    origins: Ints
    inputs: Mapping[str, np.ndarray]
    came: Floats

    def __len__(self) -> int:
        return len(self.meters)

    @property
    def times(self) -> Ints:
        """int64 [windows, horizon], instants at which the steps begin that are forecast."""
        ahead = np.arange(1, self.model.horizon + 1)
        return Grid(self.model.series).seconds(self.origins[:, None] + ahead)

    @property
    def target(self) -> Floats:
        """float32 [windows, window], the target in the steps that are looked back at."""
        return np.asarray(self.inputs[self.model.series.target.name])

    @property
    def observed(self) -> Ints:
        """int64 [windows], steps that have a value of the target."""
        return np.asarray((~np.isnan(self.target)).sum(axis=1))

    def where(self, kept: slice) -> Windows:
        """Some of them."""
        inputs = {name: values[kept] for name, values in self.inputs.items()}
        return Windows(self.model, self.meters[kept], self.origins[kept], inputs, self.came[kept])

    def parts(self, values: int = 200_000, most: int = 100) -> Iterable[Windows]:
        """Splits them into requests that no server finds too large.

        Args:
            values: Numbers in a request, at most, unless a single window has more.
            most: Windows in a request.
        """
        each = sum(int(np.prod(one.shape)) for one in self.model.inputs.values())
        size = max(1, min(most, values // each))
        starts = [*range(0, len(self), size), len(self)]
        return (self.where(slice(*bounds)) for bounds in pairwise(starts))


class History:
    """The last steps of each meter.

    Args:
        model: Whose measurements they are.
        kept: Steps of each meter that are remembered.
    """

    def __init__(self, model: ModelMetadata, kept: int) -> None:
        self._model = model
        self._kept = kept
        self._ahead = len(model.series.known_ahead)
        self._steps: dict[str, Ints] = {}
        self._values: dict[str, Floats] = {}

    @property
    def meters(self) -> list[str]:
        """Those that have steps."""
        return list(self._steps)

    def first(self, meter: str) -> int:
        """The first step of a meter that is remembered."""
        return int(self._steps[meter][0])

    def observed(self, meter: str) -> Ints:
        """Steps of a meter that are remembered, and whose window has a value of the target."""
        steps = self._steps[meter]
        values = steps[~np.isnan(self._values[meter][TARGET_ROW])]
        until = np.searchsorted(values, steps, side="right")
        return steps[until > np.searchsorted(values, steps - self._model.window, side="right")]

    def add(self, rows: Rows) -> None:
        """Takes steps of a meter, which replace those from the first of them on."""
        if not rows.steps.size:
            return
        steps, values = rows.steps, rows.values
        if rows.meter in self._steps:
            before = self._steps[rows.meter] < steps[0]
            steps = np.concatenate((self._steps[rows.meter][before], steps))
            values = np.concatenate((self._values[rows.meter][:, before], values), axis=1)
        last = steps[self._measured(values)][-1:]  # what is known ahead may reach far beyond
        first = np.searchsorted(steps, (last if last.size else steps)[-1] - self._kept + 1)
        self._steps[rows.meter], self._values[rows.meter] = steps[first:], values[:, first:].copy()

    def origin(self, meter: str, complete: int) -> int | None:
        """The last step that a forecast can start from; None where there is none.

        Args:
            meter: Its name.
            complete: The last step that is complete.
        """
        steps = self._steps.get(meter)
        if steps is None:
            return None
        measured = steps[self._measured(self._values[meter])]
        if not measured.size:
            return None
        last = min(int(measured[-1]), complete)
        return last if last >= steps[0] else None

    def windows(self, origins: Sequence[tuple[str, int]]) -> Windows:
        """The windows that end with some steps.

        Args:
            origins: Meter and step of each, at least one.
        """
        model = self._model
        length = model.window + model.horizon
        blocks = np.stack(
            [self._block(meter, origin - model.window + 1, length) for meter, origin in origins]
        )
        steps = np.array([origin for _, origin in origins], np.int64)
        meters = tuple(meter for meter, _ in origins)
        inputs: dict[str, np.ndarray] = {}
        for row, name in enumerate(model.series.names):
            inputs[name] = blocks[:, row, : model.inputs[name].shape[0]]
        inputs[TIMESTAMP] = Grid(model.series).seconds(steps)
        if METER in model.inputs:
            inputs[METER] = np.array([meter.encode() for meter in meters], object)
        return Windows(model, meters, steps, inputs, blocks[:, TARGET_ROW, model.window :])

    def _measured(self, values: Floats) -> npt.NDArray[np.bool_]:
        """Steps, bool [n], that are of a time that has come: not those of what is known ahead."""
        if not self._ahead:
            return np.ones(values.shape[1], bool)
        return np.asarray(~np.isnan(values[: -self._ahead]).all(axis=0))

    def _block(self, meter: str, first: int, length: int) -> Floats:
        """Steps from one on, float32 [measurements, length]; NaN where there is none."""
        block = np.full((len(self._model.series.names), length), np.nan, np.float32)
        steps = self._steps[meter]
        own = slice(*np.searchsorted(steps, (first, first + length)))
        block[:, steps[own] - first] = self._values[meter][:, own]
        return block


def require_target(windows: Windows) -> None:
    """Refuses windows in none of which the target was observed.

    Raises:
        ForecastError: There is nothing to forecast from.
    """
    if windows.observed.any():
        return
    model, grid = windows.model, Grid(windows.model.series)
    last = int(windows.origins[-1])
    first = grid.text(last - model.window + 1)
    raise ForecastError(
        f"{model.series.target.name} has no value from {first} to {grid.text(last)}, the "
        f"{model.window} steps that the model looks back: there is nothing to forecast from"
    )


def remarks(windows: Windows) -> list[str]:
    """What the newest windows of the meters lack, and how many others lack everything; for people.

    Of many meters the first ones with something to say.
    """
    newest = {meter: row for row, meter in enumerate(windows.meters)}
    end = int(windows.origins.max())
    said = []
    for meter, row in newest.items():
        found = _lacking(windows.where(slice(row, row + 1)), end)
        said += [f"{meter}: {one}" if len(newest) > 1 else one for one in found]
    older = np.delete(windows.observed, list(newest.values()))
    if empty := int(np.count_nonzero(older == 0)):
        said.append(f"{empty} of the {len(windows)} windows have nothing to forecast from")
    return said[:_REMARKS] + [f"and {len(said) - _REMARKS} more notes"] * (len(said) > _REMARKS)


def _lacking(window: Windows, end: int) -> list[str]:
    """What one window lacks.

    Args:
        window: Of one meter.
        end: The last step of all meters' windows.
    """
    model, grid = window.model, Grid(window.model.series)
    origin, observed = int(window.origins[0]), int(window.observed[0])
    said = []
    if end - origin > model.horizon:
        said.append(f"ends at {grid.text(origin)}, {end - origin} steps before others")
    if observed < model.window:
        said.append(
            f"the model looks back {model.window} steps; {observed} of those up to "
            f"{grid.text(origin)} have a value of {model.series.target.name}"
        )
    for one in model.series.known_ahead:
        known = int((~np.isnan(window.inputs[one.name][0, model.window :])).sum())
        if known < model.horizon:
            said.append(f"{one.name} is known for {known} of the {model.horizon} steps ahead")
    return said
