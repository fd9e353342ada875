"""The curated schema of a series: read from its file, or derived from the description."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from tfx_pipeline.data.contract import (
    FIRST_ORIGIN,
    GROUP,
    HOUR,
    METER,
    SAME_TIME_LAST_WEEK,
    SAME_TIME_YESTERDAY,
    WEEKDAY,
    WEEKEND,
    WEIGHT,
    Windowing,
)
from tfx_pipeline.series.spec import Measurement, SeriesSpec

_DRIFT = 0.2
"""Jensen-Shannon divergence from the run before, between 0 and 1, that is worth a finding."""
_YEAR_2100 = 4_102_444_800


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
        hint = "see validation.schema_file, or write it with `household-power schema init`"
        raise SchemaError(f"{path}: {error.strerror}; {hint}") from error
    try:
        return text_format.Parse(text, schema_pb2.Schema())
    except text_format.ParseError as error:
        raise SchemaError(f"{path}:{error}; expected a TFDV schema in text format") from error


def curated_schema(
    path: str | Path | None, spec: SeriesSpec, windowing: Windowing
) -> schema_pb2.Schema:
    """Returns the reviewed schema with the series' shapes set to the windowing's.

    Args:
        path: File in protobuf text format; None: derived from the description alone.
        spec: What its measurements are.
        windowing: What the lengths of the series are.

    Raises:
        SchemaError: The file is missing, not a schema, or one of another series.
    """
    derived = derived_schema(spec, windowing)
    if path is None:
        return derived
    schema = read_schema(path)
    features = {feature.name: feature for feature in schema.feature}
    _require_series(path, set(features), spec, {feature.name for feature in derived.feature})
    for feature in derived.feature:
        if feature.name in features:
            features[feature.name].ClearField("shape")
            features[feature.name].shape.CopyFrom(feature.shape)
        else:
            schema.feature.add().CopyFrom(feature)
    return schema


def _require_series(
    path: str | Path, found: set[str], spec: SeriesSpec, expected: set[str]
) -> None:
    missing = [name for name in spec.names if name not in found]
    extra = sorted(found - expected)
    faults = [f"no feature {', '.join(missing)}"] if missing else []
    faults += [f"the series has no {', '.join(extra)}"] if extra else []
    if faults:
        raise SchemaError(
            f"{path}: {'; '.join(faults)}: change the file, or name another in "
            "validation.schema_file and have `household-power schema init` write it"
        )


def derived_schema(
    spec: SeriesSpec, windowing: Windowing, seen: Mapping[str, tuple[float, float]] | None = None
) -> schema_pb2.Schema:
    """Returns the schema that a description implies.

    Args:
        spec: The series.
        windowing: What the lengths of the series are.
        seen: Measurement -> its lowest and highest value. Its domain is these and as much again
            on both sides, within the bounds of the description; without, it is those bounds.
    """
    schema = schema_pb2.Schema(default_environment=["TRAINING", "SERVING"])
    for one in spec.measurements:
        feature = _feature(schema, one.name, schema_pb2.FLOAT, windowing.length, one.unit)
        domain = feature.float_domain
        domain.name, domain.disallow_inf = one.name, True
        lowest, highest = _domain(one, (seen or {}).get(one.name))
        if lowest is not None:
            domain.min = lowest
        if highest is not None:
            domain.max = highest
        feature.drift_comparator.jensen_shannon_divergence.threshold = _DRIFT
    comment = "1: a forecast may be made and scored from this origin; unknown when serving"
    weight = _feature(schema, WEIGHT, schema_pb2.FLOAT, windowing.origins, comment)
    weight.float_domain.MergeFrom(
        schema_pb2.FloatDomain(name=WEIGHT, min=0, max=1, disallow_nan=True, disallow_inf=True)
    )
    weight.not_in_environment.append("SERVING")
    for name, days in ((SAME_TIME_YESTERDAY, "a day"), (SAME_TIME_LAST_WEEK, "a week")):
        comment = f"the target {days} before each labelled step, NaN where not observed"
        past = _feature(schema, name, schema_pb2.FLOAT, windowing.labels, comment)
        past.not_in_environment.append("SERVING")
    for name, most, comment in (
        (FIRST_ORIGIN, _YEAR_2100, "seconds since 1970, to the year 2100"),
        (HOUR, 23, "hour of day"),
        (WEEKDAY, 6, "0 = Monday"),
        (WEEKEND, 1, "1 = Saturday or Sunday"),
    ):
        domain = _feature(schema, name, schema_pb2.INT, 1, comment).int_domain
        domain.name, domain.min, domain.max = name, 0, most
    _feature(schema, METER, schema_pb2.BYTES, 1, "the meter; empty when the input names none")
    if spec.group is not None:
        _feature(schema, GROUP, schema_pb2.BYTES, 1, "the group of the meter")
    return schema


def _feature(
    schema: schema_pb2.Schema, name: str, kind: int, length: int, comment: str
) -> schema_pb2.Feature:
    feature = schema.feature.add(name=name, type=kind)
    feature.annotation.comment.append(comment)
    feature.presence.min_fraction, feature.presence.min_count = 1.0, 1
    feature.shape.dim.add(size=length)
    return feature


def _domain(
    one: Measurement, seen: tuple[float, float] | None
) -> tuple[float | None, float | None]:
    if seen is None:
        return one.lowest, one.highest
    low, high = seen
    margin = high - low or abs(high) or 1.0
    lowest, highest = _outward(low - margin, math.floor), _outward(high + margin, math.ceil)
    if low >= 0:
        lowest = max(lowest, 0.0)
    if one.lowest is not None:
        lowest = max(lowest, one.lowest)
    if one.highest is not None:
        highest = min(highest, one.highest)
    return lowest, highest


def _outward(value: float, rounded: Callable[[float], int]) -> float:
    """Rounds to two digits."""
    if not value:
        return 0.0
    unit = 10.0 ** (math.floor(math.log10(abs(value))) - 1)
    return float(f"{rounded(value / unit) * unit:.10g}")


def to_text(schema: schema_pb2.Schema) -> str:
    """Returns a schema in protobuf text format."""
    return text_format.MessageToString(schema)
