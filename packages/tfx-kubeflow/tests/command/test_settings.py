import json
import subprocess
import sys

import pytest
from tfx_kubeflow.command import main as command


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_it_prints_each_setting_with_its_origin(project, monkeypatch, capsys):
    (project / "tfx-kubeflow.toml").write_text('image = "taxi:1"\n[nodes.Trainer]\ngpus = 1')
    monkeypatch.setenv("TFX_KUBEFLOW_DEFAULTS__ENV", '{"MODE": "x"}')
    assert command.main(["settings"]) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert f'image = "taxi:1" # {project}/tfx-kubeflow.toml' in lines
    assert f"nodes.Trainer.gpus = 1 # {project}/tfx-kubeflow.toml" in lines
    assert 'defaults.env.MODE = "x" # TFX_KUBEFLOW_DEFAULTS__ENV' in lines
    assert 'pipeline_root = "minio://mlpipeline/v2/artifacts" # default' in lines


def test_a_value_under_the_name_of_a_credential_is_not_printed(project, capsys):
    (project / "tfx-kubeflow.toml").write_text(
        'image = "i"\n[defaults]\nenv = {X_TOKEN = "hunter2"}\nnot_secret = ["X_TOKEN"]'
    )
    assert command.main(["settings"]) == 0
    assert "hunter2" not in capsys.readouterr().out


def test_a_wrong_setting_is_an_error_in_one_line(capsys):
    assert command.main(["settings"]) == 1
    assert capsys.readouterr().err.startswith("error: image: required; set TFX_KUBEFLOW_IMAGE")


def test_the_schema_describes_every_key(capsys):
    assert command.main(["settings", "--json-schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert schema["properties"]["image"]["description"].startswith("Container image")


def test_it_imports_neither_tfx_nor_kfp(project):
    code = (
        "import sys; from tfx_kubeflow.command.main import main; main(['settings']); "
        "print(sorted({'tfx', 'kfp', 'tensorflow'} & sys.modules.keys()))"
    )
    (project / "tfx-kubeflow.toml").write_text('image = "i"')
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
