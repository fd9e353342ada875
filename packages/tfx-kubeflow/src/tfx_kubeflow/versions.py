"""The releases of TFX that the compiler knows: it uses parts of TFX that need not stay."""

from importlib.metadata import version

from tfx_kubeflow.errors import CompileError

KNOWN = "1.21"
"""Release of TFX that every pass and test is written for: docs/compatibility.md."""


def require_known_tfx() -> None:
    """Checks the installed TFX.

    Raises:
        CompileError: It is another release than the one this package is written for.
    """
    found = version("tfx")
    if not found.startswith(f"{KNOWN}."):
        raise CompileError(
            f"TFX {found}",
            f"this tfx-kubeflow {version('tfx-kubeflow')} knows {KNOWN} only",
            f'Install "tfx[kfp]=={KNOWN}.*", or a tfx-kubeflow that names {found}.',
        )
