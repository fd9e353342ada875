"""Compiles installed Python files once, so that no process has to do it at each start."""

from __future__ import annotations

from pathlib import Path

from tools.environment.steps import run

# Files that cannot be compiled (templates, Python 2) are of no concern; the packages' own tests, a
# fifth of all files, are hardly imported. The default kind of bytecode, which carries the
# source's time, notices when somebody edits an installed file.
COMPILE = """
import compileall, re, sys
tests = re.compile(re.escape(sys.argv[1]) + ".*(/tests/|_test[.]py$)")
compileall.compile_dir(sys.argv[1], quiet=2, workers=0, rx=tests)
"""


def compile_bytecode(python: Path, folder: Path) -> None:
    """Compiles what is below `folder` and not up to date, for `python`, on all processors."""
    run([python, "-I", "-c", COMPILE, folder])
