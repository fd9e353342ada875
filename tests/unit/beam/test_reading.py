"""ReadByAll, which JobServerRunner puts in the place of Beam's `Read`."""

from pathlib import Path

import apache_beam as beam
import pytest
import tensorflow as tf
from apache_beam.coders import BytesCoder
from apache_beam.io.iobase import BoundedSource, Read
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.pipeline import PipelineVisitor
from apache_beam.testing.util import assert_that, equal_to
from apache_beam.transforms.util import Reshuffle

from tfx_pipeline.beam.direct import DirectRunner
from tfx_pipeline.beam.reading import ReadByAll
from tfx_pipeline.beam.runner import JobServerRunner

MIB = 2**20


def applied(pipeline: beam.Pipeline) -> list[beam.PTransform]:
    """All transforms, as a runner would be given them."""
    found = []

    class Visitor(PipelineVisitor):
        def visit_transform(self, node):
            found.append(node.transform)

        def enter_composite_transform(self, node):
            found.append(node.transform)

    pipeline.visit(Visitor())
    return found


def source_of(read: beam.PTransform) -> BoundedSource:
    """The source that a transform of Beam's reads."""
    pipeline = beam.Pipeline(DirectRunner())
    pipeline | read
    [source] = [one.source for one in applied(pipeline) if isinstance(one, Read)]
    return source


@pytest.fixture
def shards(tmp_path: Path) -> str:
    """Pattern of three compressed files, one of them empty."""
    for shard, records in enumerate(([b"a", b"b"], [], [b"c"])):
        path = str(tmp_path / f"shard-{shard}.gz")
        with tf.io.TFRecordWriter(path, "GZIP") as writer:
            for record in records:
                writer.write(record)
    return str(tmp_path / "shard-*.gz")


@pytest.fixture
def text(tmp_path: Path) -> Path:
    """A file of several parts: 2 MiB, each line another."""
    path = tmp_path / "lines.txt"
    path.write_text("".join(f"{number:01023}\n" for number in range(2 * MIB // 1024)))
    return path


def test_all_files_are_read(shards: str):
    source = source_of(beam.io.ReadFromTFRecord(shards, coder=BytesCoder()))
    with beam.Pipeline(DirectRunner()) as pipeline:
        assert_that(pipeline | ReadByAll(source), equal_to([b"a", b"b", b"c"]))


def test_each_line_of_a_file_in_parts_is_read_once(text: Path):
    source = source_of(beam.io.ReadFromText(str(text)))
    assert len(list(source.split(MIB))) > 1
    with beam.Pipeline(DirectRunner()) as pipeline:
        lines = pipeline | ReadByAll(source)
        assert_that(lines, equal_to(text.read_text().splitlines()))


def test_no_file_fails_as_with_read(tmp_path: Path):
    with pytest.raises(OSError, match="No files found"):
        source_of(beam.io.ReadFromTFRecord(str(tmp_path / "none-*")))


@pytest.mark.parametrize("read", [beam.io.ReadFromTFRecord, beam.io.ReadFromText])
def test_an_engine_is_given_parts_that_were_handed_around(shards: str, read: type):
    pipeline = beam.Pipeline(JobServerRunner(), PipelineOptions([]))
    pipeline | read(shards)
    given = applied(pipeline)
    assert any(isinstance(one, Reshuffle) for one in given)
    assert not [one for one in given if type(one).__name__ == "SDFBoundedSourceReader"]
