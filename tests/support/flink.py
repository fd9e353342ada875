"""The settings that go with Flink on Kubernetes, as deploy/flink/flink.yaml states them."""

import json
from pathlib import Path

import yaml

MANIFEST = Path(__file__).parents[2] / "deploy/flink/flink.yaml"


def environment() -> dict[str, str]:
    """Variables that give the pipeline the settings in the head of the manifest."""
    lines = MANIFEST.read_text().splitlines()
    settings = "\n".join(line[4:] for line in lines if line.startswith("#   "))
    given = yaml.safe_load(settings)
    return {
        "POWER_BEAM": json.dumps(given["beam"]),
        "POWER_KUBEFLOW__NODES": json.dumps(given["kubeflow"]["nodes"]),
    }
