"""Settings of the Kubeflow runner, and where they come from."""

from tfx_kubeflow.settings.models import (
    KubeflowSettings,
    NodeSettings,
    ObjectStore,
    Secret,
    Toleration,
    Volume,
)
from tfx_kubeflow.settings.sources import load_settings

__all__ = [
    "KubeflowSettings",
    "NodeSettings",
    "ObjectStore",
    "Secret",
    "Toleration",
    "Volume",
    "load_settings",
]
