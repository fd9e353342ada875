"""A source read by all workers of an engine, where Beam's own `Read` leaves it to one of them."""

from collections.abc import Iterator
from typing import Any

import apache_beam as beam
from apache_beam.io.iobase import BoundedSource, Read, SourceBundle


class ReadByAll(beam.PTransform):
    """Reads a source by its parts, of which every worker is given some.

    Beam's `Read` counts on the engine to hand the parts around. Flink and Spark do not: the worker
    that splits the source reads all of it, and what follows up to the next shuffle runs there, as
    the Evaluator's forecasts do.

    Args:
        source: What is read. A file that cannot be split, as a compressed one, is one part.
    """

    def __init__(self, source: BoundedSource) -> None:
        super().__init__()
        self._source = source

    def expand(self, begin: Any) -> beam.PCollection:
        """Splits the source on one worker, and reads on all."""
        return (
            begin
            | beam.Impulse()
            | "Split" >> beam.FlatMap(_parts, self._source)
            | "Spread" >> beam.Reshuffle()
            | "Records" >> beam.FlatMap(_records)
        )


def _parts(_: bytes, source: BoundedSource) -> Iterator[SourceBundle]:
    return source.split(Read.get_desired_chunk_size(source.estimate_size()))


def _records(part: SourceBundle) -> Iterator[Any]:
    tracker = part.source.get_range_tracker(part.start_position, part.stop_position)
    return part.source.read(tracker)
