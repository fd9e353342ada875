"""What tests on Flink share: the settings of deploy/flink/flink.yaml, and who read what."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

READING = {"transform": "{TFXIOReadAndDecode", "evaluator": "{ReadFromTFRecordToArrow"}
"""Step -> how the task of its job is named that reads Examples, and works on them."""
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


def files_read(rest: Callable[[str], Any], job: str, step: str) -> list[int]:
    """How many files of Examples each worker of a step's job was given to read.

    Args:
        rest: Answers a path of Flink's REST interface.
        job: Its id.
        step: Name of the step, as in `READING`.
    """
    tasks = [task for task in rest(f"jobs/{job}")["vertices"] if READING[step] in task["name"]]
    most = max(
        (rest(f"jobs/{job}/vertices/{task['id']}")["subtasks"] for task in tasks),
        key=lambda subtasks: sum(one["metrics"]["read-records"] for one in subtasks),
    )
    return [one["metrics"]["read-records"] for one in most]
