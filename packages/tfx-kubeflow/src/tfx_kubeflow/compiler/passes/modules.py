"""User modules given as files: their source travels in the package.

TFX builds a wheel into the pipeline root, which fails where the root is an object store. As a
parameter the source is part of the cache key, so edited code runs again.
"""

from pathlib import Path

from tfx_kubeflow.compiler import imports, ir
from tfx_kubeflow.compiler.context import Context
from tfx_kubeflow.compiler.parameters import constant
from tfx_kubeflow.errors import CompileError
from tfx_kubeflow.protocol import MODULE_FILE, MODULE_SOURCE, UserModule, pack

MAX_BYTES = 64 * 1024
"""Of the text that travels; Linux takes 128 KiB as one argument, in which KFP escapes it again."""
HINT = "Install the module in the image and name its function, such as run_fn='pkg.mod.fn'."


def module_sources(spec: ir.Spec, context: Context) -> None:
    """Adds what is in each `module_file`, and in the modules beside it that it imports.

    Raises:
        CompileError: A file is missing, no Python, or too large with all that it imports.
    """
    for task, _ in ir.containers(spec):
        node = context.nodes.components.get(task.id)
        path = node.exec_properties.get(MODULE_FILE) if node is not None else None
        given = ir.parameters(task.body)
        if path and isinstance(path, str):
            definition = ir.component(spec, task.body)
            source = constant(_packed(task.id, Path(path)))
            ir.add_parameter(task.body, definition, MODULE_SOURCE, ir.STRING, source)
            given[MODULE_FILE] = constant(Path(path).name)


def _packed(node_id: str, path: Path) -> str:
    try:
        module = UserModule(
            source=imports.read(path)[0],
            beside={name.as_posix(): text for name, text in imports.siblings(path).items()},
        )
    except OSError as error:
        problem = f"module_file {path} cannot be read here ({error.strerror})"
        raise CompileError(node_id, problem, HINT) from error
    except ValueError as error:
        raise CompileError(node_id, f"module_file {path} {error}", HINT) from error
    text = pack(module)
    if len(text) > MAX_BYTES:
        beside = f" with the {len(module.beside)} modules that it imports" if module.beside else ""
        problem = f"module_file {path}{beside} takes {len(text)} bytes, packed; {MAX_BYTES} travel"
        raise CompileError(node_id, problem, HINT)
    return text
