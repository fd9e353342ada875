"""User modules with modules beside them, from a file to what runs in the pod."""

import os
import sys

import pytest
from kubeflow_cases.steps import TYPES, executor_input, step
from tfx.components.util import udf_utils
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx_kubeflow.errors import StepError
from tfx_kubeflow.protocol import UserModule, pack, unpack
from tfx_kubeflow.steps.executor import run_executor
from tfx_kubeflow.steps.user_modules import importable, write_module

MAIN = (
    "import helper\nfrom pkg.inner import NAME\ndef run_fn(path):\n    helper.write(path, NAME)\n"
)
HELPER = """
import subprocess, sys
def write(path, name):
    code = "import helper, pkg.inner; print(pkg.inner.NAME)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    path.write_text(f"{VERSION} {name} {said.stdout.strip()}")
"""


def module(version):
    return UserModule(
        MAIN,
        {
            "helper.py": f"VERSION = {version}\n{HELPER}",
            "pkg/__init__.py": "",
            "pkg/inner.py": "NAME = 'Größe'\n",
        },
    )


class RunFn(BaseExecutor):
    def Do(self, inputs, outputs, exec_properties):  # noqa: N802
        from pathlib import Path

        run_fn = udf_utils.get_fn(exec_properties, "run_fn")
        folder = Path(outputs["model"][0].uri)
        folder.mkdir(parents=True, exist_ok=True)
        run_fn(folder / "said")


@pytest.mark.parametrize("version", [1, 2])
def test_a_step_and_its_subprocesses_import_what_stood_beside_the_module(tmp_path, version):
    outputs = {"model": f"{TYPES}Model"}
    given = {"module_file": "my module-1.py", "module_source": pack(module(version))}
    path, python_path = list(sys.path), os.environ.get("PYTHONPATH")
    run_executor(
        step(RunFn, outputs, parameters={"module_file": "str"}),
        executor_input(tmp_path, outputs=outputs, **given),
        [],
    )
    assert (tmp_path / "model/said").read_text() == f"{version} Größe Größe"
    assert (sys.path, os.environ.get("PYTHONPATH")) == (path, python_path)
    assert "helper" not in sys.modules


def test_a_module_alone_changes_no_path(tmp_path):
    before = list(sys.path)
    path = write_module(UserModule("x = '\\r\\n'\r\n", {}), "m.py", tmp_path)
    assert path.read_bytes() == b"x = '\\r\\n'\r\n"
    with importable(tmp_path):
        assert sys.path == before


@pytest.mark.parametrize("name", ["../evil.py", "/tmp/evil.py", "a/../../evil.py"])
def test_no_module_is_written_outside_its_folder(name):
    with pytest.raises(StepError, match="outside its folder"):
        unpack(pack(UserModule("", {name: ""})))


@pytest.mark.parametrize("text", ["", "{", '{"a": 1}', '"source"', "bm90IHpsaWI="])
def test_what_another_release_packed_is_refused_with_words(text):
    with pytest.raises(StepError, match="compile the pipeline again"):
        unpack(text)
