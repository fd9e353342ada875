"""Executor of StatisticsGen: TFDV's statistics of each split, from one pass over all of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from typing import Any

import apache_beam as beam
import pyarrow as pa
import tensorflow as tf
import tensorflow_data_validation as tfdv
from tensorflow_data_validation.statistics.stats_impl import GenerateSlicedStatisticsImpl
from tensorflow_metadata.proto.v0 import statistics_pb2
from tfx.components.statistics_gen.executor import (
    DEFAULT_FILE_NAME,
    SAMPLE_RATE_BY_SPLIT_PROPERTY_NAME,
    STATS_DASHBOARD_LINK,
)
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.dsl.io import fileio
from tfx.types import artifact_utils
from tfx.types.artifact import Artifact
from tfx.utils import io_utils, json_utils
from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

_BATCH = 256
"""Examples that are decoded at a time; TFDV gathers them into larger batches."""


class Executor(BaseBeamExecutor):
    """Computes what TFX's computes with TFDV's default options.

    TFX's makes a pipeline of TFDV for each split, and to make, translate and start the stages of
    each takes longer than their work on months of data. Here the splits are what TFDV calls
    slices, of one pipeline.
    """

    def Do(  # noqa: N802
        self,
        input_dict: dict[str, list[Artifact]],
        output_dict: dict[str, list[Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Reads all splits and writes a file of statistics for each."""
        self._log_startup(input_dict, output_dict, exec_properties)
        examples = artifact_utils.get_single_instance(input_dict["examples"])
        statistics = artifact_utils.get_single_instance(output_dict["statistics"])
        splits = artifact_utils.decode_split_names(examples.split_names)
        _describe(statistics, examples, splits)
        shards = [
            (split, path)
            for split in splits
            for path in sorted(fileio.glob(io_utils.all_files_pattern(_folder(examples, split))))
        ]
        with self._make_beam_pipeline() as pipeline:
            (
                pipeline
                | "Shards" >> beam.Create(shards)
                | "Read" >> beam.ParDo(ReadShard())
                | "Statistics"
                >> GenerateSlicedStatisticsImpl(tfdv.StatsOptions(), is_slicing_enabled=True)
                | "Write"
                >> beam.ParDo(
                    WriteStatistics({split: _folder(statistics, split) for split in splits})
                )
            )


class ReadShard(beam.DoFn):
    """(split, path of a file) -> (split, Examples) in batches."""

    def setup(self) -> None:
        """Makes the decoder, which is not for sending to workers."""
        self._decoder = ExamplesToRecordBatchDecoder()

    def process(self, shard: tuple[str, str]) -> Iterator[tuple[str, pa.RecordBatch]]:
        """Reads a file."""
        split, path = shard
        # A tf.data.Dataset takes 20 ms to start, and there are dozens of files.
        records = tf.compat.v1.io.tf_record_iterator(path, tf.io.TFRecordOptions("GZIP"))
        while batch := list(islice(records, _BATCH)):
            yield split, self._decoder.DecodeBatch(batch)


class WriteStatistics(beam.DoFn):
    """Writes statistics of several splits, each into its folder.

    Args:
        folders: Split -> where its file goes.
    """

    def __init__(self, folders: dict[str, str]) -> None:
        super().__init__()
        self._folders = folders

    def process(self, found: statistics_pb2.DatasetFeatureStatisticsList) -> None:
        """Writes them without the names of the slices, as TFX's are."""
        for dataset in found.datasets:
            folder = self._folders[dataset.name]
            dataset.ClearField("name")
            alone = statistics_pb2.DatasetFeatureStatisticsList(datasets=[dataset])
            fileio.makedirs(folder)
            path = os.path.join(folder, DEFAULT_FILE_NAME)  # noqa: PTH118, also of object stores
            with fileio.open(path, "wb") as file:
                file.write(alone.SerializeToString())


def _folder(artifact: Artifact, split: str) -> str:
    folder: str = artifact_utils.get_split_uri([artifact], split)
    return folder


def _describe(statistics: Artifact, examples: Artifact, splits: list[str]) -> None:
    """Gives the artifact the properties that TFX's executor gives it."""
    statistics.split_names = artifact_utils.encode_split_names(splits)
    statistics.span = examples.span
    statistics.set_string_custom_property(STATS_DASHBOARD_LINK, "")
    rates = json_utils.dumps(dict.fromkeys(splits, 1.0))
    statistics.set_json_value_custom_property(SAMPLE_RATE_BY_SPLIT_PROPERTY_NAME, rates)
