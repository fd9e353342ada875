"""What TFDV and TFT take where there is next to nothing to do: no data steps take less.

Statistics of a hundred numbers, and a preprocessing that subtracts their mean, analysed and written
as a graph; by the runner of the local runs, without TFX around it. Imports are not counted, for a
run makes them before its first step. Prints the least seconds of each as a JSON object.
"""

import json
import os
import tempfile
import time
from collections.abc import Callable

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import apache_beam as beam
import pyarrow as pa
import tensorflow as tf
import tensorflow_data_validation as tfdv
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from apache_beam.options.pipeline_options import PipelineOptions
from tensorflow_transform.tf_metadata.schema_utils import schema_from_feature_spec
from tfx_bsl.public.tfxio import TensorAdapterConfig
from tfx_bsl.tfxio.tensor_representation_util import InferTensorRepresentationsFromSchema

from tfx_pipeline.beam.direct import DirectRunner

ROUNDS = 5
NUMBERS = pa.RecordBatch.from_pydict(
    {"x": pa.array([[float(number)] for number in range(100)], pa.large_list(pa.float32()))}
)


def pipeline() -> beam.Pipeline:
    """An empty pipeline with the options of a local run."""
    return beam.Pipeline(DirectRunner(), PipelineOptions(["--no_pipeline_type_check"]))


def statistics(folder: str) -> None:
    """TFDV's statistics."""
    with pipeline() as steps:
        (
            steps
            | beam.Create([NUMBERS])
            | tfdv.GenerateStatistics()
            | tfdv.WriteStatisticsToBinaryFile(f"{folder}/FeatureStats.pb")
        )


def transform(folder: str) -> None:
    """TFT's analysis and its graph."""
    schema = schema_from_feature_spec({"x": tf.io.FixedLenFeature([], tf.float32)})
    representations = InferTensorRepresentationsFromSchema(schema)
    with tft_beam.Context(temp_dir=f"{folder}/temporary"), pipeline() as steps:
        numbers = steps | beam.Create([NUMBERS])
        read_as = TensorAdapterConfig(NUMBERS.schema, representations)
        graph = (numbers, read_as) | tft_beam.AnalyzeDataset(
            lambda inputs: {"x": inputs["x"] - tft.mean(inputs["x"])}
        )
        graph | tft_beam.WriteTransformFn(f"{folder}/graph")


def least_seconds(work: Callable[[str], None]) -> float:
    """Does it some times, each in a folder of its own."""
    seconds = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            work(folder)
            seconds.append(time.perf_counter() - start)
    return round(min(seconds), 2)


if __name__ == "__main__":
    print(
        json.dumps({"statistics": least_seconds(statistics), "transform": least_seconds(transform)})
    )
