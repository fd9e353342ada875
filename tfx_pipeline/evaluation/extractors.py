"""What TFMA extracts from examples: of their forecasts, the sums of the errors.

TFMA takes batches of examples apart before it slices them, value by value. Here the errors of a
batch are summed before that; only the sums go on, and what examples are sliced by.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import apache_beam as beam
import numpy as np
import tensorflow_model_analysis as tfma
from tensorflow_model_analysis import constants
from tensorflow_model_analysis.extractors.extractor import Extractor
from tensorflow_model_analysis.extractors.predictions_extractor import (
    PREDICTIONS_EXTRACTOR_STAGE_NAME,
)
from tensorflow_model_analysis.extractors.unbatch_extractor import UNBATCH_EXTRACTOR_STAGE_NAME
from tensorflow_model_analysis.metrics.metric_types import StandardMetricInputs
from tensorflow_model_analysis.proto import config_pb2

from tfx_pipeline.evaluation.config import min_slice_hours, series_of, windowing_of
from tfx_pipeline.evaluation.metrics import ERROR_SUMS, Scoring
from tfx_pipeline.model_contract import EXAMPLES

_SUMMED = (constants.INPUT_KEY, constants.PREDICTIONS_KEY)


def custom_extractors(
    eval_shared_model: Any, eval_config: config_pb2.EvalConfig, tensor_adapter_config: Any
) -> list[Extractor]:
    """TFMA's extractors and ours. TFX's Evaluator looks for a function of this name.

    Args:
        eval_shared_model: The model, or the models, to ask.
        eval_config: See `tfx_pipeline.evaluation.config`.
        tensor_adapter_config: How examples are read.
    """
    extractors: list[Extractor] = tfma.default_extractors(
        eval_shared_model=eval_shared_model,
        eval_config=eval_config,
        tensor_adapter_config=tensor_adapter_config,
    )
    scoring = Scoring(
        series_of(eval_config), windowing_of(eval_config), min_slice_hours(eval_config)
    )
    models = [spec.name for spec in eval_config.model_specs]
    sliced_by = {key for spec in eval_config.slicing_specs for key in spec.feature_keys}
    # TFMA names a model only where there are several.
    ours = beam.Map(sum_errors, scoring, models if len(models) > 1 else [""], sliced_by)
    stages = [one.stage_name for one in extractors]
    asked, apart = (
        stages.index(name)
        for name in (PREDICTIONS_EXTRACTOR_STAGE_NAME, UNBATCH_EXTRACTOR_STAGE_NAME)
    )
    return [
        *extractors[:asked],
        Extractor("NameRequests", beam.Map(name_requests)),
        *extractors[asked:apart],
        Extractor("SumErrors", ours),
        *extractors[apart:],
    ]


def name_requests(extracts: Mapping[str, Any]) -> dict[str, Any]:
    """Puts the examples themselves among their features, by the name of the signature's input.

    TFMA asks a signature by the names of its inputs where they are features, else without names.
    TensorFlow takes that as well, after it has put all that is asked into words of an error that
    nobody reads, which took a tenth of an evaluation.

    Args:
        extracts: Of a batch.
    """
    features = {**extracts[constants.FEATURES_KEY], EXAMPLES: extracts[constants.INPUT_KEY]}
    return {**extracts, constants.FEATURES_KEY: features}


def sum_errors(
    extracts: Mapping[str, Any],
    scoring: Scoring,
    models: Collection[str],
    sliced_by: Collection[str],
) -> dict[str, Any]:
    """Puts the sums of each example in the place of what they are made of.

    Args:
        extracts: Of a batch.
        scoring: How examples are scored.
        models: Names of the models.
        sliced_by: Features that examples are sliced by.
    """
    features = extracts[constants.FEATURES_KEY]
    inputs = StandardMetricInputs(extracts)
    sums = {model: scoring.sums(features, inputs.get_predictions(model)) for model in models}
    return {
        **{key: values for key, values in extracts.items() if key not in _SUMMED},
        constants.FEATURES_KEY: {key: features[key] for key in sliced_by if key in features},
        ERROR_SUMS: {model: np.array(found, object) for model, found in sums.items()},
    }
