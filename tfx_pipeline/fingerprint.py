"""Fingerprints of our own code, so that a cached result never outlives the code that made it.

TFX's cache knows the dotted name of a function or class, not what it does.
"""

import ast
import hashlib
import importlib.util
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

OURS = frozenset({"modules", "tfx_kubeflow", "tfx_pipeline"})
"""Packages whose code counts; the others have a version in uv.lock."""


def fingerprint(*modules: str) -> str:
    """Hashes the sources of modules, and of all of ours that they import, directly or not.

    Nothing is imported: the import statements are read, those within functions included.

    Args:
        modules: Dotted names, for example `modules.trainer`.

    Returns:
        16 hexadecimal digits.

    Raises:
        ModuleNotFoundError: One of them is not installed.
    """
    digest = hashlib.sha256()
    for name, path in sorted(sources(*modules).items()):
        digest.update(f"{name}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def sources(*modules: str) -> dict[str, Path]:
    """Finds the files of modules, and of all of ours that they import.

    Returns:
        File by dotted name; the packages that a module lies in count as imported by it.

    Raises:
        ModuleNotFoundError: One of them is not installed.
    """
    found: dict[str, Path] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = _source(name)
            waiting += _imports(name, found[name].read_bytes())
            waiting += [name.rpartition(".")[0]] if "." in name else []
    return found


@lru_cache
def _imports(name: str, source: bytes) -> list[str]:
    """The modules of ours that one module imports."""
    ours = OURS | {name.partition(".")[0]}
    names = []
    for node in _statements(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return [name for name in names if name.partition(".")[0] in ours and _is_module(name)]


def _statements(tree: ast.Module) -> Iterator[ast.AST]:
    """All statements, those within others included; the expressions in them import nothing."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        for inner in ("body", "orelse", "handlers", "finalbody", "cases"):
            waiting += getattr(node, inner, ())


def _is_module(name: str) -> bool:
    """Tells `from package import module` from `from module import function`."""
    package = name.rpartition(".")[0]
    inside = not package or _source(package).name == "__init__.py"
    return inside and importlib.util.find_spec(name) is not None


def _source(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"no module {name}")
    return Path(spec.origin)
