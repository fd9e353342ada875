"""Bytecode is written wherever the project lies, and even where Python is told not to write it."""

import sys
from pathlib import Path

import pytest

from tools.environment.bytecode import compile_bytecode


def test_all_but_the_packages_own_tests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    folder = tmp_path / "tests/site-packages"
    for name in ("a/b/good.py", "a/broken.py", "a/tests/test_good.py", "a/good_test.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("print 'no'" if "broken" in name else "x = 1")
    compile_bytecode(Path(sys.executable), folder)
    compiled = [file.name.split(".")[0] for file in folder.rglob("*.pyc")]
    assert compiled == ["good"]
