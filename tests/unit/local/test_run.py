"""What keeps a run from starting is said in one line, with exit code 1; it starts quickly."""

import subprocess
import sys

import pytest

from tfx_pipeline.local.run import run_pipeline
from tfx_pipeline.settings import load_settings


@pytest.fixture
def started(tmp_path, capsys):
    """Starts a run with some settings; returns the error that it ends with."""

    def start(**settings: str) -> str:
        options = {"outputs": tmp_path / "outputs", "profile": "sample"} | settings
        arguments = [f"--{name.replace('__', '.')}={value}" for name, value in options.items()]
        assert run_pipeline(load_settings(arguments)) == 1
        [line] = capsys.readouterr().err.splitlines()
        return line

    return start


def test_data_that_is_not_there(started):
    assert started(data__path="/nowhere.csv") == (
        "error: data.path: /nowhere.csv: there is no /nowhere.csv"
    )


def test_a_schema_that_is_not_there(started):
    line = started(validation__schema_file="/nowhere")
    assert line.startswith("error: /nowhere: No such file or directory; see validation.schema_file")


def test_outputs_that_cannot_be_a_folder(started, tmp_path):
    (tmp_path / "file").write_text("")
    line = started(outputs=str(tmp_path / "file"))
    assert line == f"error: {tmp_path}/file/household-power-sample: Not a directory"


def test_outputs_that_cannot_be_written(started, monkeypatch):
    def read_only(path, **_):
        raise OSError(30, "Read-only file system", str(path))

    monkeypatch.setattr("pathlib.Path.mkdir", read_only)
    line = started()
    assert "outputs/household-power-sample: Read-only file system (choose a folder that" in line


def test_a_metadata_file_that_is_none(started, tmp_path):
    folder = tmp_path / "outputs/household-power-sample"
    folder.mkdir(parents=True)
    (folder / "metadata.sqlite").write_bytes(b"not a database" * 100)
    line = started()
    assert line.startswith(f"error: {folder}/metadata.sqlite: file is not a database (it is dam")


def test_what_only_executing_steps_need_is_not_imported():
    code = (
        "from tfx_kubeflow.imports import quick_imports\n"
        "with quick_imports(): import tfx_pipeline.local.run\n"
        "import sys; print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    # Vertex AI's client, and what TFMA and all of TFX's components bring along
    heavy = {"google.cloud.aiplatform", "nltk", "sklearn", "kubernetes"}
    assert heavy & set(done.stdout.split()) == set()
