"""TensorFlow Serving's `models.config`: which versions of a model it loads, under which labels."""

from __future__ import annotations

from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2
from tfx_kubeflow.storage.labels import Labels

FILE = "models.config"


def model_config(name: str, folder: str, labels: Labels) -> str:
    """Returns the file for one model, as text.

    Args:
        name: Of the model.
        folder: Of its versions, as the server sees it.
        labels: Which versions serve.
    """
    found = model_server_config_pb2.ModelServerConfig()
    model = found.model_config_list.config.add(
        name=name, base_path=folder, model_platform="tensorflow"
    )
    model.model_version_policy.specific.versions.extend(map(int, labels.versions))
    model.version_labels["stable"] = int(labels.stable.version)
    if labels.canary:
        model.version_labels["canary"] = int(labels.canary.version)
    return text_format.MessageToString(found)
