"""The plug into the stock `tfx` command: its Kubeflow engine becomes ours.

The handler that TFX 1.16 .. 1.21 brings for `--engine=kubeflow` imports modules that no longer
exist. A line in a .pth file of our package imports this module where Python's command line names
tfx; it stands by for the one import of that handler. See docs/decisions/0010-tfx-command-plug.md.
"""

import os
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType

HANDLER = "tfx.tools.cli.handler.kubeflow_handler"
OURS = "tfx_kubeflow.command.handler"


class Finder:
    """Answers the import of TFX's broken handler with ours, and no other import."""

    def find_spec(
        self, fullname: str, path: object = None, target: object = None
    ) -> ModuleSpec | None:
        """Returns where our handler is for the name of TFX's."""
        del path, target
        if fullname != HANDLER:
            return None
        from importlib.util import find_spec

        found = find_spec(OURS)
        if found is None:
            return None
        # importlib.abc would be the proper parent, and costs more to import than all of this.
        return ModuleSpec(fullname, self, origin=found.origin)  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Imports our handler; ends the command where TFX is one that it does not know."""
        from importlib import import_module

        from tfx_kubeflow.errors import CompileError
        from tfx_kubeflow.versions import require_known_tfx

        del spec
        try:
            require_known_tfx()
        except CompileError as error:
            sys.exit(f"Error: {error}")
        return import_module(OURS)

    def exec_module(self, module: ModuleType) -> None:
        """Does nothing: our handler has been imported."""


def install() -> None:
    """Plugs in, once."""
    _put_own_pip_first()
    if not any(isinstance(finder, Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, Finder())


def _put_own_pip_first() -> None:
    # `tfx` asks whatever `pip` is first on PATH whether kfp is installed. Where the environment was
    # not activated, that is another environment's, and the answer is "Kubeflow not found."
    if os.path.basename("".join(sys.orig_argv[1:2])) == "tfx":  # noqa: PTH119 (pathlib is slow)
        folder = os.path.dirname(sys.executable)  # noqa: PTH120
        os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
