"""Runs the analysis of the Transform component on example files."""

from __future__ import annotations

import tempfile
from pathlib import Path

import apache_beam as beam
import tensorflow as tf
import tensorflow_transform.beam as tft_beam
from tensorflow_transform.tf_metadata import dataset_metadata, schema_utils
from tfx_bsl.public import tfxio

from modules.transform import preprocessing_fn
from tfx_pipeline.data.contract import FIRST_ORIGIN, MEASUREMENTS, WEIGHT, Windowing


def analyze(pattern: str, windowing: Windowing, folder: Path) -> None:
    """Writes the transform graph of the examples that match `pattern` to `folder`."""
    series = {name: tf.io.FixedLenFeature([windowing.minutes], tf.float32) for name in MEASUREMENTS}
    schema = schema_utils.schema_from_feature_spec(
        series
        | {
            WEIGHT: tf.io.FixedLenFeature([windowing.origins], tf.float32),
            FIRST_ORIGIN: tf.io.FixedLenFeature([1], tf.int64),
        }
    )
    source = tfxio.TFExampleRecord(pattern, schema=schema, telemetry_descriptors=["test"])
    options = beam.options.pipeline_options.PipelineOptions(["--direct_running_mode=in_memory"])
    with beam.Pipeline(options=options) as pipeline, tft_beam.Context(tempfile.mkdtemp()):
        examples = pipeline | source.BeamSource()
        function = (
            examples,
            source.TensorAdapterConfig(),
        ) | tft_beam.AnalyzeDataset(preprocessing_fn)
        _ = function | tft_beam.WriteTransformFn(str(folder))
        metadata = dataset_metadata.DatasetMetadata(schema)
        _ = metadata | tft_beam.WriteMetadata(str(folder / "metadata"), pipeline)
