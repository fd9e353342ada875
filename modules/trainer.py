"""The functions that TFX's Tuner and Trainer components call."""

import functools
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras_tuner
import tensorflow as tf
from tfx.components.trainer.fn_args_utils import FnArgs
from tfx.v1.components import TunerFnResult

from modules import export
from modules.config import TrainerConfig
from modules.examples import Examples, matching_files
from modules.families import FamilyName, load_family
from modules.files import write_atomically
from modules.replicas import strategy_of
from modules.score import SCORE_STRIDE, objective
from modules.search import FAMILY, grid_of, network_values
from modules.training import fit, sample_of
from modules.tuning import GridTuner, digest
from tfx_pipeline.training_record import FIT_FILE, TrialRecord

logger = logging.getLogger("modules.trainer")


def tuner_fn(fn_args: FnArgs) -> TunerFnResult:
    """Sets up the search; trials are scored on the evaluation split, never on the test split.

    Args:
        fn_args: Given by TFX; `custom_config` as in `modules.config.TrainerConfig`.

    Returns:
        A tuner over the family's grid, less what the settings fix.
    """
    config = TrainerConfig.model_validate(fn_args.custom_config)
    examples = _examples(fn_args.transform_graph_path, config.model_dump_json())
    origins = examples.evaluation(fn_args.eval_files, SCORE_STRIDE)
    sample = sample_of(origins)

    def run(hyperparameters: Mapping[str, Any]) -> TrialRecord:
        values = network_values(hyperparameters)
        _, record, scorer = fit(examples, [fn_args.train_files], sample, values, config.tuner)
        score = objective(scorer.evaluate(origins))
        logger.info("%s: score %.4f, fitted in %.0f s", values, score, record.seconds)
        return TrialRecord(**dict(record), score=score)

    files = [
        (name, tf.io.gfile.stat(name).length)
        for name in matching_files([*fn_args.train_files, *fn_args.eval_files])
    ]
    key = digest([fn_args.custom_config, fn_args.transform_graph_path, files])
    tuner = GridTuner(
        run,
        grid_of(config),
        config.tuner.parallel_trials,
        Path(config.search_dir or fn_args.working_dir) / key,
    )
    return TunerFnResult(tuner=tuner, fit_kwargs={})


def run_fn(fn_args: FnArgs) -> None:
    """Trains the model, exports it with its signatures, and writes down how the fit went.

    Args:
        fn_args: Given by TFX; `custom_config` as in `modules.config.TrainerConfig`,
            `hyperparameters` from the Tuner, or None for the family's defaults.
    """
    config = TrainerConfig.model_validate(fn_args.custom_config)
    family = config.model.family
    found = best_hyperparameters(fn_args.hyperparameters, family)
    defaults = load_family(family).defaults
    hyperparameters = {**defaults, **found, **config.model.hyperparameters}
    logger.info("training %s with %s", family, hyperparameters)
    logger.info(
        "batches of %d windows: every %d-th of %d segments",
        config.batch,
        config.stride,
        config.segments,
    )
    examples = _examples(fn_args.transform_graph_path, config.model_dump_json())
    train, evaluation = fn_args.train_files, fn_args.eval_files
    refit = config.model.refit
    network, record, _ = fit(
        examples,
        [train, evaluation] if refit else [train],
        None if refit else sample_of(examples.evaluation(evaluation, SCORE_STRIDE)),
        hyperparameters,
        config.model,
        strategy_of(config.model.strategy, config.batch),
    )
    export.export(
        network,
        examples,
        fn_args.serving_model_dir,
        evaluation,
        hyperparameters,
    )
    write_atomically(fn_args.model_run_dir, FIT_FILE, record.model_dump_json(indent=2))


@functools.lru_cache(maxsize=1)
def _examples(transform_output: str, config: str) -> Examples:
    # The Trainer's are the Tuner's where one process runs both: to trace them anew takes seconds.
    return Examples(transform_output, TrainerConfig.model_validate_json(config))


def best_hyperparameters(
    hyperparameters: Mapping[str, Any] | None, family: FamilyName
) -> dict[str, Any]:
    """Values of the best hyperparameters; none where they were found for another family.

    Args:
        hyperparameters: Of a search, as keras-tuner wrote them; None: there was none.
        family: That is trained.
    """
    if not hyperparameters:
        return {}
    values = dict(keras_tuner.HyperParameters.from_config(hyperparameters).values)
    searched = values.pop(FAMILY, family)
    if searched != family:
        logger.warning(
            "the last search was for %s: %s is trained with its defaults", searched, family
        )
    return values if searched == family else {}
