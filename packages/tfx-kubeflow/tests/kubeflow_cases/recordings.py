"""What a real Kubeflow Pipelines 2.17 handed to TFX components, and what it took back.

See recorded/README.md. The files behind the addresses are not recorded; executors of ours stand in
for TFX's and leave what TFX's left.
"""

import json
from pathlib import Path
from typing import Any, ClassVar

import yaml
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.orchestration.kubeflow.v2.compiler_utils import TITLE_TO_CLASS_PATH
from tfx_kubeflow.protocol import ExecutorStep

FOLDER = Path(__file__).parent / "recorded"
ALL = sorted(FOLDER.glob("*/*.json"))
EXECUTED = [path for path in ALL if not path.stem.endswith(("-span", "-resolver"))]
KINDS = {"STRING": "str", "NUMBER_INTEGER": "int", "NUMBER_DOUBLE": "float"}


def name(path: Path) -> str:
    """Name of a recording in test reports."""
    return f"{path.parent.name}-{path.stem}"


def read(path: Path, mounts: Path) -> dict[str, Any]:
    """Reads a recording, with KFP's mounts moved to a folder of the test's own."""
    found = json.loads(path.read_text())
    outputs = found["executor_input"]["outputs"]
    outputs["outputFile"] = outputs["outputFile"].replace("/minio/", f"{mounts}/minio/", 1)
    return found


def step(recording: dict[str, Any], executor: str) -> ExecutorStep:
    """The step as the compiler describes it, from the recorded component."""
    spec = recording["component_spec"]
    inputs = spec.get("inputDefinitions", {})
    outputs = spec.get("outputDefinitions", {})
    parameters = inputs.get("parameters", {})
    return ExecutorStep(
        node=recording["task"],
        executor=executor,
        inputs={
            key: cls
            for key, cls in classes(inputs).items()
            if not key.startswith("_")  # of a condition
        },
        outputs={key: c for key, c in classes(outputs).items() if key != "executor-logs"},
        parameters={key: KINDS[value["parameterType"]] for key, value in parameters.items()},
        example_gen=recording["task"] == "csv-example-gen",
        pusher=recording["task"] == "pusher",
    )


def classes(definitions: dict[str, Any]) -> dict[str, str]:
    """Artifact classes by key."""
    found = {}
    for key, value in definitions.get("artifacts", {}).items():
        schema = value["artifactType"].get("instanceSchema")
        found[key] = TITLE_TO_CLASS_PATH[yaml.safe_load(schema)["title"]] if schema else ""
    return found


class Executor(BaseExecutor):
    """Stands in for a component's executor: keeps the call, leaves what the real one left."""

    leaves: ClassVar[dict[str, dict[str, Any]]] = {}
    call: ClassVar[tuple[Any, Any, Any]]

    def Do(self, input_dict, output_dict, exec_properties):  # noqa: N802
        """Keeps the call."""
        type(self).call = (input_dict, output_dict, dict(exec_properties))
        for key, metadata in self.leaves.items():
            artifact = output_dict[key][0]
            (Path(artifact.uri) / "file").write_text("something")
            for prop, value in metadata.items():
                if prop in artifact.artifact_type.properties:
                    setattr(artifact, prop, int(value) if isinstance(value, float) else value)
                elif isinstance(value, str):
                    artifact.set_string_custom_property(prop, value)
                elif isinstance(value, float):
                    artifact.set_int_custom_property(prop, int(value))
                else:
                    artifact.set_json_value_custom_property(prop, value)
