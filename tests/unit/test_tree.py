"""The unit tests mirror the source tree, so that the tests of a module are where one looks."""

import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
RUNNER = PROJECT / "packages" / "tfx-kubeflow"
TREES = {
    PROJECT / "tests/unit": [PROJECT / "tfx_pipeline", PROJECT],
    RUNNER / "tests": [RUNNER / "src/tfx_kubeflow"],
}
"""Folder of tests -> folders of the sources that they mirror."""
OF_THE_WHOLE = {
    "tests/unit/test_layers.py",
    "tests/unit/test_tree.py",
    "tests/unit/test_workflow.py",
    "packages/tfx-kubeflow/tests/test_examples.py",
    "packages/tfx-kubeflow/tests/test_refusals.py",
    "packages/tfx-kubeflow/tests/steps/test_recorded.py",
    "packages/tfx-kubeflow/tests/steps/test_values.py",
}
"""Tests of what no single module or package does."""
ELSEWHERE = {"e2e", "conformance", "kubeflow_cases", "integration"}


def unit_tests():
    for tests, sources in TREES.items():
        for file in sorted(tests.rglob("test_*.py")):
            if not ELSEWHERE & set(file.relative_to(tests).parts):
                yield pytest.param(tests, sources, file, id=str(file.relative_to(PROJECT)))


@pytest.mark.parametrize(("tests", "sources", "file"), unit_tests())
def test_a_test_is_named_after_a_module_or_package(tests, sources, file):
    if str(file.relative_to(PROJECT)) in OF_THE_WHOLE:
        return
    mirrored = file.relative_to(tests).with_name(file.stem.removeprefix("test_"))
    found = [
        path
        for source in sources
        for path in (source / f"{mirrored}.py", source / mirrored)
        if path.exists()
    ]
    assert found, f"no module or package {mirrored}; rename the test, or move it"


def test_no_module_has_the_name_of_one_of_python():
    sources = (source for each in TREES.values() for source in each)
    folders = {PROJECT / "modules", *(source for source in sources if source != PROJECT)}
    named = [file for folder in folders for file in folder.rglob("*.py")]
    assert named
    assert [file for file in named if file.stem in sys.stdlib_module_names] == []
