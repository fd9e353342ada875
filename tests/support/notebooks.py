"""Runs a notebook from top to bottom, as a kernel does: python -m tests.support.notebooks FILE."""

import json
import os
import sys
from pathlib import Path

from IPython.core.interactiveshell import InteractiveShell


def run(path: Path) -> None:
    """Runs every cell of code in the notebook's folder; raises what a cell raises."""
    cells = json.loads(path.read_text())["cells"]
    os.chdir(path.parent)
    shell = InteractiveShell.instance()
    for cell in cells:
        if cell["cell_type"] == "code":
            shell.run_cell("".join(cell["source"])).raise_error()


if __name__ == "__main__":
    run(Path(sys.argv[1]).resolve())
