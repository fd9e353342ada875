"""Fingerprints follow the sources."""

import subprocess
import sys

import pytest

from tfx_pipeline.fingerprint import OURS, fingerprint, sources


@pytest.fixture
def package(tmp_path, monkeypatch):
    folder = tmp_path / "made_up_package"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "outer.py").write_text("def f():\n    from made_up_package import inner\n")
    (folder / "inner.py").write_text("import json\nx = 1\n")
    (folder / "apart.py").write_text("y = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "made_up_package", raising=False)
    return folder


def test_an_edit_of_what_is_imported_changes_it_and_nothing_else_does(package):
    before = fingerprint("made_up_package.outer")
    (package / "apart.py").write_text("y = 2\n")
    assert fingerprint("made_up_package.outer") == before
    (package / "inner.py").write_text("x = 2\n")
    assert fingerprint("made_up_package.outer") != before


def test_an_import_is_found_in_whatever_statement_it_stands(package):
    places = {
        "a": "if True:\n    pass\nelse:\n    {}\n",
        "b": "class C:\n    async def f(self):\n        with x: {}\n",
        "c": "try:\n    pass\nexcept OSError:\n    {}\n",
        "d": "try:\n    pass\nfinally:\n    {}\n",
        "e": "match x:\n    case 1:\n        while y: {}\n",
    }
    for name in places:
        (package / f"{name}.py").write_text("")
    text = "".join(text.format(f"import made_up_package.{name}") for name, text in places.items())
    (package / "outer.py").write_text(text)
    found = sources("made_up_package.outer")
    assert {f"made_up_package.{name}" for name in places} <= set(found)


def test_the_packages_around_a_module_count(package):
    before = fingerprint("made_up_package.inner")
    (package / "__init__.py").write_text("changed = True")
    assert fingerprint("made_up_package.inner") != before


def test_what_the_interpreter_imports_is_found():
    """The import statements are read; Python itself says what they bring in."""
    module = "tfx_kubeflow.steps.push"
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    ours = {name for name in done.stdout.split() if name.partition(".")[0] in OURS}
    # The plug of the `tfx` command is imported at the start of every interpreter.
    assert ours - set(sources(module)) <= {
        "tfx_kubeflow.command",
        "tfx_kubeflow.command.plug",
        "tfx_kubeflow",
    }


def test_an_unknown_module_is_named():
    with pytest.raises(ModuleNotFoundError, match="no_such_package"):
        fingerprint("no_such_package")
