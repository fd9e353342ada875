"""What the compiler and the steps in the pods agree on; nothing heavy to import.

A step travels as JSON in its container's arguments. Its version tells a package from an image of
another release apart, before anything is misread.
"""

import base64
import dataclasses
import json
import types
import typing
import zlib
from dataclasses import dataclass, field
from typing import Any

from tfx_kubeflow.errors import StepError

VERSION = 2
"""Of the steps' form; raised with every change that an older image would not understand."""

ARGUMENT = 128 * 1024
"""Bytes that Linux takes as one argument. KFP passes a task as one to its driver, and all inputs of
a step to the launcher and from there to our entrypoint."""
URI, METADATA = "_uri", "_metadata"
"""Suffixes of a resolver step's output parameters: where the artifact is, and its properties."""
METADATA_INPUT = "__metadata"
"""Suffix of the consumer's parameter that carries the latter: an importer knows only URIs."""
VALUE = "__value"
"""Suffix of the output parameter that carries the value of an output artifact."""
SENT_AS_JSON = "tfx-kubeflow-json:"
"""Begins the value of an output that would have changed on its way to another step."""
MODULE_FILE, MODULE_SOURCE = "module_file", "module_source"
"""Parameters of a user module: its file name, and the packed UserModule."""
PLAIN_BYTES = 8 * 1024
"""Up to here a user module travels as readable JSON; beyond, it is compressed."""
DESTINATION = "push_destination"
CANDIDATE = "_candidate"
"""Input of a resolver step: the model that will be pushed, which is no baseline for itself."""
SCHEDULED_TIME = "scheduled_time"
"""Runtime parameter that schedules fill in: the second, since 1970, for which a run was due."""
RUN_ID = "_run_id"
"""Parameter of an exit handler: the run whose final status it is passed."""
RESOLVED_CONFIG = "resolved_input_config"
"""Parameter of an ExampleGen: its input config with span and version filled in."""
RUNTIME_PARAMETER = "__runtime_parameter__"
"""Key of the JSON object that stands for a runtime parameter within a parameter, and prefix of the
input that brings its value."""
MODEL = "tfx.types.standard_artifacts.Model"
BLESSING = "tfx.types.standard_artifacts.ModelBlessing"
FILE_BASED_DRIVER = "tfx.components.example_gen.driver.FileBasedDriver"
METADATA_HOST, METADATA_PORT = "METADATA_GRPC_SERVICE_HOST", "METADATA_GRPC_SERVICE_PORT"
"""Variables that name KFP's ML Metadata in every pod."""

ENTRYPOINT = ["python", "-m", "tfx_kubeflow.steps.entrypoint"]

Classes = dict[str, str]
"""Key of an input or output -> import path of its artifact class."""


@dataclass(frozen=True, kw_only=True)
class ExecutorStep:
    """Runs the executor of a component.

    Attributes:
        node: The node's id.
        executor: Import path of the executor's class.
        inputs: Its input artifacts; those of conditions are not among them.
        outputs: Its output artifacts.
        parameters: Execution parameter -> how its value is turned back into the executor's own:
            int, float, str, bool, json, jsonable, status, or message:<import path>.
        escaped: Parameters whose text is JSON, since Argo would expand braces in it.
        flags: The executor's own flags, before Beam's.
        example_gen: TFX's file-based driver resolves its span and fingerprint.
        pusher: It pushes a model.
        same_inputs: Input that is the same artifact as another one -> the other one.
    """

    node: str
    executor: str
    inputs: Classes
    outputs: Classes
    parameters: dict[str, str]
    escaped: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    example_gen: bool = False
    pusher: bool = False
    same_inputs: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class DriverStep:
    """Resolves span, version and fingerprint of what an ExampleGen will read.

    Attributes:
        node: The ExampleGen's id.
        driver: Import path of its driver's class, whose input processor resolves.
        escaped: As of an ExecutorStep.
        same_inputs: As of an ExecutorStep.
    """

    node: str
    driver: str = FILE_BASED_DRIVER
    escaped: tuple[str, ...] = ()
    same_inputs: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ResolverStep:
    """Asks a resolver's strategy for earlier artifacts.

    Attributes:
        node: The resolver's id.
        pipeline: Whose artifacts are looked at.
        strategy: Import path of the strategy.
        config: The strategy's arguments, in TFX's JSON form.
        classes: Artifact class of every input.
        connected: Inputs that were made in the same run.
        required: Output that something consumes -> whether a consumer cannot do without.
        same_inputs: As of an ExecutorStep.
    """

    node: str
    pipeline: str
    strategy: str
    config: str
    classes: Classes
    connected: tuple[str, ...]
    required: dict[str, bool]
    same_inputs: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class UserModule:
    """A module given as a file.

    Attributes:
        source: What is in it.
        beside: Modules that it imports from its own folder: relative path -> what is in them.
    """

    source: str
    beside: dict[str, str]


Step = ExecutorStep | DriverStep | ResolverStep
KINDS: dict[str, type[Step]] = {
    "executor": ExecutorStep,
    "driver": DriverStep,
    "resolver": ResolverStep,
}


def encode(step: Step) -> str:
    """Writes a step as JSON in which nobody on its way finds a placeholder."""
    (kind,) = (name for name, cls in KINDS.items() if type(step) is cls)
    return hidden({"protocol": VERSION, "kind": kind, **dataclasses.asdict(step)})


def is_reserved(name: str) -> bool:
    """Says whether an execution parameter would be taken for one of the step's own."""
    return (
        name in (MODULE_SOURCE, RUN_ID)
        or name.endswith(METADATA_INPUT)
        or name.startswith(RUNTIME_PARAMETER)
    )


def is_template(text: str) -> bool:
    """Says whether a text would be changed in a package or in its run.

    Argo expands what stands in double braces, and KFP's database knows no characters beyond the
    first 65536: a run with one in its package fails when it is created.
    """
    return "{{" in text or any(ord(character) > 0xFFFF for character in text)


def expands(text: str) -> bool:
    """Says whether Kubernetes would change a text in a container's arguments.

    All that a step is given stands there. `$(NAME)` is expanded, and of two dollars one is left.
    """
    return "$$" in text or "$(" in text


def changes(text: str) -> bool:
    """Says whether a text would not arrive as it is in a step."""
    return is_template(text) or expands(text)


def hidden(value: Any) -> str:
    """Returns JSON in which nothing `changes`."""
    text = json.dumps(value, sort_keys=True).replace("{{", "{\\u007b")
    return text.replace("$$", "$\\u0024").replace("$(", "$\\u0028")


def pack(module: UserModule) -> str:
    """Writes a user module as text, the same for the same module."""
    text = hidden(dataclasses.asdict(module))
    if len(text) <= PLAIN_BYTES:
        return text
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode()


def unpack(text: str) -> UserModule:
    """Reads a user module.

    Raises:
        StepError: The text is none, or names a file outside its folder.
    """
    try:
        if not text.startswith("{"):
            text = zlib.decompress(base64.b64decode(text, validate=True)).decode()
        module = UserModule(**json.loads(text))
    except (ValueError, TypeError, zlib.error) as error:
        raise StepError(
            "the user module is none that this release of tfx-kubeflow wrote; compile the pipeline "
            "again"
        ) from error
    for name in module.beside:
        if name.startswith("/") or ".." in name.split("/"):
            raise StepError(f"the user module {name!r} would be written outside its folder")
    return module


def sent(text: str) -> str:
    """Returns a text in the form in which it arrives when one step passes it to another."""
    return SENT_AS_JSON + hidden(text) if changes(text) or text.startswith(SENT_AS_JSON) else text


def received(text: str) -> str:
    """Returns what was sent."""
    if not text.startswith(SENT_AS_JSON):
        return text
    return str(json.loads(text.removeprefix(SENT_AS_JSON)))


def decode(text: str) -> Step:
    """Reads a step.

    Raises:
        StepError: The package was compiled for another version, or the text is no step.
    """
    try:
        given = json.loads(text)
        version, kind = given.pop("protocol"), given.pop("kind")
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise StepError(
            "the step is none that tfx-kubeflow wrote; compile the pipeline again"
        ) from error
    if version != VERSION:
        raise StepError(
            f"the package has steps of version {version}, this image's tfx-kubeflow knows version "
            f"{VERSION}; compile with the release of tfx-kubeflow that the image holds, or build "
            "the image with the one that compiled"
        )
    cls = KINDS.get(kind)
    if cls is None:
        raise StepError(f"a step of kind {kind!r} is unknown; there are {', '.join(KINDS)}")
    return _build(cls, given)


def _build(cls: type[Step], given: dict[str, Any]) -> Step:
    hints = typing.get_type_hints(cls)
    required = {
        item.name
        for item in dataclasses.fields(cls)
        if item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING
    }
    wrong = sorted((given.keys() - hints.keys()) | (required - given.keys()))
    if wrong:
        raise StepError(f"{cls.__name__}: unknown or missing: {', '.join(wrong)}")
    values: dict[str, Any] = {}
    for name, value in given.items():
        origin = typing.get_origin(hints[name]) or hints[name]
        value = tuple(value) if origin is tuple and isinstance(value, list) else value
        if not isinstance(origin, types.UnionType) and not isinstance(value, origin):
            raise StepError(f"{cls.__name__}: {name} is no {origin.__name__}")
        values[name] = value
    return cls(**values)
