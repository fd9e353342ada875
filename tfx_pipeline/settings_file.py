"""settings.yaml: where it is, and what it holds, before anything is checked."""

import os
from pathlib import Path
from typing import Any

import yaml
from pydantic_settings import SettingsError

ENV_PREFIX = "POWER_"
SETTINGS_FILE_VARIABLE = ENV_PREFIX + "SETTINGS"


def settings_file() -> Path:
    """The file named by POWER_SETTINGS, else settings.yaml here, else the project's own."""
    named = os.environ.get(SETTINGS_FILE_VARIABLE)
    if named:
        return Path(named)
    here = Path("settings.yaml")
    return here if here.exists() else Path(__file__).parent.parent / "settings.yaml"


class _UniqueKeys(yaml.SafeLoader):
    """Refuses a key that comes twice, of which YAML would take the last in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"{key.value} is there twice", problem_mark=key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def read_settings_file(path: Path) -> dict[str, Any]:
    """Reads a settings file.

    Raises:
        SettingsError: The file cannot be read or is not a YAML mapping.
    """
    try:
        values = yaml.load(path.read_text(encoding="utf-8"), _UniqueKeys)  # noqa: S506, a SafeLoader
    except OSError as error:
        raise SettingsError(
            f"{path}: {error.strerror}; name a file in {SETTINGS_FILE_VARIABLE}"
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not YAML: {error}") from error
    if not isinstance(values, dict):
        raise SettingsError(f"{path}: expected settings, one `key: value` a line")
    return values


def overlay(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Returns `below` with the values of `above` laid over it, section by section."""
    merged = dict(below)
    for key, value in above.items():
        nested = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = overlay(merged[key], value) if nested else value
    return merged
