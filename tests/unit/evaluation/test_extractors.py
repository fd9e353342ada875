"""What goes on to TFMA's slices of a batch of examples."""

import numpy as np
import tensorflow as tf
import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.extractors.unbatch_extractor import _extract_unbatched_inputs
from tensorflow_model_analysis.utils.model_util import get_inputs

from tests.support.settings import SERIES
from tfx_pipeline import model_contract
from tfx_pipeline.data.contract import (
    FIRST_ORIGIN,
    GROUP,
    SAME_TIME_LAST_WEEK,
    SAME_TIME_YESTERDAY,
    WEIGHT,
    Windowing,
)
from tfx_pipeline.evaluation.extractors import name_requests, sum_errors
from tfx_pipeline.evaluation.metrics import ForecastMetrics, Scoring
from tfx_pipeline.model_contract import OUTPUTS

WINDOWING = Windowing(window=4, horizon=3, origins=5)
EXAMPLES = 4


def _batch(models: list[str]) -> dict[str, object]:
    """Extracts as TFMA has them before it takes a batch apart."""
    rng = np.random.default_rng(1)
    shape = (EXAMPLES, WINDOWING.origins, WINDOWING.horizon)
    asked = {model: {name: rng.normal(size=shape) for name in OUTPUTS} for model in models}
    return {
        tfma.INPUT_KEY: np.array([b"serialized"] * EXAMPLES, object),
        tfma.FEATURES_KEY: {
            SERIES.target.name: rng.normal(size=(EXAMPLES, WINDOWING.length)),
            WEIGHT: np.ones((EXAMPLES, WINDOWING.origins)),
            FIRST_ORIGIN: 3600 * np.arange(EXAMPLES)[:, None],
            SAME_TIME_YESTERDAY: rng.normal(size=(EXAMPLES, WINDOWING.labels)),
            SAME_TIME_LAST_WEEK: rng.normal(size=(EXAMPLES, WINDOWING.labels)),
            GROUP: np.array([[b"flat"], [b"night"]] * 2, object),
        },
        tfma.PREDICTIONS_KEY: asked if len(models) > 1 else asked[models[0]],
    }


def _of_metrics(models: list[str]) -> list[float]:
    """The mean squared error that the metrics find, by model."""
    scoring = Scoring(SERIES, WINDOWING, min_slice_hours=1)
    apart = _extract_unbatched_inputs(sum_errors(_batch(models), scoring, models, {GROUP}))
    assert [each[tfma.FEATURES_KEY] for each in apart] == [{GROUP: b"flat"}, {GROUP: b"night"}] * 2
    assert not any({tfma.INPUT_KEY, tfma.PREDICTIONS_KEY} & each.keys() for each in apart)
    metric = ForecastMetrics(SERIES.model_dump(mode="json"), WINDOWING.model_dump(), 1.0)
    found = []
    for computation in metric.computations(model_names=models):
        sums = computation.combiner.create_accumulator()
        for each in apart:
            for preprocessor in computation.preprocessors:
                for summed in preprocessor.process(each):
                    sums = computation.combiner.add_input(sums, summed)
        values = computation.combiner.extract_output(sums)
        found += [value for key, value in values.items() if key.name == "mse"]
    return found


def test_the_metrics_are_those_of_the_examples_and_of_their_model() -> None:
    for models in ([""], ["candidate", "baseline"]):
        batch = _batch(models)
        target = batch[tfma.FEATURES_KEY][SERIES.target.name]
        labels = np.lib.stride_tricks.sliding_window_view(
            target[:, WINDOWING.window :], WINDOWING.horizon, axis=1
        )
        predictions = batch[tfma.PREDICTIONS_KEY]
        asked = [predictions[model] for model in models] if len(models) > 1 else [predictions]
        expected = [((each["mean"] - labels) ** 2).mean() for each in asked]
        np.testing.assert_allclose(_of_metrics(models), expected)


def test_a_feature_that_is_not_there_slices_nothing() -> None:
    batch = _batch([""])
    del batch[tfma.FEATURES_KEY][GROUP]
    scoring = Scoring(SERIES, WINDOWING, min_slice_hours=1)
    assert sum_errors(batch, scoring, [""], {GROUP})[tfma.FEATURES_KEY] == {}


def test_tfma_asks_by_the_name_of_the_signatures_input() -> None:
    batch = _batch([""])
    specs = {model_contract.EXAMPLES: tf.TensorSpec([None], tf.string)}
    assert get_inputs(batch[tfma.FEATURES_KEY], specs) is None
    asked = get_inputs(name_requests(batch)[tfma.FEATURES_KEY], specs)
    assert list(asked) == [model_contract.EXAMPLES]
    assert asked[model_contract.EXAMPLES].numpy().tolist() == [b"serialized"] * EXAMPLES
