"""What pods ask for: caching, retries, environment and resources, per node."""

from collections.abc import Callable, Collection

from tfx_kubeflow.compiler import ir
from tfx_kubeflow.settings import NodeSettings

GPU_TYPE = "nvidia.com/gpu"
BACKOFF = {"backoffDuration": "30s", "backoffFactor": 2.0, "backoffMaxDuration": "600s"}
"""Without a longest wait Argo gives up at once."""

ENDPOINT = "MINIO_ENDPOINT"

NodeLookup = Callable[[str], NodeSettings]


def caching(spec: ir.Spec, settings: NodeLookup, uncached: Collection[str]) -> ir.Spec:
    """Turns the cache off where a step must look at the world outside the run.

    Args:
        spec: The IR.
        settings: Settings of a node.
        uncached: Nodes that are never answered from the cache, unless settings say so: a cached
            Pusher pushes nothing even where the destination was emptied.
    """
    spec = ir.copied(spec)
    for task, _ in ir.containers(spec):
        wanted = settings(task.id).cache
        if wanted is None and task.id in uncached:
            wanted = False
        if wanted is not None:
            task.body["cachingOptions"] = {"enableCache": True} if wanted else {}
    return spec


def retries(spec: ir.Spec, settings: NodeLookup) -> ir.Spec:
    """Adds the retry policy of each step."""
    spec = ir.copied(spec)
    for task, _ in ir.containers(spec):
        count = settings(task.id).retries
        if count:
            task.body["retryPolicy"] = {"maxRetryCount": count, **BACKOFF}
    return spec


def resources(
    spec: ir.Spec, settings: NodeLookup, endpoint: str | None, store_readers: Collection[str]
) -> ir.Spec:
    """Adds cores, memory, accelerators and environment variables of each container.

    Args:
        spec: The IR.
        settings: Settings of a node.
        endpoint: Address of the store behind minio://.
        store_readers: Tasks that read it themselves.
    """
    spec = ir.copied(spec)
    for task, container in ir.containers(spec):
        wanted = settings(task.id)
        asked = {
            "resourceCpuRequest": wanted.cpu_request,
            "resourceCpuLimit": wanted.cpu_limit,
            "resourceMemoryRequest": wanted.memory_request,
            "resourceMemoryLimit": wanted.memory_limit,
        }
        found: ir.Spec = {name: value for name, value in asked.items() if value is not None}
        if wanted.gpus:
            found["accelerator"] = {
                "resourceType": wanted.gpu_type or GPU_TYPE,
                "resourceCount": str(wanted.gpus),
            }
        if found:
            container["resources"] = {**container.get("resources", {}), **found}
        env = {ENDPOINT: endpoint} if endpoint and task.id in store_readers else {}
        env |= wanted.env
        if env:
            container["env"] = [{"name": name, "value": env[name]} for name in sorted(env)]
    return spec
