"""Inputs: the same artifact goes into a step once.

ML Metadata holds one event for each pair of artifact and execution, so KFP's driver fails on a step
that takes an artifact under two names, as a resolver step that is passed the candidate twice does.
"""

import dataclasses
import json

from tfx_kubeflow.cel import quote
from tfx_kubeflow.compiler import ir
from tfx_kubeflow.compiler.context import Context

HIDDEN = "_"
"""Begins the names of inputs that conditions and the passes add."""


def deduplicate_inputs(spec: ir.Spec, context: Context) -> None:
    """Drops repeated artifact inputs; the step is passed which other input each one is."""
    del context
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
        if "step" in container:
            container["step"] = dataclasses.replace(container["step"], same_inputs=same)
            continue
        for part in ("command", "args"):
            if part in container:
                container[part] = [_renamed(text, same) for text in container[part]]


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
        text = text.replace(f"inputs.artifacts[{quote(name)}]", f"inputs.artifacts[{quote(kept)}]")
    return text
