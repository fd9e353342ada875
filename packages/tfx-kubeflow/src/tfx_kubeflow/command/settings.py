"""Prints the settings in force and where each came from, or their JSON schema."""

import argparse
import json
import sys
from collections.abc import Iterator
from typing import Any

from tfx_kubeflow.errors import SettingsError
from tfx_kubeflow.settings import KubeflowSettings
from tfx_kubeflow.settings.credentials import secret_name
from tfx_kubeflow.settings.sources import InForce, settings_in_force


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options to a command's parser."""
    parser.add_argument(
        "--json-schema", action="store_true", help="of tfx-kubeflow.toml, for editors"
    )


def run(options: argparse.Namespace) -> int:
    """Prints the settings, a key a line; returns 0, or 1 when something is wrong with them."""
    if options.json_schema:
        print(json.dumps(KubeflowSettings.model_json_schema(), indent=2))
        return 0
    try:
        found = settings_in_force()
    except SettingsError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for line in _lines(found):
        print(line)
    return 0


def _lines(found: InForce) -> Iterator[str]:
    values = dict(_leaves(found.settings.model_dump(mode="json")))
    texts = {key: f"{key} = {_shown(key, value)}" for key, value in values.items()}
    width = max(len(text) for text in texts.values())
    for key, text in texts.items():
        yield f"{text:<{width}}  # {_origin(key, found.origins)}"


def _leaves(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, f"{key}.{name}" if key else name)
    elif value not in (None, []):
        yield key, value


def _shown(key: str, value: Any) -> str:
    return '"..."' if secret_name(key.rsplit(".", 1)[-1]) else json.dumps(value)


def _origin(key: str, origins: dict[str, str]) -> str:
    while key and key not in origins:
        key = key.rpartition(".")[0]
    return origins.get(key, "default")
