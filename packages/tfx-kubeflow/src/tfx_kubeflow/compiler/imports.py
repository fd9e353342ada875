"""What a module file imports from the folder that it stands in."""

import ast
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple


class Module(NamedTuple):
    """A file, and the package that relative imports in it start from; empty: none."""

    path: Path
    package: str


def read(path: Path) -> tuple[str, ast.Module]:
    """Returns a Python source, and its syntax tree.

    Raises:
        OSError: It cannot be read.
        ValueError: It is no Python in UTF-8.
    """
    try:
        text = path.read_bytes().decode("utf-8")
        return text, ast.parse(text)
    except UnicodeDecodeError:
        raise ValueError("is not text in UTF-8") from None
    except SyntaxError as error:
        raise ValueError(f"is no Python: {error.msg} (line {error.lineno})") from None


def siblings(main: Path) -> dict[Path, str]:
    """Finds the modules beside a file that it imports, directly or through each other.

    Python would find them as well if it started the file. Those that the standard library hides
    are left out; imports that are computed at run time are not seen.

    Args:
        main: The file.

    Returns:
        Path of each module, relative to the file's folder -> its source.

    Raises:
        OSError: A module cannot be read.
        ValueError: A module is no Python; the message names it.
    """
    root = main.parent
    if str(root.resolve()) in sysconfig.get_paths().values():
        return {}  # all that is installed stands beside it
    found: dict[Path, str] = {}
    waiting = list(_imported(root, Module(main, ""), read(main)[1]))
    while waiting:
        module = waiting.pop()
        name = module.path.relative_to(root)
        if name not in found:
            try:
                found[name], tree = read(module.path)
            except ValueError as error:
                raise ValueError(f"imports {name}, which {error}") from None
            waiting += _imported(root, module, tree)
    return dict(sorted(found.items()))


def _imported(root: Path, module: Module, tree: ast.Module) -> Iterator[Module]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            package = module.package.split(".")[: 1 - node.level or None] if node.level else []
            base = ".".join(filter(None, [*package, node.module]))
            names = [".".join(filter(None, [base, alias.name])) for alias in node.names]
        else:
            continue
        for name in names:
            yield from _files(root, name.split("."))


def _files(root: Path, parts: list[str]) -> Iterator[Module]:
    """The files of a module and of the packages around it, as far as they are there."""
    if parts[0] in sys.stdlib_module_names:
        return
    for depth in range(1, len(parts) + 1):
        path = root.joinpath(*parts[:depth])
        if (path / "__init__.py").is_file():
            yield Module(path / "__init__.py", ".".join(parts[:depth]))
        elif path.with_name(f"{path.name}.py").is_file():
            yield Module(path.with_name(f"{path.name}.py"), ".".join(parts[: depth - 1]))
            return
        elif not path.is_dir():
            return
