"""Fingerprints of our own code, so that a cached result never outlives the code that made it.

TFX's cache knows the dotted name of a function or class, not what it does.
"""

import hashlib
import importlib.util
from pathlib import Path


def fingerprint(*packages: str) -> str:
    """Hashes the Python sources of packages or modules, without importing them.

    Args:
        packages: Dotted names, for example `modules` or `tfx_pipeline.data`.

    Returns:
        16 hexadecimal digits.

    Raises:
        ModuleNotFoundError: One of them is not installed.
    """
    digest = hashlib.sha256()
    for name in packages:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(f"no package {name}")
        origin = Path(spec.origin)
        files = origin.parent.rglob("*.py") if spec.submodule_search_locations else [origin]
        for file in sorted(files):
            digest.update(f"{file.relative_to(origin.parent)}\0".encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
