"""Small components of the cases, which steps import by name."""

import json
from typing import Any

from tfx import v1
from tfx.dsl.component.experimental.annotations import (
    InputArtifact,
    OutputArtifact,
    OutputDict,
    Parameter,
)
from tfx.dsl.component.experimental.decorators import component
from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.orchestration.kubeflow.decorators import exit_handler
from tfx.types.artifact import Artifact, Property, PropertyType
from tfx.types.channel import Channel
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter
from tfx.types.standard_artifacts import (
    Boolean,
    Bytes,
    Float,
    Integer,
    JsonValue,
    Model,
    String,
)
from tfx.types.value_artifact import ValueArtifact

# ruff: noqa: N802


class Report(Artifact):
    """An artifact with properties."""

    TYPE_NAME = "ConformanceReport"
    PROPERTIES = {
        "lines": Property(type=PropertyType.INT),
        "share": Property(type=PropertyType.FLOAT),
        "by": Property(type=PropertyType.STRING),
    }


class Detailed(Artifact):
    """An artifact with properties of the rarer kinds."""

    TYPE_NAME = "ConformanceDetailed"
    PROPERTIES = {
        "final": Property(type=PropertyType.BOOLEAN),
        "details": Property(type=PropertyType.JSON_VALUE),
    }


class Stamped(Artifact):
    """An artifact with a property that is a message."""

    TYPE_NAME = "ConformanceStamped"
    PROPERTIES = {"when": Property(type=PropertyType.PROTO)}


class Plain(Artifact):
    """An artifact without properties."""

    TYPE_NAME = "ConformancePlain"


class Spaced(Artifact):
    """An artifact whose type has a name with a space and letters beyond ASCII."""

    TYPE_NAME = "My Größe"


class Celsius(ValueArtifact):
    """A value artifact of one's own."""

    TYPE_NAME = "ConformanceCelsius"

    def encode(self, value: float) -> bytes:
        return f"{value} C".encode()

    def decode(self, serialized_value: bytes) -> float:
        return float(serialized_value.decode().removesuffix(" C"))


@component
def Values(
    integer: OutputArtifact[Integer],
    decimal: OutputArtifact[Float],
    text: OutputArtifact[String],
    truth: OutputArtifact[Boolean],
    json_value: OutputArtifact[JsonValue],
    raw: OutputArtifact[Bytes],
) -> None:
    """Writes a value of every type."""
    integer.value = 41
    decimal.value = 0.25
    text.value = 'it\'s "quoted" \\ Ünïcode {{workflow.name}}\n'
    truth.value = True
    json_value.value = {"a": [1, None, "b"]}
    raw.value = b"\x00\xff"


@component
def Number(value: Parameter[int], number: OutputArtifact[Integer]) -> None:
    """Writes a number."""
    number.value = value


@component
def Text(value: Parameter[str], text: OutputArtifact[String]) -> None:
    """Writes a text."""
    text.value = value


@component
def Decimal(value: Parameter[float], decimal: OutputArtifact[Float]) -> None:
    """Writes a number with a fraction."""
    decimal.value = value


@component
def Truth(value: Parameter[bool], truth: OutputArtifact[Boolean]) -> None:
    """Writes a truth."""
    truth.value = value


@component
def Told(
    told: OutputArtifact[String],
    integer: Parameter[int] = 1,
    decimal: Parameter[float] = 0.5,
    text: Parameter[str] = "none",
    truth: Parameter[bool] = False,
) -> None:
    """Writes down its parameters."""
    told.value = repr((integer, decimal, text, truth))


@component
def Structured(
    items: Parameter[list[Any]],
    table: Parameter[dict[str, Any]],
    told: OutputArtifact[String],
) -> None:
    """Writes down parameters with an inside."""
    told.value = json.dumps([items, table], sort_keys=True)


@component
def Configured(config: Parameter[v1.proto.TrainArgs], told: OutputArtifact[String]) -> None:
    """Writes down a message."""
    told.value = f"{config.num_steps} {list(config.splits)}"


@component
def ReadInteger(value: InputArtifact[Integer], told: OutputArtifact[String]) -> None:
    """Reads a number through `.value`."""
    told.value = repr(value.value)


@component
def ReadEach(
    integer: InputArtifact[Integer],
    decimal: InputArtifact[Float],
    text: InputArtifact[String],
    truth: InputArtifact[Boolean],
    json_value: InputArtifact[JsonValue],
    raw: InputArtifact[Bytes],
    told: OutputArtifact[String],
) -> None:
    """Reads a value of every type through `.value`."""
    read = (integer, decimal, text, truth, json_value, raw)
    told.value = repr([artifact.value for artifact in read])


@component
def TakeEach(
    integer: int,
    decimal: float,
    text: str,
    truth: bool,
    raw: bytes,
    told: OutputArtifact[String],
) -> None:
    """Takes the values of other nodes as Python's own."""
    told.value = repr([integer, decimal, text, truth, raw])


@component
def TakeJson(table: dict[str, Any], told: OutputArtifact[String]) -> None:
    """Takes a dictionary of another node."""
    told.value = json.dumps(table, sort_keys=True)


@component
def TakeOptional(
    told: OutputArtifact[String], integer: int | None = None, text: str = "default"
) -> None:
    """Takes values that may be absent."""
    told.value = repr((integer, text))


@component
def Returns() -> (
    OutputDict(integer=int, decimal=float, text=str, truth=bool, raw=bytes)  # type: ignore
):
    """Returns values."""
    return {"integer": 7, "decimal": 1.5, "text": "seven", "truth": False, "raw": b"7"}


@component
def ReturnsJson() -> (
    OutputDict(table=dict[str, Any], maybe=int | None)  # type: ignore
):
    """Returns values with an inside, and none at all."""
    return {"table": {"b": [1, 2]}, "maybe": None}


@component
def Temperature(celsius: OutputArtifact[Celsius]) -> None:
    """Writes a value of a type of one's own."""
    celsius.value = 21.5


@component
def ReadTemperature(celsius: InputArtifact[Celsius], told: OutputArtifact[String]) -> None:
    """Reads a value of a type of one's own."""
    told.value = repr(celsius.value)


@component
def Write(
    report: OutputArtifact[Report],
    lines: Parameter[int] = 3,
    share: Parameter[float] = 0.5,
    by: Parameter[str] = "me",
) -> None:
    """Writes a report with every property."""
    report.lines = lines
    report.share = share
    report.by = by
    report.set_int_custom_property("pages", lines)
    report.set_string_custom_property("title", by)
    report.set_float_custom_property("weight", share)


@component
def Read(report: InputArtifact[Report], told: OutputArtifact[String]) -> None:
    """Reads the properties of a report."""
    told.value = repr((report.lines, report.share, report.by))


@component
def Detail(detailed: OutputArtifact[Detailed], final: Parameter[bool] = True) -> None:
    """Writes properties of the rarer kinds."""
    detailed.final = final
    detailed.details = {"pages": [1, 2.5, "x", None]}


@component
def ReadDetail(detailed: InputArtifact[Detailed], told: OutputArtifact[String]) -> None:
    """Reads properties of the rarer kinds."""
    told.value = repr((bool(detailed.final), detailed.details))


@component
def Both(
    first: InputArtifact[Report], second: InputArtifact[Report], told: OutputArtifact[String]
) -> None:
    """Takes two reports."""
    told.value = str(first.uri == second.uri)


@component
def Many(reports: InputArtifact[list[Report]], told: OutputArtifact[String]) -> None:
    """Takes any number of reports."""
    told.value = str(len(reports))


@component
def Stamp(stamped: OutputArtifact[Stamped]) -> None:
    """Writes an artifact with a message."""
    from google.protobuf.timestamp_pb2 import Timestamp

    stamped.when = Timestamp(seconds=7)


@component
def MakePlain(plain: OutputArtifact[Plain]) -> None:
    """Writes an artifact without properties."""
    plain.set_string_custom_property("made", "yes")


@component
def MakeSpaced(spaced: OutputArtifact[Spaced]) -> None:
    """Writes an artifact of a strange name."""
    spaced.set_string_custom_property("made", "yes")


@component
def ReadSpaced(spaced: InputArtifact[Spaced], told: OutputArtifact[String]) -> None:
    """Reads an artifact of a strange name."""
    told.value = spaced.get_string_custom_property("made")


@component
def MakeModel(model: OutputArtifact[Model], text: Parameter[str] = "model") -> None:
    """Writes a file for a model."""
    from pathlib import Path

    folder = Path(model.uri)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "saved_model.pb").write_text(text)


@component
def UseModel(model: InputArtifact[Model], told: OutputArtifact[String]) -> None:
    """Reads a file of a model."""
    from pathlib import Path

    told.value = (Path(model.uri) / "saved_model.pb").read_text()


@component
def Nothing() -> None:
    """Has no inputs and no outputs."""


@component
def Exits() -> None:
    """Ends its process as if all were well."""
    import sys

    sys.exit(0)


@component
def Breaks(told: OutputArtifact[String]) -> None:
    """Fails."""
    raise ValueError("the cause\nin two lines")


@component
def Silent(told: OutputArtifact[String]) -> None:
    """Forgets its output."""


@exit_handler
def Handler(status: Parameter[str], note: Parameter[str] = "none") -> None:
    """Runs last."""
    print(status, note)


@exit_handler
def CountingHandler(status: Parameter[str], count: Parameter[int]) -> None:
    """Runs last, with a number."""
    print(status, count)


@component
def PlainHandler(note: Parameter[str]) -> None:
    """Runs last, without the run's state."""
    print(note)


@component
def ReadingHandler(told: InputArtifact[String]) -> None:
    """Would run last and read an artifact."""
    print(told.value)


class FlagExecutor(BaseExecutor):
    """Writes down the flags that it is given."""

    def Do(self, input_dict: Any, output_dict: Any, exec_properties: Any) -> None:
        output_dict["told"][0].value = " ".join(self._extra_flags)


class OptionalExecutor(BaseExecutor):
    """Writes down which inputs there are."""

    def Do(self, input_dict: Any, output_dict: Any, exec_properties: Any) -> None:
        there = sorted(key for key, artifacts in input_dict.items() if artifacts)
        output_dict["told"][0].value = " ".join(there) or "none"


class FlagSpec(ComponentSpec):
    """One output."""

    INPUTS = {}
    OUTPUTS = {"told": ChannelParameter(type=String)}
    PARAMETERS = {}


class OptionalSpec(ComponentSpec):
    """Inputs that may be absent."""

    INPUTS = {
        "needed": ChannelParameter(type=Report),
        "optional": ChannelParameter(type=Report, optional=True),
        "empty": ChannelParameter(type=Report, optional=True, allow_empty=True),
    }
    OUTPUTS = {"told": ChannelParameter(type=String)}
    PARAMETERS = {
        "note": ExecutionParameter(type=str, optional=True),
        "config": ExecutionParameter(type=v1.proto.TrainArgs, optional=True),
    }


class Flagged(BaseComponent):
    """A component of a class, with flags."""

    SPEC_CLASS = FlagSpec
    EXECUTOR_SPEC = ExecutorClassSpec(FlagExecutor)

    def __init__(self, *flags: str) -> None:
        super().__init__(FlagSpec(told=Channel(type=String)))
        self.executor_spec.extra_flags = list(flags)


class Optional(BaseComponent):
    """A component with inputs and parameters that may be absent."""

    SPEC_CLASS = OptionalSpec
    EXECUTOR_SPEC = ExecutorClassSpec(OptionalExecutor)

    def __init__(self, needed: Any, **more: Any) -> None:
        super().__init__(OptionalSpec(needed=needed, told=Channel(type=String), **more))
