"""A small model, trained in seconds by the project's own code on a simulated household."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tfx.components.trainer.fn_args_utils import FnArgs

from modules import trainer
from tests.support.series import Series, household
from tests.support.settings import MEASUREMENTS, defaults, trainer_config
from tests.support.transform import analyze
from tfx_pipeline.components.example_gen.encoder import Encoder
from tfx_pipeline.data.contract import Windowing
from tfx_pipeline.data.segments.cutter import Segments
from tfx_pipeline.model_contract import DEFAULT_SIGNATURE, TIMESTAMP

WINDOWING = Windowing(window=30, horizon=3, origins=60)


@dataclass(frozen=True)
class Run:
    """Files of a run: examples by split, the transform graph and where the model goes."""

    folder: Path
    windowing: Windowing = WINDOWING

    def fn_args(self, tuner: Mapping[str, Any] | None = None, **model: Any) -> FnArgs:
        """What TFX gives the Tuner's and the Trainer's functions, with a few settings changed."""
        config = trainer_config(
            windowing=self.windowing,
            seed=7,
            model={"steps": 400, "batch": 120, **model},
            tuner=tuner or {},
        )
        return FnArgs(
            working_dir=str(self.folder / "work"),
            train_files=[str(self.folder / "Split-train" / "*")],
            eval_files=[str(self.folder / "Split-eval" / "*")],
            transform_graph_path=str(self.folder / "transform"),
            serving_model_dir=str(self.folder / "model"),
            model_run_dir=str(self.folder / "model_run"),
            custom_config=config.model_dump(mode="json"),
        )


def segments(series: Series, windowing: Windowing = WINDOWING) -> Segments:
    """Cuts a simulated household into segments, with the rules of the data contract."""
    minutes, values = series.minutes, series.values.astype(np.float32)
    first = np.arange(minutes[0] // windowing.origins + 1, minutes[-1] // windowing.origins)
    first = first * windowing.origins
    index = first[:, None] - minutes[0] + np.arange(windowing.length) - (windowing.window - 1)
    inside = (index >= 0) & (index < minutes.size)
    cut = np.where(inside, values[:, np.clip(index, 0, minutes.size - 1)], np.nan)
    origins = np.arange(windowing.origins)
    usable = inside[:, origins] & inside[:, origins + windowing.window + windowing.horizon - 1]
    unknown = np.full((first.size, windowing.labels), np.nan, np.float32)
    return Segments("train", "", cut, usable.astype(np.float32), first, unknown, unknown)


def encoded(*parts: Segments) -> list[bytes]:
    """Serialized examples of the default series."""
    return Encoder(defaults().spec, {}).encode(parts)


def write(
    folder: Path, split: str, series: Series, shards: int = 4, windowing: Windowing = WINDOWING
) -> None:
    """Writes the examples of one split as an Examples artifact holds them."""
    target = folder / f"Split-{split}"
    target.mkdir(parents=True)
    examples = encoded(segments(series, windowing))
    for shard, part in enumerate(np.array_split(np.array(examples, object), shards)):
        name = target / f"data_tfrecord-{shard:05d}-of-{shards:05d}.gz"
        with tf.io.TFRecordWriter(str(name), "GZIP") as writer:
            for example in part:
                writer.write(example)


def prepare(folder: Path, days: int = 20, windowing: Windowing = WINDOWING) -> Run:
    """Writes the examples of a simulated household and analyzes them."""
    series = household(days * 1440, seed=1).without_values(slice(300, 305), slice(9000, 9003))
    split = int(0.8 * series.minutes.size)
    parts = {"train": slice(0, split), "eval": slice(split + 60, None)}
    for name, part in parts.items():
        write(
            folder, name, Series(series.minutes[part], series.values[:, part]), windowing=windowing
        )
    analyze(str(folder / "Split-train" / "*"), windowing, folder / "transform")
    return Run(folder, windowing)


@cache
def trained() -> Run:
    """A run whose model is trained; made once per test session."""
    run = prepare(Path(tempfile.mkdtemp(prefix="trained-")))
    trainer.run_fn(run.fn_args())
    return run


def ask(model: tf.Module, windows: np.ndarray, timestamp: int = 1167609600) -> dict:
    """Asks the default signature.

    Args:
        model: A loaded SavedModel.
        windows: [batch, 7, window] raw units.
        timestamp: Of the last minute of all windows.

    Returns:
        Outputs by name, [batch, horizon].
    """
    inputs = {
        name: tf.constant(windows[:, channel], tf.float32)
        for channel, name in enumerate(MEASUREMENTS)
    }
    inputs[TIMESTAMP] = tf.fill([len(windows)], np.int64(timestamp))
    outputs = model.signatures[DEFAULT_SIGNATURE](**inputs)
    return {name: values.numpy() for name, values in outputs.items()}
