"""A trained model beside naive forecasts and LightGBM, with the same information.

    make run ARGS="--profile=hourly" && .venv/bin/python benchmarks/peers.py hourly

All are scored on the test split of the profile's last run. LightGBM is one model over all steps
ahead: the last day's values, means of the window, the days before at that time of day, the other
measurements, and the clock; stopped early on the eval split.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path

import lightgbm
import numpy as np
import tensorflow as tf

from modules.learning import season
from tfx_pipeline.data.contract import (
    FIRST_ORIGIN,
    SAME_TIME_LAST_WEEK,
    SAME_TIME_YESTERDAY,
    WEIGHT,
)
from tfx_pipeline.evaluation.metrics import by_origin, labels_ahead, last_observation
from tfx_pipeline.model_contract import EXAMPLES, EXAMPLES_SIGNATURE, MEAN
from tfx_pipeline.scoring import NAIVE, naive_forecasts
from tfx_pipeline.series.grid import Grid
from tfx_pipeline.settings import Settings, load_settings

# Rows of steps ahead that LightGBM learns from, at most, and its trees.
ROWS, TREES = 500_000, 200
# Values of the target, and of the others, that it is shown one by one.
RECENT, OTHERS = 24, 3
ROLLING = (3, 6, 12, 24, 48, 96, 168, 672)
PARAMETERS = {
    "objective": "l2",
    "num_leaves": 63,
    "learning_rate": 0.08,
    "min_data_in_leaf": 50,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "seed": 1,
    "num_threads": 1,
    "verbose": -1,
}


class Split:
    """The Examples of one split.

    Args:
        pattern: Of their files.
        settings: Of the run.
    """

    def __init__(self, pattern: str, settings: Settings) -> None:
        self.spec, self.shape = settings.spec, settings.shape
        files = sorted(tf.io.gfile.glob(pattern))
        self.examples = list(tf.data.TFRecordDataset(files, "GZIP").as_numpy_iterator())
        lengths = dict.fromkeys(self.spec.names, self.shape.length) | {WEIGHT: self.shape.origins}
        lengths |= dict.fromkeys((SAME_TIME_YESTERDAY, SAME_TIME_LAST_WEEK), self.shape.labels)
        features = {
            name: tf.io.FixedLenFeature([length], tf.float32) for name, length in lengths.items()
        }
        features[FIRST_ORIGIN] = tf.io.FixedLenFeature([1], tf.int64)
        parsed = tf.io.parse_example(self.examples, features)
        self.raw = {name: values.numpy() for name, values in parsed.items()}

    def rows(self, segments: slice) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Inputs [n, features], labels [n, horizon] and persistence [n] of scored origins."""
        window = self.shape.window
        values = np.stack([self.raw[name][segments] for name in self.spec.names], axis=1)
        due = self.raw[WEIGHT][segments] > 0
        labels = np.stack([labels_ahead(one, self.shape) for one in values[:, 0]])[due]
        last = np.stack([last_observation(one, self.shape) for one in values[:, 0]])[due]
        views = np.lib.stride_tricks.sliding_window_view(values, window, axis=2)
        windows = np.moveaxis(views[:, :, : self.shape.origins], 1, 2)[due]
        return windows, labels, last

    def inputs(self, segments: slice) -> Iterator[np.ndarray]:
        """What LightGBM is shown of each step ahead in turn: [n, features]."""
        windows, _, _ = self.rows(segments)
        target = windows[:, 0]
        first = self.raw[FIRST_ORIGIN][segments] + self.spec.step * np.arange(self.shape.origins)
        now = first[self.raw[WEIGHT][segments] > 0]
        spans = [span for span in ROLLING if span <= target.shape[1]]
        means = [np.nan_to_num(target[:, -span:]).mean(axis=1) for span in spans]
        others = windows[:, 1:, -OTHERS:].reshape(len(target), -1)
        shared = np.column_stack([target[:, -RECENT:], *means, others])
        grid = Grid(self.spec)
        for step, back in enumerate(season(self.spec, self.shape)):
            days = target[:, self.shape.window - 1 + back]
            local = grid.local(now + self.spec.step * (step + 1))
            hour, weekday = local % 86400 / 3600, local // 86400 % 7
            mean = np.nan_to_num(days).mean(axis=1) if days.size else np.zeros(len(days))
            columns = [shared, days, mean, hour, weekday, np.full(len(target), step)]
            yield np.column_stack(columns).astype(np.float32)


def table(split: Split, every: int) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and labels of all steps ahead, of each `every`-th segment; labels observed."""
    part = slice(0, None, every)
    _, labels, _ = split.rows(part)
    x, y = np.concatenate(list(split.inputs(part))), labels.T.reshape(-1)
    seen = np.isfinite(y)
    return x[seen], y[seen]


def boosted(train: Split, held_out: Split) -> lightgbm.Booster:
    """LightGBM, stopped early on the eval split."""
    rows = train.raw[WEIGHT].sum() * train.shape.horizon
    x, y = table(train, max(1, round(rows / ROWS)))
    rows = held_out.raw[WEIGHT].sum() * train.shape.horizon
    check = lightgbm.Dataset(*table(held_out, max(1, round(4 * rows / ROWS))))
    stop = lightgbm.early_stopping(30, verbose=False)
    return lightgbm.train(
        PARAMETERS, lightgbm.Dataset(x, y), TREES, valid_sets=[check], callbacks=[stop]
    )


def squared(forecast: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Mean squared error by step ahead."""
    return np.nanmean((forecast - labels) ** 2, axis=0)


def compare(profile: str, outputs: Path) -> dict[str, object]:
    """Scores all on the test split of the profile's last run."""
    settings = load_settings([f"--profile={profile}"])
    artifacts = outputs / settings.name / "artifacts"
    examples = max(
        (artifacts / "PowerExampleGen/examples").iterdir(), key=lambda one: int(one.name)
    )
    model = max((artifacts / "Trainer/model").iterdir(), key=lambda one: int(one.name))
    splits = {
        name: Split(f"{examples}/Split-{name}/*", settings) for name in ("train", "eval", "test")
    }
    test = splits["test"]
    _, labels, last = test.rows(slice(None))
    due = test.raw[WEIGHT] > 0
    earlier = {
        name: np.stack([by_origin(one, settings.shape) for one in test.raw[name]])[due]
        for name in (SAME_TIME_YESTERDAY, SAME_TIME_LAST_WEEK)
    }
    naive = naive_forecasts(last, earlier, settings.shape.horizon, settings.spec.step)
    found = {name: squared(naive[:, number], labels) for number, name in enumerate(NAIVE)}

    signature = tf.saved_model.load(str(model / "Format-Serving")).signatures[EXAMPLES_SIGNATURE]
    parts = [test.examples[at : at + 16] for at in range(0, len(test.examples), 16)]
    asked = [signature(**{EXAMPLES: tf.constant(part)})[MEAN].numpy() for part in parts]
    found["model"] = squared(np.concatenate(asked)[due], labels)

    started = time.monotonic()
    booster = boosted(splits["train"], splits["eval"])
    seconds = time.monotonic() - started
    forecast = [booster.predict(inputs) for inputs in test.inputs(slice(None))]
    found["lightgbm"] = squared(np.stack(forecast, axis=1), labels)
    best = np.min([found[name] for name in NAIVE], axis=0)
    return {
        "profile": profile,
        "forecasts": len(labels),
        "unit": f"{settings.spec.target.unit}^2",
        "mse": {name: round(float(values.mean()), 4) for name, values in found.items()},
        "mse_one_step_ahead": {name: round(float(values[0]), 4) for name, values in found.items()},
        "worst_ratio_to_best_naive_at_a_step": round(float((found["model"] / best).max()), 3),
        "ratio_to_lightgbm": round(float(found["model"].mean() / found["lightgbm"].mean()), 3),
        "lightgbm_seconds": round(seconds),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("profile")
    parser.add_argument("--outputs", type=Path, default=Path("outputs"))
    options = parser.parse_args()
    print(json.dumps(compare(options.profile, options.outputs), indent=2))
