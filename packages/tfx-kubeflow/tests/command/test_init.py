"""What `tfx-kubeflow init` writes."""

import ast
import tomllib

from tfx_kubeflow.command.init import FILES
from tfx_kubeflow.command.main import main
from tfx_kubeflow.settings import KubeflowSettings


def test_it_writes_all_that_a_project_needs(tmp_path, capsys):
    assert main(["init", str(tmp_path / "project")]) == 0
    written = {path.name: path.read_text() for path in (tmp_path / "project").iterdir()}
    assert set(written) == set(FILES)
    assert "KubeflowRunner().run(" in ast.unparse(ast.parse(written["kubeflow_runner.py"]))
    settings = tomllib.loads(written["tfx-kubeflow.toml"])
    assert KubeflowSettings.model_validate(settings).defaults.retries == 2
    assert "tfx-kubeflow" in written["requirements.txt"]
    assert written["Dockerfile"].startswith("#")
    assert str(tmp_path / "project/Dockerfile") in capsys.readouterr().out


def test_it_replaces_nothing_unless_it_is_told_to(tmp_path, capsys):
    (tmp_path / "Dockerfile").write_text("mine")
    assert main(["init", str(tmp_path)]) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["Dockerfile"]
    assert "--force replaces" in capsys.readouterr().err
    assert main(["init", str(tmp_path), "--force"]) == 0
    assert (tmp_path / "Dockerfile").read_text() != "mine"
