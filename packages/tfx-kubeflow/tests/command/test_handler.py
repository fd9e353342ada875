"""The stock `tfx` command with --engine=kubeflow."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from kubeflow_cases import fake_server
from kubeflow_cases.fake_server import FakeServer
from tfx_kubeflow.command import plug

RUNNER = """
from kubeflow_cases import pipelines
from tfx import v1
from tfx_kubeflow.runner import KubeflowRunner
from tfx_kubeflow.settings import KubeflowSettings

number = v1.dsl.experimental.RuntimeParameter("number", int, 1)
write = pipelines.Write(number=number, name="a", share=0.5)
read = pipelines.Read(report=write.outputs["report"])
if __name__ == "__main__":
    KubeflowRunner(KubeflowSettings(image="i")).run(pipelines.pipeline(write, read))
"""
# Python starts, sees the .pth file of the installed package, and runs the command's own script.
TFX = "import site, sys; site.addsitedir(sys.argv.pop(1)); " + (
    "from tfx.tools.cli.cli_main import cli_group; sys.argv[0] = 'tfx'; cli_group()"
)


@pytest.fixture
def server(monkeypatch):
    server = FakeServer()
    monkeypatch.delenv("KFP_ENDPOINT", raising=False)
    yield server
    server.close()


@pytest.fixture
def tfx(tmp_path, monkeypatch):
    """Runs `tfx ARGUMENTS` in this process, with our plug as Python's start leaves it."""
    monkeypatch.chdir(tmp_path)
    # TFX looks for kfp with `pip freeze`, which takes seconds.
    monkeypatch.setattr("subprocess.check_output", lambda *_, **__: b"kfp==2.16.1\n")
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    monkeypatch.delitem(sys.modules, plug.HANDLER, raising=False)
    plug.install()
    from tfx.tools.cli.cli_main import cli_group

    (tmp_path / "runner.py").write_text(RUNNER)

    def run(*arguments, code=0):
        result = CliRunner().invoke(cli_group, list(arguments))
        assert result.exit_code == code, result.output
        return result.output

    return run


def test_compile_needs_no_server(tfx, tmp_path):
    output = tfx("pipeline", "compile", "--engine=kubeflow", "--pipeline-path=runner.py")
    assert f"Pipeline package path: {tmp_path}/small.yaml" in output
    spec = next(yaml.safe_load_all((tmp_path / "small.yaml").read_text()))
    assert spec["schemaVersion"] == "2.1.0"


def test_the_engine_is_found_by_itself(tfx, tmp_path):
    tfx("pipeline", "compile", "--pipeline-path=runner.py")
    assert (tmp_path / "small.yaml").exists()


def test_a_file_for_tfx_own_runner_is_told_which_one_it_needs(tfx, tmp_path):
    (tmp_path / "theirs.py").write_text(
        "from tfx.orchestration.kubeflow.v2.kubeflow_v2_dag_runner import *\n"
        "from kubeflow_cases import pipelines\n"
        "config = KubeflowV2DagRunnerConfig(default_image='i')\n"
        "KubeflowV2DagRunner(config).run(pipelines.pipeline(pipelines.Count(start=1)))\n"
    )
    output = tfx("pipeline", "compile", "--engine=kubeflow", "--pipeline-path=theirs.py", code=1)
    assert "use tfx_kubeflow.runner.KubeflowRunner instead" in output
    (tmp_path / "fails.py").write_text("raise SystemExit('Error: of its own')\n")
    output = tfx("pipeline", "compile", "--engine=kubeflow", "--pipeline-path=fails.py", code=1)
    assert output.endswith("Error: of its own\n")


def test_a_pipelines_whole_life(tfx, server, tmp_path, monkeypatch):
    to = ("--engine=kubeflow", f"--endpoint={server.url}")
    assert "No pipelines" in tfx("pipeline", "list", *to)
    output = tfx("pipeline", "create", *to, "--pipeline-path=runner.py")
    assert 'Pipeline "small" created successfully.' in output
    assert f"{server.url}/#/pipelines/details/pipeline-" in output
    assert not (tmp_path / "small.yaml").exists(), "the package goes to the server alone"
    output = tfx("pipeline", "create", *to, "--pipeline-path=runner.py", code=1)
    output = tfx("pipeline", "update", *to, "--pipeline-path=runner.py")
    assert "Version 'small-" in output
    assert "small" in tfx("pipeline", "list", *to)

    assert "No runs found" in tfx("run", "list", *to, "--pipeline-name=small")
    value = "--runtime-parameter=number=5"
    output = tfx("run", "create", *to, "--pipeline-name=small", value)
    ((run_id, run),) = server.runs.items()
    assert run_id in output
    assert run["runtime_config"]["parameters"] == {"number": 5}
    assert run_id in tfx("run", "list", *to, "--pipeline-name=small")
    status = ("run", "status", *to, "--pipeline-name=small", f"--run-id={run_id}")
    assert "PENDING" in tfx(*status)
    run["state"] = "FAILED"
    run["run_details"] = {
        "task_details": [{"display_name": "write", "state": "FAILED", "pod_name": "pod-1"}]
    }
    server.logs["pod-1"] = "Write failed: OSError: disk full\n"
    output = tfx(*status)
    assert "Task write failed: Write failed: OSError: disk full" in output
    assert "more: curl http://127.0.0.1:" in output
    others = [route for route in fake_server.ROUTES if "v1beta1" not in route[1]]
    monkeypatch.setattr(fake_server, "ROUTES", others)  # as where the first API is switched off
    assert tfx(*status) == output
    tfx("run", "terminate", *to, f"--run-id={run_id}")
    assert run["state"] == "CANCELING"
    tfx("run", "delete", *to, f"--run-id={run_id}")
    assert not server.runs
    assert "2 versions" in tfx("pipeline", "delete", *to, "--pipeline-name=small")
    assert not server.pipelines


def test_errors_end_the_command_with_one_sentence(tfx, server):
    arguments = ("--engine=kubeflow", f"--endpoint={server.url}", "--pipeline-name=other")
    runner = CliRunner()
    from tfx.tools.cli.cli_main import cli_group

    result = runner.invoke(cli_group, ["run", "create", *arguments])
    assert str(result.exception) == "Error: no pipeline 'other'; there are: none"


def test_the_schema_comes_from_the_newest_run_that_made_one(tfx, server, tmp_path, monkeypatch):
    monkeypatch.setenv("KFP_ENDPOINT", server.url)
    to = ("--engine=kubeflow", f"--endpoint={server.url}")
    tfx("pipeline", "create", *to, "--pipeline-path=runner.py")
    schema = ("pipeline", "schema", "--engine=kubeflow", "--pipeline-name=small")
    assert "no run of small has made a schema" in str(_failure(tfx, schema))
    tfx("run", "create", *to, "--pipeline-name=small")
    ((run_id, run),) = server.runs.items()
    run["runtime_config"]["pipeline_root"] = str(tmp_path / "root")
    folder = tmp_path / "root/small" / run_id / "read/1/schema"
    folder.mkdir(parents=True)
    (folder / "schema.pbtxt").write_text('feature { name: "a" }\n')
    assert 'name: "a"' in tfx(*schema)
    assert (tmp_path / "schema.pbtxt").read_text() == 'feature { name: "a" }\n'


def _failure(tfx, arguments):
    from tfx.tools.cli.cli_main import cli_group

    return CliRunner().invoke(cli_group, list(arguments)).exception


def test_an_image_can_be_built_before(tfx, server, monkeypatch):
    from tfx.tools.cli.container_builder import builder

    monkeypatch.setattr(builder, "build", lambda target_image, base_image: f"{target_image}@1")
    to = ("--engine=kubeflow", f"--endpoint={server.url}", "--build-image")
    output = tfx("pipeline", "create", *to, "--pipeline-path=runner.py")
    assert 'New container image "i@1" was built.' in output
    (version,) = server.versions.values()
    assert "i@1" in json.dumps(version.pipeline_spec)


@pytest.mark.slow
def test_the_installed_command_works_in_a_process_of_its_own(tmp_path):
    (tmp_path / "runner.py").write_text(RUNNER)
    line = Path(plug.__file__).parents[1].joinpath("tfx_kubeflow.pth")
    (tmp_path / line.name).write_text(line.read_text())
    places = Path(plug.__file__).parents[2], Path(__file__).parents[1]
    done = subprocess.run(
        [
            *(sys.executable, "-c", TFX, str(tmp_path), "pipeline", "compile"),
            *("--engine=kubeflow", "--pipeline-path=runner.py"),
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(map(str, places)),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        },
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "small.yaml" in done.stdout
