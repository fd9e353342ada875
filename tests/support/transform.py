"""Runs the analysis of the Transform component on example files."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

import apache_beam as beam
import tensorflow_transform.beam as tft_beam
from tensorflow_transform.tf_metadata import dataset_metadata
from tfx_bsl.public import tfxio

from modules.config import TransformConfig
from modules.transform import preprocessing_fn
from tests.support.settings import SERIES
from tfx_pipeline.data.contract import Windowing
from tfx_pipeline.data.curated_schema import curated_schema
from tfx_pipeline.series.spec import SeriesSpec

PROJECT = Path(__file__).parents[2]


def analyze(
    pattern: str,
    windowing: Windowing,
    folder: Path,
    batch_size: int | None = None,
    series: SeriesSpec = SERIES,
) -> None:
    """Writes the transform graph of the examples that match `pattern` to `folder`.

    Args:
        pattern: Of the example files.
        windowing: Shape of the examples.
        folder: Where the graph goes.
        batch_size: Examples that Beam gives the analyzers at a time; None: as the clock has it.
        series: What the examples hold.
    """
    config = TransformConfig(series=series, windowing=windowing)
    file = PROJECT / "schema/uci-household.pbtxt" if series is SERIES else None
    schema = curated_schema(file, series, windowing)
    source = tfxio.TFExampleRecord(pattern, schema=schema, telemetry_descriptors=["test"])
    options = beam.options.pipeline_options.PipelineOptions(["--direct_running_mode=in_memory"])
    with beam.Pipeline(options=options) as pipeline, tft_beam.Context(tempfile.mkdtemp()):
        examples = pipeline | source.BeamSource(batch_size)
        function = (
            examples,
            source.TensorAdapterConfig(),
        ) | tft_beam.AnalyzeDataset(
            partial(preprocessing_fn, custom_config=config.model_dump(mode="json"))
        )
        _ = function | tft_beam.WriteTransformFn(str(folder))
        metadata = dataset_metadata.DatasetMetadata(schema)
        _ = metadata | tft_beam.WriteMetadata(str(folder / "metadata"), pipeline)
