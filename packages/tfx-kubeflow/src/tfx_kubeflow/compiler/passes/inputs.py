"""Inputs: the same artifact goes into a step once.

ML Metadata holds one event for each pair of artifact and execution, so KFP's driver fails on a step
that takes an artifact under two names, as a lookup that needs the model it is given twice does.
"""

import json

from tfx_kubeflow.compiler import ir
from tfx_kubeflow.compiler.passes.commands import COMMAND
from tfx_kubeflow.protocol import SAME_INPUTS_FLAG

HIDDEN = "_"
"""Begins the names of inputs that TFX and the passes add."""


def single_inputs(spec: ir.Spec) -> ir.Spec:
    """Drops repeated artifact inputs; the entrypoint is told which other input each one is."""
    spec = ir.copied(spec)
    for task, container in ir.containers(spec):
        same = _repeated(ir.artifacts(task.body))
        if not same:
            continue
        definitions = ir.component(spec, task.body)["inputDefinitions"]["artifacts"]
        for name in same:
            del ir.artifacts(task.body)[name], definitions[name]
        if "triggerPolicy" in task.body:
            policy = task.body["triggerPolicy"]
            policy["condition"] = _renamed(policy["condition"], same)
        if container.get("command") == COMMAND:
            container["args"] += [SAME_INPUTS_FLAG, json.dumps(same, sort_keys=True)]
            continue
        for part in ("command", "args"):
            if part in container:
                container[part] = [_renamed(text, same) for text in container[part]]
    return spec


def _repeated(artifacts: ir.Spec) -> dict[str, str]:
    """Inputs whose artifact is already that of another one -> the name of that one."""
    first: dict[str, str] = {}
    same = {}
    for name in sorted(artifacts, key=lambda name: (name.startswith(HIDDEN), name)):
        source = artifacts[name]
        kept = first.setdefault(json.dumps(source, sort_keys=True), name)
        if kept != name:
            same[name] = kept
    return same


def _renamed(text: str, same: dict[str, str]) -> str:
    for name, kept in same.items():
        text = text.replace(f"inputs.artifacts['{name}']", f"inputs.artifacts['{kept}']")
    return text
