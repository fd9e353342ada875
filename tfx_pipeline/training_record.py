"""What the Trainer and the Tuner write down of their fits: figures over the steps, and times.

Errors are in the target's unit, squared ones in its square. Nothing heavy is imported here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, NonNegativeFloat, PositiveInt, TypeAdapter

from tfx_pipeline.frozen import Frozen

FIT_FILE = "fit.json"
"""A `FitRecord`, in the Trainer's `model_run`."""

TRIALS_FILE = "trials.json"
"""`TrialRecord`s, those of a search in the order of its grid, in the Tuner's `tuner_results`."""


def _finite(value: float | None) -> float | None:
    """JSON has no other numbers."""
    return value if value is not None and math.isfinite(value) else None


Figure = Annotated[float | None, AfterValidator(_finite)]
"""None: not a number, as of a fit that ran away; or not measured."""


class _Record(Frozen):
    """Strict: a figure is a number; fields that a later release adds are ignored."""

    model_config = ConfigDict(strict=True, extra="ignore")


class Progress(_Record):
    """How a fit stands after some of its steps."""

    step: PositiveInt
    """Batches so far."""
    loss: Figure
    """Of the training batches since the line before."""
    eval_mse: Figure
    """Squared error of the mean, over all steps ahead, on a part of the evaluation split; None
    where the fit learns from that."""
    eval_mae: Figure
    """Absolute error of the median, the same."""


class FitRecord(_Record):
    """One fit, from the first batch to the last."""

    hyperparameters: dict[str, bool | int | float | str]
    """Of the network, by name."""
    steps: PositiveInt
    """Batches in all."""
    seconds: NonNegativeFloat
    """Wall time, of building the network and of what else ran at the time included."""
    progress: tuple[Progress, ...]
    """In the order of the steps."""


class TrialRecord(FitRecord):
    """One fit of a search."""

    score: Figure
    """What the search minimises: the mean of both ratios to the best naive forecasts on the
    evaluation split."""


_TRIALS = TypeAdapter(tuple[TrialRecord, ...])


def trials_to_json(trials: Iterable[TrialRecord]) -> str:
    """The content of `TRIALS_FILE`."""
    return _TRIALS.dump_json(tuple(trials), indent=2).decode()


def trials_from_json(text: str | bytes) -> tuple[TrialRecord, ...]:
    """Reads the content of `TRIALS_FILE`.

    Raises:
        ValueError: It is something else.
    """
    return _TRIALS.validate_json(text)
