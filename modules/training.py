"""Fits one network for a fixed number of steps."""

import functools
import logging
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from modules.adamw import FusedAdamW
from modules.config import Budget
from modules.examples import Examples
from modules.families import load_family
from modules.features import AHEAD
from modules.networks import build_network
from modules.replicas import SharedAdamW
from modules.score import EvaluationBatch, Scorer
from tfx_pipeline.scoring import ErrorSums
from tfx_pipeline.training_record import FitRecord, Progress

logger = logging.getLogger("modules.training")

# Lines of progress per fit; between two of them all steps run in one call of the graph.
REPORTS = 10
# Steps between two lines, at least.
REPORTED = 100
# Reports look at a part of the evaluation split: so many batches of the windows that are scored.
REPORT_BATCHES = 20
WARM_UP = 0.05
WEIGHT_DECAY = 0.05
CLIP_NORM = 1.0


class Fit(NamedTuple):
    """A trained network, how it came about, and what scores it."""

    network: keras.Model
    record: FitRecord
    scorer: Scorer


def fit(
    examples: Examples,
    splits: Sequence[Sequence[str]],
    sample: Iterable[EvaluationBatch] | None,
    hyperparameters: Mapping[str, Any],
    budget: Budget,
    strategy: tf.distribute.Strategy | None = None,
) -> Fit:
    """Trains a network from scratch; the same arguments give the same network.

    Args:
        examples: How the files are read; holds the settings.
        splits: To learn from; patterns of the files of each.
        sample: What the progress is scored on, again and again; None: it is not.
        hyperparameters: By name; the family's defaults for those left out.
        budget: How long.
        strategy: Of the devices that share the batches; None: one device.

    Returns:
        The trained network, the record of the fit, and a scorer.
    """
    started = time.monotonic()
    config = examples.config
    patterns = [pattern for split in splits for pattern in split]
    windows = examples.count_windows(patterns, budget.enough(config.batch))
    steps = budget.batches(windows, config.batch)
    rounds, per_round = divide(steps)
    batches = examples.training(splits)
    shapes = {name: tuple(spec.shape[1:]) for name, spec in batches.element_spec[0].items()}
    family = load_family(config.model.family)
    values = {**family.defaults, **hyperparameters}
    strategy = strategy or tf.distribute.get_strategy()
    alone = strategy.num_replicas_in_sync == 1

    def untrained() -> keras.Model:
        return build_network(
            config.model.family, shapes, config.windowing.horizon, hyperparameters, config.seed
        )

    def scorer_of(network: keras.Model) -> Scorer:
        return Scorer(network, examples.histogram, examples.domain, config.series.step)

    with strategy.scope():
        network = untrained()
        network.compile(
            optimizer=optimizer(
                values["learning_rate"],
                rounds * per_round,
                FusedAdamW if alone else SharedAdamW,
            ),
            loss=examples.histogram.loss,
            # Neither Keras's loop over steps nor XLA takes replicas.
            steps_per_execution=per_round if alone else 1,
            # XLA takes six times as long for layers that steps ahead share.
            jit_compile=family.xla and AHEAD not in shapes and alone,
        )
        # Variables that the first step made would have it traced twice.
        network.optimizer.build(network.trainable_variables)
    scorer = scorer_of(network)
    evaluate = None if sample is None else functools.partial(scorer.evaluate, sample)
    report = ProgressReport(evaluate, per_round, rounds)
    network.fit(
        batches,
        epochs=rounds,
        steps_per_epoch=per_round,
        shuffle=False,
        verbose=0,
        callbacks=[report],
    )
    if not alone:
        mirrored, network = network, untrained()
        network.set_weights(mirrored.get_weights())
        scorer = scorer_of(network)
    record = FitRecord(
        hyperparameters=values,
        steps=rounds * per_round,
        seconds=round(time.monotonic() - started, 3),
        progress=tuple(report.progress),
    )
    return Fit(network, record, scorer)


def sample_of(evaluation: tf.data.Dataset) -> list[EvaluationBatch]:
    """The part of the evaluation split that progress is scored on.

    In memory, for to begin reading anew takes longer than to score it.

    Args:
        evaluation: The whole (`Examples.evaluation`).
    """
    return list(evaluation.take(REPORT_BATCHES))


def divide(steps: int) -> tuple[int, int]:
    """Rounds between lines of progress, and steps of each; together at most `steps`."""
    rounds = max(1, min(REPORTS, steps // REPORTED))
    return rounds, steps // rounds


class ProgressReport(keras.callbacks.Callback):
    """Logs a line per round: the loss and, where there is one, the score on other windows.

    Attributes:
        progress: The same figures, of the rounds so far.
    """

    def __init__(
        self, evaluate: Callable[[], ErrorSums] | None, per_round: int, rounds: int
    ) -> None:
        super().__init__()
        self._evaluate = evaluate
        self._per_round = per_round
        self._rounds = rounds
        self.progress: list[Progress] = []

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Reports on the round just finished."""
        step, loss = (epoch + 1) * self._per_round, float((logs or {})["loss"])
        found = self._evaluate() if self._evaluate else None
        self.progress.append(
            Progress(
                step=step,
                loss=loss,
                eval_mse=found.mean(found.mse) if found else None,
                eval_mae=found.mean(found.mae) if found else None,
            )
        )
        total = self._rounds * self._per_round
        score = f", eval {found}" if found else ""
        logger.info("step %d/%d, loss %.4f%s", step, total, loss, score)


def optimizer(
    learning_rate: float,
    steps: int,
    adamw: type[FusedAdamW] = FusedAdamW,
) -> keras.optimizers.Optimizer:
    """AdamW over `steps` batches: warm-up, then cosine decay."""
    warm_up = math.ceil(WARM_UP * steps)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, max(1, steps - warm_up), warmup_target=learning_rate, warmup_steps=warm_up
    )
    return adamw(schedule, weight_decay=WEIGHT_DECAY, global_clipnorm=CLIP_NORM)
