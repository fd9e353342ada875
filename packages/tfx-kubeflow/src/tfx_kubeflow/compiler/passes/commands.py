"""Commands: every step runs our entrypoint, which is passed what TFX's own would not know."""

from tfx_kubeflow.compiler import ir
from tfx_kubeflow.compiler.context import Context
from tfx_kubeflow.protocol import ENTRYPOINT, encode

EXECUTOR_INPUT = "{{$}}"
"""Kubeflow Pipelines replaces it with the ExecutorInput."""


def commands(spec: ir.Spec, context: Context) -> None:
    """Writes each step into its container: `--step JSON --executor-input JSON [Beam's]`."""
    del context
    for _, container in ir.containers(spec):
        step = container.pop("step", None)
        if step is None:  # a container component
            continue
        beam_args = container.pop("args", [])
        container["command"] = list(ENTRYPOINT)
        container["args"] = [
            *("--step", encode(step), "--executor-input", EXECUTOR_INPUT),
            *beam_args,
        ]
