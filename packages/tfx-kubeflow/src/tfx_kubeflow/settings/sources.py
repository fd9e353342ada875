"""Where settings come from: keyword arguments, environment variables, the project's file."""

import json
import os
import tomllib
import types
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Union

from pydantic import BaseModel, ValidationError

from tfx_kubeflow.errors import SettingsError
from tfx_kubeflow.settings.credentials import credential, secret_name
from tfx_kubeflow.settings.models import KubeflowSettings

PREFIX = "TFX_KUBEFLOW_"
NESTED = "__"
FILE = "tfx-kubeflow.toml"
PYPROJECT = "pyproject.toml"
TABLE = "tool.tfx-kubeflow"

MOST_SHOWN = 60
"""Characters of a wrong value that a message shows."""

Key = tuple[str | int, ...]


class Value(NamedTuple):
    """A setting as a source gives it.

    Attributes:
        value: As it was read.
        origin: The file's path, the variable's name, or "argument".
    """

    value: Any
    origin: str


class InForce(NamedTuple):
    """The settings, and where they came from.

    Attributes:
        settings: The settings.
        origins: Dotted key -> the file, variable or argument that gave it.
        file: The project's file; None where there is none.
    """

    settings: KubeflowSettings
    origins: dict[str, str]
    file: Path | None


def load_settings(**arguments: Any) -> KubeflowSettings:
    """Reads the settings, strongest first: arguments, environment variables, the project's file.

    Variables are called `TFX_KUBEFLOW_` and the key, with `__` between nested ones:
    TFX_KUBEFLOW_IMAGE, TFX_KUBEFLOW_DEFAULTS__RETRIES, TFX_KUBEFLOW_NODES__Trainer__GPUS; mappings
    and lists are JSON. The file is the nearest `tfx-kubeflow.toml`, or `pyproject.toml` with a
    table `[tool.tfx-kubeflow]`, from the current folder upwards.

    Args:
        arguments: Settings, which are stronger than all else.

    Returns:
        The settings.

    Raises:
        SettingsError: A key is unknown, missing or wrong; the message names it and its origin.

    Example:
        KubeflowRunner(load_settings(image="registry/taxi:1")).run(pipeline)
    """
    return settings_in_force(arguments).settings


def settings_in_force(arguments: Mapping[str, Any] | None = None) -> InForce:
    """Reads the settings and tells where each came from; see `load_settings`."""
    file = find_file(Path.cwd())
    layers = [] if file is None else [_leaves(_read(file), str(file))]
    layers += [_from_environment(os.environ), _leaves(dict(arguments or {}), "argument")]
    found: dict[Key, Value] = {}
    for layer in layers:
        for key, given in layer.items():
            _lay_over(found, key, given)
    try:
        settings = KubeflowSettings.model_validate(_nested(found))
    except ValidationError as error:
        raise SettingsError(_explained(error, found, file)) from None
    origins = {_dotted(key): given.origin for key, given in found.items()}
    return InForce(settings, origins, file)


def find_file(folder: Path) -> Path | None:
    """Returns the nearest file with settings, from a folder upwards; None: there is none."""
    for directory in (folder, *folder.parents):
        if (directory / FILE).is_file():
            return directory / FILE
        if (directory / PYPROJECT).is_file() and _table(_toml(directory / PYPROJECT)) is not None:
            return directory / PYPROJECT
    return None


def _read(file: Path) -> dict[str, Any]:
    found = _toml(file)
    table = _table(found) if file.name == PYPROJECT else found
    if not isinstance(table, dict):
        raise SettingsError(f"{file}: {TABLE} is no table; write [{TABLE}] and a key a line")
    return table


def _table(document: dict[str, Any]) -> Any:
    tools = document.get("tool", {})
    return tools.get("tfx-kubeflow") if isinstance(tools, dict) else None


def _toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{file}: cannot be read ({error.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: not TOML: {error}") from None


def _from_environment(environment: Mapping[str, str]) -> dict[Key, Value]:
    found: dict[Key, Value] = {}
    for variable, text in sorted(environment.items()):  # a mapping before what is nested in it
        if variable.startswith(PREFIX):
            key, annotation = _located(variable)
            for inner, value in _leaves(_parsed(variable, text, annotation), variable, key).items():
                _lay_over(found, inner, value)
    return found


def _located(variable: str) -> tuple[Key, Any]:
    """The key that a variable stands for, and its type: names of fields in any case."""
    key: list[str | int] = []
    annotation: Any = KubeflowSettings
    for part in variable.removeprefix(PREFIX).split(NESTED):
        model, mapping = _model(annotation), _mapping(annotation)
        if model is not None and part.lower() in model.model_fields:
            key.append(part.lower())
            annotation = model.model_fields[part.lower()].annotation
        elif mapping is not None and part:
            key.append(part)
            annotation = mapping
        else:
            known = f"; there are {', '.join(model.model_fields)}" if model else ""
            raise SettingsError(
                f"{variable}: no setting has the key {_dotted((*key, part))}{known}"
            )
    return tuple(key), annotation


def _parsed(variable: str, text: str, annotation: Any) -> Any:
    choices = _choices(annotation)
    if text == "null" and type(None) in choices:
        return None
    if any(
        choice in (str, int, bool) or typing.get_origin(choice) is typing.Literal
        for choice in map(_plain, choices)
    ):
        return text
    try:
        return json.loads(text)
    except ValueError:
        raise SettingsError(
            f"{variable}: not JSON; mappings and lists are written as in "
            """'{"Trainer": {"gpus": 1}}'"""
        ) from None


def _choices(annotation: Any) -> tuple[Any, ...]:
    plain = _plain(annotation)
    unions = (Union, types.UnionType)
    return typing.get_args(plain) if typing.get_origin(plain) in unions else (plain,)


def _plain(annotation: Any) -> Any:
    metadata = typing.get_origin(annotation) is typing.Annotated
    return typing.get_args(annotation)[0] if metadata else annotation


def _model(annotation: Any) -> type[BaseModel] | None:
    for choice in _choices(annotation):
        if isinstance(choice, type) and issubclass(choice, BaseModel):
            return choice
    return None


def _mapping(annotation: Any) -> Any:
    """Type of the values of a mapping."""
    for choice in _choices(annotation):
        if typing.get_origin(choice) is dict:
            return typing.get_args(choice)[1]
    return None


def _leaves(value: Any, origin: str, key: Key = ()) -> dict[Key, Value]:
    """The settings in a mapping, each by its whole key."""
    if isinstance(value, BaseModel):
        value = value.model_dump(exclude_unset=True)
    if isinstance(value, dict) and value:
        found: dict[Key, Value] = {}
        for name, inner in value.items():
            found |= _leaves(inner, origin, (*key, str(name)))
        return found
    return {key: Value(value, origin)} if key else {}


def _lay_over(found: dict[Key, Value], key: Key, given: Value) -> None:
    """Adds a setting, which replaces what it stands for: a mapping's entry, or all of it."""
    for other in [other for other in found if _is_part(key, other) or _is_part(other, key)]:
        del found[other]
    found[key] = given


def _is_part(key: Key, other: Key) -> bool:
    return key[: len(other)] == other


def _nested(found: Mapping[Key, Value]) -> dict[str, Any]:
    settings: dict[Any, Any] = {}
    for key, given in found.items():
        section: Any = settings
        for part in key[:-1]:
            section = section.setdefault(part, {})
        section[key[-1]] = given.value
    return settings


def _explained(error: ValidationError, found: Mapping[Key, Value], file: Path | None) -> str:
    return "; ".join(_lines(error, found, file))


def _lines(error: ValidationError, found: Mapping[Key, Value], file: Path | None) -> Iterator[str]:
    for item in error.errors(include_url=False):
        key = tuple(part for part in item["loc"] if part != "[key]")
        message = item["msg"].removeprefix("Value error, ")
        if item["type"] == "missing":
            variable = PREFIX + NESTED.join(str(part).upper() for part in key)
            message = f"required; set {variable}, or write it into {file or FILE}"
        origin = _origin(key, found)
        name = _dotted(key)
        shown = _shown(key, item.get("input")) if item["type"] != "missing" else ""
        yield f"{origin}: {name}: {message}{shown}" if origin else f"{name}: {message}{shown}"


def _origin(key: Key, found: Mapping[Key, Value]) -> str:
    origins = {
        given.origin
        for other, given in found.items()
        if _is_part(key, other) or _is_part(other, key)
    }
    return ", ".join(sorted(origins))


def _shown(key: Key, value: Any) -> str:
    """The wrong value, unless it may be a credential."""
    if not isinstance(value, str | int | float | bool):
        return ""
    text = str(value)
    secret = any(secret_name(str(part)) for part in key) or credential("", text) or "@" in text
    return "" if secret or len(text) > MOST_SHOWN else f" (is {value!r})"


def _dotted(key: Key) -> str:
    return ".".join(str(part) for part in key) or "settings"
