"""Conditions: TFX's CEL is what KFP evaluates, once it names inputs that are there."""

import re
from functools import partial

from tfx_kubeflow.compiler import ir
from tfx_kubeflow.errors import CompileError

REFERENCE = re.compile(r"inputs\.artifacts\['(?P<name>_(?P<producer>.+?)\.(?P<key>[^.']+))'\]")


def conditions(spec: ir.Spec) -> ir.Spec:
    """Returns the IR with conditions on the inputs that the steps have.

    A condition on an output names the hidden input that TFX adds for it; where the component takes
    the output anyway, TFX adds none and keeps the name all the same.

    Raises:
        CompileError: A comparison that TFX could not translate.
    """
    spec = ir.copied(spec)
    for task in ir.tasks(spec):
        condition = task.body.get("triggerPolicy", {}).get("condition", "")
        if "Unknown" in condition:
            raise CompileError(
                task.id,
                f"its condition cannot be expressed: {condition}",
                "Compare a property with ==, < or >, joined with and, or, not.",
            )
        if condition:
            artifacts = ir.artifacts(task.body)
            named = REFERENCE.sub(partial(_present, artifacts), condition)
            task.body["triggerPolicy"]["condition"] = named
    return spec


def _present(artifacts: ir.Spec, match: re.Match[str]) -> str:
    if match["name"] in artifacts:
        return match[0]
    source = ir.output_artifact(match["producer"], match["key"])
    name = next(key for key, value in artifacts.items() if value == source)
    return f"inputs.artifacts['{name}']"
