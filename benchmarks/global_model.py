"""One model for 500 meters: what it costs, beside a model for each of ten, and on meters unseen.

    python benchmarks/global_model.py

The meters are those of `meters.py`; a day of half-hours is forecast from a week. Runs the whole
pipeline on all of them, and on a fifth of them for what costs grow with. Then ten of them get a
network each, fitted on their own windows by the same code, and twenty that are in no training are
forecast by the model for all. Ratios are to the best naive forecasts on the same forecasts, of the
newest fifth of the year.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from functools import reduce
from operator import add
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf
from answers import answers
from figures import record
from meters import write
from run import OUTPUTS, newest, pipeline
from run import figures as figures_of

from modules.examples import Examples, serialized
from modules.training import fit
from tfx_pipeline.data.contract import METER
from tfx_pipeline.report.summary import RunSummary
from tfx_pipeline.scoring import ErrorSums, errors
from tfx_pipeline.settings import Settings, load_settings

METERS, UNSEEN, ALONE = 500, 20, 10
TOWN, FIFTH, UNSEEN_TOWN = "town", "town-fifth", "town-unseen"
DAYS, SEED = 365, 20261122
WINDOWS = ("--windowing.window=P7D", "--windowing.horizon=P1D", "--windowing.origins=48")
TRAINING = ("--tuner.enabled=false", "--model.batch=240", "--model.steps=500")
LITTLE = ("--model.steps=10",)
# Passes over one meter's windows, and windows in a batch: as for one household (`hourly`).
EPOCHS, BATCH, STEPS = 3, 120, 1500


def options(name: str, first: int, meters: int) -> list[str]:
    """Makes meters; returns the settings of a run on them."""
    folder = OUTPUTS / "made" / name
    file = folder / "meters.parquet"
    if not file.exists():  # else a run on the same file comes from the cache
        write(folder, first, meters, DAYS, SEED)
    return [f"--series={folder / 'meters.yaml'}", f"--data.path={file}", *WINDOWS, *TRAINING]


def of_meter(pattern: str, name: str, file: Path) -> str:
    """Copies the Examples of a meter into a file."""
    spec = {METER: tf.io.FixedLenFeature([1], tf.string)}
    segments = serialized([pattern]).batch(1000)
    with tf.io.TFRecordWriter(str(file), "GZIP") as writer:
        for batch in segments:
            meters = tf.io.parse_example(batch, spec)[METER][:, 0]
            for segment in batch.numpy()[meters.numpy() == name.encode()]:
                writer.write(segment)
    return str(file)


def asked(model: Path, examples: Examples, pattern: str) -> ErrorSums:
    """The errors of a SavedModel's answers, as the search scores a network."""
    return reduce(add, (errors(*batch).total() for batch in answers(model, examples, pattern)))


def alone(settings: Settings, transform: str, files: Mapping[str, str]) -> ErrorSums:
    """The errors of a network that knows one meter."""
    config = settings.trainer_config
    of_one = config.model.model_copy(update={"batch": BATCH, "epochs": EPOCHS, "steps": STEPS})
    examples = Examples(transform, config.model_copy(update={"model": of_one}))
    fitted = fit(examples, [[files["train"]]], None, {}, of_one)
    return fitted.scorer.evaluate(examples.evaluation([files["test"]]))


def ratios(found: Sequence[ErrorSums]) -> dict[str, object]:
    """Errors of each of some meters, or parts, and of all of them together."""
    together = reduce(add, found)
    return {
        "mse_ratio": together.mse_ratio,
        "mae_ratio": together.mae_ratio,
        "worst_step_mse_ratio": together.worst_mse_ratio,
        "coverage": together.mean(together.coverage),
        "mse_ratios": [one.mse_ratio for one in found],
    }


def split_of(name: str, split: str) -> str:
    """Pattern of the Examples of a run's split."""
    return f"{newest(OUTPUTS / name / 'artifacts/PowerExampleGen/examples')}/Split-{split}/*"


def meter_by_meter(arguments: Sequence[str]) -> dict[str, object]:
    """The model for all on single meters, beside a model for each, and on those unseen."""
    settings = load_settings(arguments)
    artifacts = OUTPUTS / TOWN / "artifacts"
    transform = str(newest(artifacts / "Transform/transform_graph"))
    model = newest(artifacts / "Trainer/model") / "Format-Serving"
    examples = Examples(transform, settings.trainer_config)
    unseen = asked(model, examples, split_of(UNSEEN_TOWN, "test"))
    numbers = range(0, METERS, METERS // ALONE)
    by_all, by_own = [], []
    for number in numbers:
        name = f"M{number:05d}"
        files = {
            split: of_meter(split_of(TOWN, split), name, OUTPUTS / "made" / f"{name}-{split}")
            for split in ("train", "eval", "test")
        }
        by_all.append(asked(model, examples, files["test"]))
        by_own.append(alone(settings, transform, files))
        print(name, by_all[-1], "alone", by_own[-1], flush=True)
    return {"unseen": ratios([unseen]), "for_all": ratios(by_all), "for_one": ratios(by_own)}


def main() -> None:
    """Runs everything afresh, and writes the figures into the file."""
    for name in (TOWN, FIFTH, UNSEEN_TOWN):
        shutil.rmtree(OUTPUTS / name, ignore_errors=True)
    arguments = options(TOWN, 0, METERS)
    run = pipeline(TOWN, *arguments)
    record("town", figures_of(run) | {"groups": groups(run[0])})
    pipeline(UNSEEN_TOWN, *options(UNSEEN_TOWN, METERS, UNSEEN), *LITTLE)
    record("town_meters", meter_by_meter(arguments))
    record("town_fifth", figures_of(pipeline(FIFTH, *options(FIFTH, 0, METERS // 5), *LITTLE)))


def groups(summary: RunSummary) -> dict[str, float | None]:
    """What the gate found for each group of meters."""
    found = summary.evaluation.slices if summary.evaluation else ()
    return {one.slice: one.mse_ratio for one in found if one.slice.startswith("group")}


if __name__ == "__main__":
    main()
