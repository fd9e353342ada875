"""What pods ask for: caching, retries, image, environment and resources, per node."""

from tfx_kubeflow.compiler import ir
from tfx_kubeflow.compiler.context import Context

GPU_TYPE = "nvidia.com/gpu"
BACKOFF = {"backoffDuration": "30s", "backoffFactor": 2.0, "backoffMaxDuration": "600s"}
"""Without a longest wait Argo gives up at once."""

ENDPOINT = "MINIO_ENDPOINT"


def caching(spec: ir.Spec, context: Context) -> None:
    """Turns the cache off where a step must look at the world outside the run.

    A cached Pusher would push nothing even where the destination was emptied.
    """
    for task, _ in ir.containers(spec):
        requested = context.node(task.id).cache
        if requested is None and task.id in context.nodes.pushers:
            requested = False
        if requested is not None:
            task.body["cachingOptions"] = {"enableCache": True} if requested else {}


def retries(spec: ir.Spec, context: Context) -> None:
    """Adds the retry policy of each step: that of the settings, or else of the node's options."""
    for task, _ in ir.containers(spec):
        count = context.node(task.id).retries
        if count is None:
            count = context.execution_retries(task.id)
        if count:
            task.body["retryPolicy"] = {"maxRetryCount": count, **BACKOFF}


def resources(spec: ir.Spec, context: Context) -> None:
    """Adds image, cores, memory, accelerators and environment variables of each container."""
    endpoint = context.settings.store.endpoint
    for task, container in ir.containers(spec):
        node = context.node(task.id)
        if node.image:
            container["image"] = node.image
        requested = {
            "resourceCpuRequest": node.cpu_request,
            "resourceCpuLimit": node.cpu_limit,
            "resourceMemoryRequest": node.memory_request,
            "resourceMemoryLimit": node.memory_limit,
        }
        found: ir.Spec = {name: value for name, value in requested.items() if value is not None}
        if node.gpus:
            found["accelerator"] = {
                "resourceType": node.gpu_type or GPU_TYPE,
                "resourceCount": str(node.gpus),
            }
        if found:
            container["resources"] = {**container.get("resources", {}), **found}
        env = {ENDPOINT: endpoint} if endpoint and task.id in context.store_readers else {}
        env |= node.env
        if env:
            container["env"] = [{"name": name, "value": env[name]} for name in sorted(env)]
