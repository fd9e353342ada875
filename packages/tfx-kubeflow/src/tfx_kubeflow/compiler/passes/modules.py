"""User modules given as files: their source travels in the package.

TFX builds a wheel into the pipeline root, which fails where the root is an object store. As a
parameter the source is part of the cache key, so edited code runs again.
"""

from pathlib import Path

from tfx_kubeflow.compiler import ir
from tfx_kubeflow.compiler.context import Context
from tfx_kubeflow.compiler.parameters import constant
from tfx_kubeflow.errors import CompileError
from tfx_kubeflow.protocol import MODULE_FILE, MODULE_SOURCE, hidden

MAX_BYTES = 64 * 1024
"""All parameters of a run share one Kubernetes object of 1.5 MB at most."""


def module_sources(spec: ir.Spec, context: Context) -> None:
    """Adds the source of each `module_file` as a parameter, in JSON.

    Raises:
        CompileError: A file is missing or too large.
    """
    del context
    for task, _ in ir.containers(spec):
        given = ir.parameters(task.body)
        path = given.get(MODULE_FILE, {}).get("runtimeValue", {}).get("constant")
        if path:
            definition = ir.component(spec, task.body)
            source = constant(_read(task.id, Path(path)))
            ir.add_parameter(task.body, definition, MODULE_SOURCE, ir.STRING, source)
            given[MODULE_FILE] = constant(Path(path).name)


def _read(node_id: str, path: Path) -> str:
    way_out = "Install the module in the image and name its function, such as run_fn='pkg.mod.fn'."
    try:
        source = path.read_text(encoding="utf-8")
    except OSError as error:
        raise CompileError(
            node_id, f"module_file {path} cannot be read here ({error.strerror})", way_out
        ) from error
    if len(source.encode()) > MAX_BYTES:
        raise CompileError(node_id, f"module_file {path} is over {MAX_BYTES} bytes", way_out)
    return hidden(source)
