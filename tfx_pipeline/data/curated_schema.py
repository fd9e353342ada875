"""The curated schema: reading it and fitting its shapes to the windowing."""

from pathlib import Path

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from tfx_pipeline.data.contract import (
    MEASUREMENTS,
    SAME_TIME_LAST_WEEK,
    SAME_TIME_YESTERDAY,
    WEIGHT,
    Windowing,
)


class SchemaError(ValueError):
    """The schema file cannot be used; the message names the file and what to do."""


def read_schema(path: str | Path) -> schema_pb2.Schema:
    """Reads a schema in protobuf text format.

    Raises:
        SchemaError: The file is missing or not a schema.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise SchemaError(f"{path}: {error.strerror}; see validation.schema_file") from error
    try:
        return text_format.Parse(text, schema_pb2.Schema())
    except text_format.ParseError as error:
        raise SchemaError(f"{path}:{error}; expected a TFDV schema in text format") from error


def curated_schema(path: str | Path, windowing: Windowing) -> schema_pb2.Schema:
    """Returns the reviewed schema with the series' shapes set to the windowing's.

    Args:
        path: File in protobuf text format.
        windowing: Its `length` and `origins` are the lengths of the series.

    Raises:
        SchemaError: The file is missing, not a schema, or lacks a measurement.
    """
    schema = read_schema(path)
    lengths = dict.fromkeys(MEASUREMENTS, windowing.length) | {
        WEIGHT: windowing.origins,
        SAME_TIME_YESTERDAY: windowing.labels,
        SAME_TIME_LAST_WEEK: windowing.labels,
    }
    features = {feature.name: feature for feature in schema.feature}
    missing = sorted(set(lengths) - set(features))
    if missing:
        raise SchemaError(f"{path}: no feature {', '.join(missing)}; add it as in the original")
    for name, length in lengths.items():
        features[name].ClearField("shape")
        features[name].shape.dim.add(size=length)
    return schema


def to_text(schema: schema_pb2.Schema) -> str:
    """Returns a schema in protobuf text format."""
    return text_format.MessageToString(schema)
