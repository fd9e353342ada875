"""Commands: every step runs our entrypoint, which is told what TFX's own would not know."""

import json
from typing import Any

from tfx_kubeflow.compiler import ir
from tfx_kubeflow.compiler.nodes import Facts, NodeFacts
from tfx_kubeflow.compiler.passes.example_gen_drivers import SUFFIX
from tfx_kubeflow.errors import CompileError

COMMAND = ["python", "-m", "tfx_kubeflow.steps.entrypoint"]
EXECUTOR_INPUT = "{{$}}"
"""Kubeflow Pipelines replaces it with the ExecutorInput."""
TFX_FLAGS = (
    "--executor_class_path",
    "--json_serialized_invocation_args",
    "--json_serialized_inputs_spec_args",
)


def entrypoint_commands(spec: ir.Spec, facts: Facts) -> ir.Spec:
    """Writes the command of every container: `--step JSON --executor-input JSON [Beam's]`."""
    spec = ir.copied(spec)
    for task, container in ir.containers(spec):
        node = facts.nodes.get(task.id)
        if node is not None and not node.executor:
            _mount_paths(node, container)
            continue
        args = container.get("args", [])
        if node is not None:
            args = ["--step", json.dumps(_step(node), sort_keys=True), *_beam_args(args)]
        elif task.id.endswith(SUFFIX) and task.id.removesuffix(SUFFIX) in facts.nodes:
            step = {"kind": "span", "node": task.id.removesuffix(SUFFIX)}
            args = ["--step", json.dumps(step)]
        container["command"] = list(COMMAND)
        container["args"] = [*args[:2], "--executor-input", EXECUTOR_INPUT, *args[2:]]
    return spec


def _step(node: NodeFacts) -> dict[str, Any]:
    return {
        "kind": "executor",
        "node": node.id,
        "executor": node.executor,
        "inputs": node.inputs,
        "outputs": node.outputs,
        "optional": sorted(node.optional),
        "parameters": node.parameters,
        "flags": node.flags,
        "example_gen": node.example_gen,
        "pusher": node.pusher,
    }


def _beam_args(args: list[str]) -> list[str]:
    rest = list(args)
    for flag in TFX_FLAGS:
        if flag in rest:
            at = rest.index(flag)
            del rest[at : at + 2]
    return rest


def _mount_paths(node: NodeFacts, container: ir.Spec) -> None:
    """A container component reads and writes files, which KFP's launcher moves."""
    command = [*container.get("command", ()), *container.get("args", ())]
    if any(".artifacts[" in part and "'].value}}" in part for part in command):
        raise CompileError(
            node.id,
            "a container cannot be given the value of an artifact",
            "Give it the artifact's address, and read the value there.",
        )
    for part in ("command", "args"):
        if part in container:
            container[part] = [text.replace("'].uri}}", "'].path}}") for text in container[part]]
