"""What an exported model answers to a run's Examples, beside the naive forecasts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from modules.examples import Examples, serialized
from tfx_pipeline.model_contract import EXAMPLES, EXAMPLES_SIGNATURE
from tfx_pipeline.scoring import naive_forecasts

Array = npt.NDArray[np.floating]


class Answers(NamedTuple):
    """Of a batch of n origins.

    Attributes:
        labels: [n, horizon] in the target's unit, NaN where not observed.
        naive: [n, naive, horizon].
        scored: bool [n].
        forecast: Output -> [n, horizon].
    """

    labels: Array
    naive: Array
    scored: npt.NDArray[np.bool_]
    forecast: dict[str, Array]


def answers(model: Path, examples: Examples, pattern: str) -> Iterator[Answers]:
    """Asks a SavedModel for the forecasts of all origins, a batch at a time.

    Args:
        model: Its folder.
        examples: How the files are read.
        pattern: Of the files.
    """
    signature = tf.saved_model.load(str(model)).signatures[EXAMPLES_SIGNATURE]
    segments = serialized([pattern]).batch(examples.segments_at_once)
    for batch, (origins, earlier) in zip(segments, examples.evaluation([pattern]), strict=True):
        labels = origins.labels.numpy()
        naive = naive_forecasts(
            origins.last_observed.numpy(),
            {name: values.numpy() for name, values in earlier.items()},
            labels.shape[1],
            examples.config.series.step,
        )
        found = signature(**{EXAMPLES: batch})
        forecast = {name: values.numpy().reshape(labels.shape) for name, values in found.items()}
        yield Answers(labels, naive, origins.scored.numpy(), forecast)
