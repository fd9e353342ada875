"""The terminal shows our words; all others', even C code's, go to the log."""

import subprocess
import sys

PROGRAM = """
import logging, os, pathlib, sys
from tfx_pipeline.local.terminal import logged_to
with logged_to(pathlib.Path(sys.argv[1])) as terminal:
    os.write(2, b"noise of a C library\\n")
    print("noise of a library")
    os.system("echo noise of a child")
    with terminal.step(" 1/2 Trainer"):
        logging.getLogger("modules.training").info("step 10/20 [half]")
        logging.getLogger("modules.training").warning("careful")
    terminal.line(" 1/2 Trainer complete")
print("after")
"""


def test_only_our_words_reach_the_terminal(tmp_path):
    log = tmp_path / "run" / "log.txt"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(log)], capture_output=True, text=True, check=True
    )
    assert [line.strip() for line in done.stdout.splitlines()] == [
        "step 10/20 [half]",
        "careful",
        "1/2 Trainer complete",
        "after",
    ]
    assert done.stderr == ""
    written = log.read_text()
    for noise in ("noise of a C library", "noise of a library", "noise of a child"):
        assert noise in written
