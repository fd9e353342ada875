import sysconfig
from pathlib import Path

import pytest
from tfx_kubeflow.compiler.imports import siblings


def found(folder, **files):
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return sorted(path.as_posix() for path in siblings(folder / "main.py"))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("import a", ["a.py"]),
        ("import a as x, b", ["a.py", "b.py"]),
        ("from a import x", ["a.py"]),
        ("from a import *", ["a.py"]),
        ("def f():\n    import a", ["a.py"]),
        ("try:\n    import a\nexcept ImportError:\n    import b", ["a.py", "b.py"]),
        ("from . import a", ["a.py"]),
        ("from .a import x", ["a.py"]),
        ("import numpy, absent, os", []),
        ("x = 'import a'", []),
    ],
)
def test_each_form_of_import_is_found(tmp_path, text, names):
    assert found(tmp_path, main=text, a="", b="", c="") == names


def test_modules_that_modules_import_are_found_and_circles_end(tmp_path):
    files = {"main": "import a", "a": "import b", "b": "import c, main", "c": "import a"}
    assert found(tmp_path, **files) == ["a.py", "b.py", "c.py", "main.py"]


def test_packages_beside_it_are_found_with_their_own_relative_imports(tmp_path):
    (tmp_path / "pkg/sub").mkdir(parents=True)
    (tmp_path / "pkg/__init__.py").write_text("from .base import x\n")
    (tmp_path / "pkg/sub/__init__.py").write_text("")
    names = found(
        tmp_path,
        main="import pkg.sub.deep",
        pkg__base="",
        pkg__other="",
        pkg__sub__deep="from ..third import y\nfrom . import near",
        pkg__sub__near="",
        pkg__third="",
    )
    assert names == [
        "pkg/__init__.py",
        "pkg/base.py",
        "pkg/sub/__init__.py",
        "pkg/sub/deep.py",
        "pkg/sub/near.py",
        "pkg/third.py",
    ]


def test_a_submodule_that_is_imported_by_name_is_found(tmp_path):
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg/__init__.py").write_text("")
    assert found(tmp_path, main="from pkg import a, b", pkg__a="") == [
        "pkg/__init__.py",
        "pkg/a.py",
    ]


def test_a_folder_without_init_is_a_package_too(tmp_path):
    assert found(tmp_path, main="from pkg import a", pkg__a="import pkg.b", pkg__b="") == [
        "pkg/a.py",
        "pkg/b.py",
    ]


def test_what_the_standard_library_hides_is_left_out(tmp_path):
    assert found(tmp_path, main="import json, types", json="", types="") == []


def test_beside_an_installed_module_stands_no_module_of_the_users():
    installed = Path(sysconfig.get_paths()["purelib"]) / "typing_extensions.py"
    assert siblings(installed) == {}
