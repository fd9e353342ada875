"""Executor of PowerExampleGen: checks all raw data, then streams it into shards of Examples."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO, cast

import apache_beam as beam
import numpy as np
import tensorflow as tf
from google.protobuf import wrappers_pb2
from tfx.components.util import examples_utils
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.dsl.io import fileio
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils, standard_component_specs
from tfx.types.artifact import Artifact
from tfx.utils import proto_utils
from tfx_kubeflow.storage import files, object_store

from tfx_pipeline.components.example_gen.encoder import Encoder
from tfx_pipeline.data.contract import SPLITS
from tfx_pipeline.data.gather import gathered
from tfx_pipeline.data.inspection import Inspection, inspect
from tfx_pipeline.data.options import DataOptions
from tfx_pipeline.data.raw.errors import BadRows
from tfx_pipeline.data.raw.files import find_files
from tfx_pipeline.data.raw.location import Location
from tfx_pipeline.data.raw.reader import Reader
from tfx_pipeline.data.segments.cutter import SegmentCutter, Segments
from tfx_pipeline.data.segments.shards import SHARDS, Shard, covered, positions, shards
from tfx_pipeline.data.summary import (
    DATA_FILES_FILE,
    DATA_FILES_PROPERTY,
    DATA_SUMMARY_FILE,
    DATA_SUMMARY_PROPERTY,
    LISTED_FILES,
    DataExtent,
    DataFile,
    DataSummary,
    FileList,
)
from tfx_pipeline.frozen import Frozen

LOG = logging.getLogger("tfx_pipeline.data")

# The least that gzip can do: less than half the time for a quarter more bytes.
_COMPRESSION = tf.io.TFRecordOptions(compression_type="GZIP", compression_level=1)
_BATCH_VALUES = 500_000
"""Values that are serialized at a time; 2 MB."""


# To look for docstrings, pydantic goes through all modules: a third of a second by now.
class Work(Frozen, use_attribute_docstrings=False):
    """What the component hands its executor."""

    options: DataOptions
    """How the files are read and cut."""
    writers: int
    """Workers that write at the same time; each reads all files for itself."""


class Executor(BaseBeamExecutor):
    """Writes time-contiguous shards per split, in bounded memory."""

    def Do(  # noqa: N802
        self,
        input_dict: dict[str, list[Artifact]],
        output_dict: dict[str, list[Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Reads the input twice: nothing is written before all of it is checked.

        Raises:
            DataError: The raw data breaks a rule.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        work = _work(exec_properties)
        options = work.options
        inspection = inspect(_files(exec_properties), options, _open)
        for problem in inspection.summary.first_bad_rows:
            LOG.warning("left out as a missing step: %s", problem)

        examples = artifact_utils.get_single_instance(output_dict["examples"])
        examples.split_names = artifact_utils.encode_split_names(list(SPLITS))
        folders = {split: artifact_utils.get_split_uri([examples], split) for split in SPLITS}
        parts = _divide(inspection, work.writers)
        with self._make_beam_pipeline() as pipeline:
            (
                pipeline
                | "Shards" >> beam.Create(parts)
                | "Write" >> beam.ParDo(WriteShards(inspection, options, folders))
            )

        examples_utils.set_payload_format(examples, example_gen_pb2.FORMAT_TF_EXAMPLE)
        examples_utils.set_file_format(examples, "tfrecords_gzip")
        _record_summary(examples, inspection.summary)
        _record_files(examples, inspection.files)


class WriteShards(beam.DoFn):
    """Reads the input and writes the Examples of some neighbouring shards.

    Beam's own sink would shuffle, which needs all Examples in memory and loses their order.

    Args:
        inspection: What the first pass found.
        options: The same as there.
        folders: Split -> where its shards go.
    """

    def __init__(
        self, inspection: Inspection, options: DataOptions, folders: dict[str, str]
    ) -> None:
        super().__init__()
        self._inspection = inspection
        self._options = options
        self._folders = folders

    def setup(self) -> None:
        """Makes the raw data readable where they are in a bucket: a worker is a new process."""
        object_store.register()

    def process(self, chosen: list[Shard]) -> None:
        """Writes under other names first, so that an interrupted run leaves no shard."""
        paths = [_path(self._folders[shard.split], shard) for shard in chosen]
        temporary = [f"{path}.part" for path in paths]
        for folder in {self._folders[shard.split] for shard in chosen}:
            fileio.makedirs(folder)
        with ExitStack() as stack:
            writers = [
                stack.enter_context(tf.io.TFRecordWriter(path, _COMPRESSION)) for path in temporary
            ]
            encoder = Encoder(self._options.series, self._inspection.groups)
            for batch in _batches(self._segments(chosen), _batch_size(self._options)):
                numbers = [
                    positions(
                        chosen, part.split, part.first_origin // self._options.windowing.origins
                    )
                    for part in batch
                ]
                records = encoder.encode(batch)
                for number, record in zip(np.concatenate(numbers).tolist(), records, strict=True):
                    writers[number].write(record)
        for path, name in zip(temporary, paths, strict=True):
            fileio.rename(path, name, overwrite=True)

    def _segments(self, chosen: list[Shard]) -> Iterator[Segments]:
        cutters = self._cutters(chosen)
        reader = Reader(
            self._inspection.files,
            self._options.series,
            BadRows(self._options.max_bad_rows),
            self._options.rows,
            _open,
            task="Cut",
        )
        for rows in gathered(reader):
            if rows.meter in cutters:
                yield from cutters[rows.meter].feed(rows.steps, rows.values)
        for cutter in cutters.values():
            yield from cutter.finish()

    def _cutters(self, chosen: list[Shard]) -> dict[str, SegmentCutter]:
        """One cutter per meter that has segments in these shards."""
        segments = covered(chosen)
        found = {}
        for meter, intervals in self._inspection.intervals.items():
            own = [
                part
                for one in intervals
                if one.split in segments and (part := one.within(segments[one.split]))
            ]
            if own:
                found[meter] = SegmentCutter(meter, own, self._options)
        return found


def _batch_size(options: DataOptions) -> int:
    """Segments of which the values are about `_BATCH_VALUES`."""
    shape = options.windowing
    segment = len(options.series.names) * shape.length + shape.origins + 2 * shape.labels
    return max(1, _BATCH_VALUES // segment)


def _batches(parts: Iterable[Segments], most: int) -> Iterator[list[Segments]]:
    """Gathers what many meters give in small parts, and divides what one gives in large ones."""
    batch: list[Segments] = []
    size = 0
    for part in (small for large in parts for small in large.parts(most)):
        batch.append(part)
        size += part.first_origin.size
        if size >= most:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _work(exec_properties: dict[str, Any]) -> Work:
    config = example_gen_pb2.CustomConfig()
    proto_utils.json_to_proto(exec_properties[standard_component_specs.CUSTOM_CONFIG_KEY], config)
    text = wrappers_pb2.StringValue()
    config.custom_config.Unpack(text)
    return Work.model_validate_json(text.value)


def _files(exec_properties: dict[str, Any]) -> list[str]:
    config = example_gen_pb2.Input()
    proto_utils.json_to_proto(exec_properties[standard_component_specs.INPUT_CONFIG_KEY], config)
    base = exec_properties[standard_component_specs.INPUT_BASE_KEY]
    return find_files(Location(base, config.splits[0].pattern), fileio).files


def _record_summary(examples: Artifact, summary: DataSummary) -> None:
    _write(examples, DATA_SUMMARY_FILE, summary.model_dump_json().encode())
    extent = summary.model_dump_json(include=set(DataExtent.model_fields))
    examples.set_string_custom_property(DATA_SUMMARY_PROPERTY, extent)


def _record_files(examples: Artifact, paths: Sequence[str]) -> None:
    """Records what identifies the files: the driver's fingerprint is one of them all."""
    found = []
    for path in paths:
        digest, size = files.sha256(path)
        found.append(DataFile(path=path, size=size, sha256=digest).model_dump())
    text = json.dumps(found)
    if len(found) > LISTED_FILES:
        content = text.encode()
        _write(examples, DATA_FILES_FILE, content)
        digest = hashlib.sha256(content).hexdigest()
        text = FileList(count=len(found), sha256=digest).model_dump_json()
    examples.set_string_custom_property(DATA_FILES_PROPERTY, text)


def _write(examples: Artifact, name: str, content: bytes) -> None:
    path = os.path.join(examples.uri, name)  # noqa: PTH118, also of object stores
    with fileio.open(path, "wb") as file:
        file.write(content)


def _open(path: str, mode: str) -> BinaryIO:
    # TensorFlow's errors would not name the cause as Python's own do.
    return cast(BinaryIO, fileio.open(path, mode) if "://" in path else Path(path).open(mode))


def _divide(inspection: Inspection, workers: int) -> list[list[Shard]]:
    """Gives each worker its part of the neighbouring shards."""
    found = shards(one for many in inspection.intervals.values() for one in many)
    bounds = np.linspace(0, len(found), min(workers, len(found)) + 1).astype(int).tolist()
    return [found[start:stop] for start, stop in pairwise(bounds)]


def _path(folder: str, shard: Shard) -> str:
    name = f"data_tfrecord-{shard.number:05d}-of-{SHARDS:05d}.gz"
    return os.path.join(folder, name)  # noqa: PTH118, also of object stores
