"""Fingerprints follow the sources."""

import pytest

from tfx_pipeline.code import fingerprint


@pytest.fixture
def package(tmp_path, monkeypatch):
    folder = tmp_path / "made_up_package"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "inner.py").write_text("x = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    return folder


def test_an_edit_changes_it_and_nothing_else_does(package):
    before = fingerprint("made_up_package")
    (package / "README").write_text("not code")
    assert fingerprint("made_up_package") == before
    (package / "inner.py").write_text("x = 2\n")
    assert fingerprint("made_up_package") != before


def test_a_renamed_file_changes_it(package):
    before = fingerprint("made_up_package")
    (package / "inner.py").rename(package / "other.py")
    assert fingerprint("made_up_package") != before


def test_one_module_alone(package):
    before = fingerprint("made_up_package.inner")
    (package / "__init__.py").write_text("changed = True")
    assert fingerprint("made_up_package.inner") == before


def test_an_unknown_package_is_named():
    with pytest.raises(ModuleNotFoundError, match="no_such_package"):
        fingerprint("no_such_package")
