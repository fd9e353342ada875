"""TensorFlow Serving's `models.config`: which versions of a model it loads, under which labels.

It refuses a file that moves a label to a version that is not loaded, and then loads nothing that
the file names: it would stay with the old one for ever. So a version is named first, and labelled
once TensorFlow Serving has read that. A label that no version had may be given at once
(`--allow_version_labels_for_unavailable_models`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from google.protobuf import text_format
from tensorflow_serving.config.model_server_config_pb2 import ModelConfig, ModelServerConfig
from tfx_kubeflow.storage.labels import Labels

FILE = "models.config"
SETTLED = 30.0
"""Seconds after which TensorFlow Serving has read a file, and begun to load what it names."""


def model_config(
    name: str, folder: str, labels: Labels, versions: Iterable[int], here: str | None, age: float
) -> str:
    """Returns the file for one model, or the next one on the way to it, as text.

    Args:
        name: Of the model.
        folder: Of its versions, as the server sees it.
        labels: Which versions serve.
        versions: To load: those that serve, and those that may soon.
        here: The file that is there; None where there is none.
        age: Seconds for which it has been.
    """
    wanted = {"stable": int(labels.stable.version)}
    if labels.canary:
        wanted["canary"] = int(labels.canary.version)
    before = _read(here)
    loaded, given = set(before.model_version_policy.specific.versions), before.version_labels
    moved = {number for label, number in wanted.items() if given.get(label, number) != number}
    if not moved <= loaded:
        return _text(name, folder, {*loaded, *versions}, given)
    if moved and here and age < SETTLED:
        return here
    return _text(name, folder, versions, wanted)


def _read(text: str | None) -> ModelConfig:
    try:
        found = text_format.Parse(text or "", ModelServerConfig()).model_config_list.config
    except text_format.ParseError:  # written by another
        found = []
    return found[0] if found else ModelConfig()


def _text(name: str, folder: str, versions: Iterable[int], labels: Mapping[str, int]) -> str:
    found = ModelServerConfig()
    model = found.model_config_list.config.add(
        name=name, base_path=folder, model_platform="tensorflow"
    )
    model.model_version_policy.specific.versions.extend(sorted(versions))
    for label, version in labels.items():
        model.version_labels[label] = version
    return text_format.MessageToString(found)
