"""A trained model beside naive forecasts and LightGBM with the same information.

    make run ARGS="--profile=hourly" && .venv/bin/python benchmarks/peers.py hourly

All are scored on the test split of the profile's last run: the model and the naive forecasts as its
gate scored them, LightGBM here. It is shown what the network is shown, numbers as numbers and not
one-hot, and forecasts the same, the delta from the base in scales of the meter, by squared error;
steps ahead that are alike share a model, which is told which step it is, and each is stopped early
on the eval split, then fitted anew on that as well, as the network is. The processor time of both
fits is measured; that of the network from a few batches, for the pipeline's own fit runs besides
others.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import lightgbm
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from figures import record
from run import newest

from modules import events, windowing
from modules.config import Budget
from modules.examples import Examples, serialized
from modules.features import (
    AHEAD,
    RECENT,
    SHOWN,
    SWITCHING,
    older,
    rolling_statistics,
    window_sequence,
)
from modules.training import fit
from tfx_pipeline.report.summary import RunSummary, read_summary
from tfx_pipeline.settings import load_settings

# Rows that each of LightGBM's models learns from, and fewer by which it is stopped early; trees.
ROWS, HELD_OUT, TREES, PATIENCE = 200_000, 0.25, 600, 25
PARAMETERS = {
    "objective": "l2",
    "num_leaves": 31,
    "learning_rate": 0.05,
    "min_data_in_leaf": 50,
    "feature_fraction": 0.4,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 1.0,
    "seed": 1,
    "num_threads": 1,
    "verbose": -1,
}
# Batches of two fits, the difference of which is what a batch costs.
SHORT, LONG = 50, 200

Array = npt.NDArray[np.float32]


class Table(NamedTuple):
    """Scored origins as LightGBM is shown them.

    Attributes:
        now: [n, columns], what is known at the origin.
        ahead: [n, horizon, columns], and of each step ahead; of no columns where nothing is.
        deltas: [n, horizon], labels less base in scales, NaN where not observed.
        scale: [n], what a delta of 1 means in the target's unit.
    """

    now: Array
    ahead: Array
    deltas: Array
    scale: Array

    def rows(self, steps: range) -> tuple[Array, Array]:
        """Inputs and deltas of some steps ahead, one below the other."""
        inputs = [
            np.column_stack([self.now, self.ahead[:, step], np.full(len(self.now), step)])
            for step in steps
        ]
        return np.concatenate(inputs), self.deltas[:, steps].T.reshape(-1)

    def some(self, most: int) -> Table:
        """Evenly spread origins, at most so many."""
        every = -(-len(self.now) // most)
        return Table(*(values[::every] for values in self))


def tables(examples: Examples, pattern: str, stride: int) -> Iterator[Table]:
    """The origins of a split, a part at a time.

    Args:
        examples: Of the run.
        pattern: Of the split's files.
        stride: Every so many-th origin.
    """
    config = examples.config
    at = windowing.origin_indices(config.windowing, 0, stride)

    @tf.function
    def columns(batch: tf.Tensor) -> tuple[tf.Tensor, ...]:
        origins = examples.origins(batch, 0, stride)
        segments = examples.transform(tf.io.parse_example(batch, examples.spec))
        now = _known(examples, segments, at, tf.reshape(origins.last_observed, [-1, len(at)]))
        nothing = tf.zeros([tf.shape(origins.labels)[0], config.windowing.horizon, 0])
        deltas = (origins.labels - origins.base) / origins.scale[:, None]
        return (
            *(
                tf.boolean_mask(values, origins.scored)
                for values in (now, origins.inputs.get(AHEAD, nothing), deltas, origins.scale)
            ),
        )

    for batch in serialized([pattern]).batch(examples.segments_at_once):
        yield Table(*(values.numpy() for values in columns(batch)))


def joined(parts: Iterator[Table]) -> Table:
    """All parts in one."""
    return Table(*map(np.concatenate, zip(*parts, strict=True)))


def _known(
    examples: Examples, segments: dict[str, tf.Tensor], at: tf.Tensor, last_observed: tf.Tensor
) -> tf.Tensor:
    """What is known at each origin: [N, columns]."""
    spec, window = examples.config.series, examples.config.windowing.window
    last = last_observed / segments["scale"]
    last = tf.where(tf.math.is_finite(last), last, windowing.at_origins(segments["level"], at))
    windows = window_sequence(segments, at, window, last)
    clock = windowing.at_origins(segments["clock"], at)
    groups = [
        last[..., None],
        windows[:, :, -SHOWN:, 0],
        older(windows[..., 1], windows[..., 2]),
        windows[:, :, -RECENT:, 4:],
        rolling_statistics(windows[..., 0], windows[..., 2]),
        tf.cast(clock % 86_400, tf.float32)[..., None],
        tf.cast(clock // 86_400 % 7, tf.float32)[..., None],
        windowing.at_origins(segments["holiday"], at)[..., None],
    ]
    if spec.step <= SWITCHING:
        found = events.find_events(segments, events.changes_of(segments), at, window, last)
        times = [tf.cast(one, tf.float32) for one in (found.age, found.gap, found.remaining)]
        groups += [*times, found.size, found.level - last[..., None], found.covariates]
    if spec.parts:
        groups.append(windowing.windows(segments["rest"], at, RECENT))
    shape = [tf.shape(last)[0] * len(at)]
    return tf.concat([tf.reshape(one, [*shape, np.prod(one.shape[2:])]) for one in groups], axis=-1)


def alike(horizon: int) -> list[range]:
    """Steps ahead that share a model: the further ahead, the more of them."""
    bounds = [0, *(2**power for power in range(16) if 2**power < horizon), horizon]
    return [range(first, end) for first, end in pairwise(bounds)]


def boosted(train: Table, held_out: Table, rows: int) -> list[lightgbm.Booster]:
    """A model for each of the steps that are alike, from so many rows at most and those held out.

    How many trees each has is found before, by what is held out.
    """
    models = []
    for steps in alike(train.deltas.shape[1]):
        data = []
        for table, most in ((train, rows), (held_out, round(HELD_OUT * rows))):
            inputs, deltas = table.some(max(1, most // len(steps))).rows(steps)
            seen = np.isfinite(deltas)
            data.append((inputs[seen], deltas[seen]))
        stop = lightgbm.early_stopping(PATIENCE, verbose=False)
        own, other = (lightgbm.Dataset(*one) for one in data)
        found = lightgbm.train(PARAMETERS, own, TREES, valid_sets=[other], callbacks=[stop])
        both = lightgbm.Dataset(*map(np.concatenate, zip(*data, strict=True)))
        models.append(lightgbm.train(PARAMETERS, both, found.best_iteration))
    return models


def squared_error(models: list[lightgbm.Booster], parts: Iterator[Table]) -> list[float]:
    """Mean squared error by step ahead, in the target's unit squared."""
    total = count = np.zeros(())
    for part in parts:
        if not len(part.now):
            continue
        groups = alike(part.deltas.shape[1])
        forecast = [
            model.predict(part.rows(steps)[0]).reshape(len(steps), -1)
            for model, steps in zip(models, groups, strict=True)
        ]
        error = (np.concatenate(forecast).T - part.deltas) * part.scale[:, None]
        total = total + np.nansum(error.astype(np.float64) ** 2, axis=0)
        count = count + np.isfinite(error).sum(axis=0)
    return (total / count).tolist()


def network_seconds(examples: Examples, train: str, evaluation: str) -> float:
    """Processor time that the fit of the network takes."""
    config, seconds = examples.config, []
    for steps in (SHORT, LONG):
        started = time.process_time()
        budget = Budget(steps=steps, epochs=config.model.epochs)
        fit(examples, [[train], [evaluation]], None, {}, budget)
        seconds.append(time.process_time() - started)
    windows = examples.count_windows([train, evaluation], config.model.enough(config.model.batch))
    batches = config.model.batches(windows, config.model.batch)
    each = (seconds[1] - seconds[0]) / (LONG - SHORT)
    return seconds[1] + each * (batches - LONG)


def last_run(root: Path) -> RunSummary:
    """The summary of a pipeline's last run.

    Args:
        root: Folder of the pipeline below `outputs`.
    """
    return read_summary(max(path.parent for path in root.glob("runs/*/summary.json")))


def compare(arguments: list[str], rows: int) -> dict[str, object]:
    """Scores LightGBM on the test split of a run, beside what its gate found.

    Args:
        arguments: Of the run.
        rows: That each of its models learns from, at most.
    """
    settings = load_settings(arguments)
    artifacts = settings.root / "artifacts"
    split = f"{newest(artifacts / 'PowerExampleGen/examples')}/Split-"
    transform = str(newest(artifacts / "Transform/transform_graph"))
    examples = Examples(transform, settings.trainer_config)
    found = last_run(settings.root).evaluation
    if found is None:
        raise RuntimeError(f"{settings.root}: the last run has no evaluation")
    stride = settings.model.stride
    train, held_out = (
        Table(
            *(np.concatenate(part) for part in zip(*tables(examples, files, stride), strict=True))
        )
        for files in (f"{split}train/*", f"{split}eval/*")
    )
    started = time.process_time()
    models = boosted(train, held_out, rows)
    seconds = time.process_time() - started
    errors = squared_error(models, tables(examples, f"{split}test/*", 1))
    worst = max(
        found.per_step, key=lambda one: max(one.mse / one.naive_mse, one.mae / one.naive_mae)
    )
    mean = float(np.mean(errors))
    return {
        **found.model_dump(mode="json", exclude={"slices", "verdicts", "baseline", "reasons"}),
        "window": settings.shape.window,
        "horizon": settings.shape.horizon,
        "worst_step": worst.step,
        "worst_step_mse_ratio": max(one.mse / one.naive_mse for one in found.per_step),
        "worst_step_mae_ratio": max(one.mae / one.naive_mae for one in found.per_step),
        "lightgbm_mse": mean,
        "lightgbm_mse_by_step": errors,
        "lightgbm_rows": rows,
        "lightgbm_trees": [model.num_trees() for model in models],
        "ratio_to_lightgbm": found.mse / mean,
        "lightgbm_cpu_seconds": seconds,
        "cpu_seconds": network_seconds(examples, f"{split}train/*", f"{split}eval/*"),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("profile")
    parser.add_argument("--rows", type=int, default=ROWS, help="of LightGBM, for equal times")
    options, others = parser.parse_known_args()
    figures = compare([f"--profile={options.profile}", *others], options.rows)
    record(f"profile_{options.profile.replace('-', '_')}", figures)
    print({name: value for name, value in figures.items() if not isinstance(value, list)})
