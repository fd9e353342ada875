"""Compiled packages, and what a step in them is told."""

from tfx_kubeflow.compiler import ir
from tfx_kubeflow.protocol import decode
from tfx_kubeflow.runner import KubeflowRunner
from tfx_kubeflow.settings import KubeflowSettings

SETTINGS = KubeflowSettings(image="registry/image:1")


def compiled(pipeline, settings=SETTINGS, **values):
    return KubeflowRunner(settings).compile(pipeline, values)[0]


def step(spec, task_id):
    args = ir.executor(spec, ir.task(spec, task_id).body)["container"]["args"]
    return decode(args[args.index("--step") + 1])
