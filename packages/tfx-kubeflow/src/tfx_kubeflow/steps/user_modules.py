"""A user module in the pod: its file, and the modules that it imports from beside it."""

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tfx_kubeflow.protocol import UserModule

BESIDE = "modules"


def write_module(module: UserModule, name: str, folder: Path) -> Path:
    """Writes a user module and those beside it; returns the path of its file."""
    for beside, text in module.beside.items():
        path = folder / BESIDE / beside
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    path = folder / name
    path.write_bytes(module.source.encode())
    return path


@contextmanager
def importable(folder: Path) -> Iterator[None]:
    """Lets this process, and those that it starts, import what was written beside a module.

    They come first, as the files beside a script do for Python: what was compiled runs, and not
    what the image holds under the same name.
    """
    directory = str(folder / BESIDE)
    if not Path(directory).is_dir():
        yield
        return
    before = os.environ.get("PYTHONPATH")
    sys.path.insert(0, directory)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (directory, before)))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(directory)
        os.environ.pop("PYTHONPATH")
        if before is not None:
            os.environ["PYTHONPATH"] = before
        for name, found in list(sys.modules.items()):
            if str(getattr(found, "__file__", None)).startswith(f"{directory}/"):
                del sys.modules[name]
