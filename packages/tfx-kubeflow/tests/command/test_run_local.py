"""`tfx-kubeflow run-local`, as a user starts it."""

import os
import signal
import subprocess
import sys
import time

import pytest
from kubeflow_cases import pipelines
from tfx_kubeflow.command.main import main
from tfx_kubeflow.local.record import read_record
from tfx_kubeflow.runner import KubeflowRunner
from tfx_kubeflow.settings import KubeflowSettings

RUNNER = """
from kubeflow_cases import endings, pipelines
from tfx import v1
from tfx_kubeflow.runner import KubeflowRunner
from tfx_kubeflow.settings import KubeflowSettings

number = v1.dsl.experimental.RuntimeParameter("number", int, 1)
write = pipelines.Write(number=number, name="a", share=0.5)
with v1.dsl.Cond(write.outputs["report"].future()[0].custom_property("said") == "7 a 0.5"):
    fail = endings.Fail(reason="seven")
if __name__ == "__main__":
    KubeflowRunner(KubeflowSettings(image="i")).run(pipelines.pipeline(write, fail))
"""
COMMAND = (sys.executable, "-m", "tfx_kubeflow.command.main", "run-local")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "runner.py"
    path.write_text(RUNNER)
    return path


@pytest.mark.slow
def test_a_file_is_compiled_and_run_and_exit_codes_tell_what_became_of_it(file, tmp_path):
    def run(*options):
        command = (*COMMAND, "--pipeline-path=runner.py", *options)
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    done = run()
    assert (done.returncode, done.stderr) == (0, "")
    (folder,) = (tmp_path / "local-runs/small").iterdir()
    record = read_record(folder)
    assert [str(step.state) for step in record.steps] == ["SUCCEEDED", "SKIPPED"]
    assert record.steps[0].peak_memory_bytes > 50e6
    assert "said=1 a 0.5" in done.stdout
    assert f"{folder}/run.json" in done.stdout
    done = run("-p", "number=7", "--root=other")
    assert (done.returncode, done.stderr) == (1, "")
    assert "\nfail failed: ValueError: seven\n" in done.stdout


@pytest.fixture
def package(tmp_path):
    runner = KubeflowRunner(KubeflowSettings(image="i"), str(tmp_path))
    runner.run(pipelines.pipeline(pipelines.Count(start=1)))
    return runner.package_path("small")


@pytest.mark.parametrize(
    ("number", "code", "words"),
    [(signal.SIGINT, 130, "interrupted\n"), (signal.SIGTERM, 143, "terminated\n")],
)
def test_an_interrupt_is_told_by_the_exit_code_and_recorded(package, tmp_path, number, code, words):
    docker = tmp_path / "docker"
    docker.write_text("#!/bin/sh\necho started\nexec sleep 60\n")
    docker.chmod(0o755)
    process = subprocess.Popen(
        [*COMMAND, str(package), "--docker", "--verbose", f"--root={tmp_path}/root"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
    )
    while "started" not in process.stdout.readline():
        time.sleep(0.01)
    process.send_signal(number)
    _, errors = process.communicate()
    assert (process.returncode, errors) == (code, words)
    (folder,) = (tmp_path / "root/small").iterdir()
    assert read_record(folder).state == "CANCELED"


@pytest.mark.parametrize("text", ["", "a: [", "a: 1", "[1]", "\x00", "pipelineInfo: {name: a}"])
def test_wrong_usage(package, tmp_path, capsys, text):
    noise = tmp_path / "noise.yaml"
    noise.write_text(text)
    for arguments, message in (
        (["--pipeline-path=none.py"], "none.py: no such file"),
        ([], "one of the arguments package --pipeline-path is required"),
        (["none.yaml"], "none.yaml: no such package; `tfx pipeline compile` writes one"),
        ([str(noise)], "noise.yaml: no such package; `tfx pipeline compile` writes one"),
        ([str(package), f"--pipeline-path={package}"], "not allowed with"),
        ([str(package), "-p", "number"], "expected NAME=VALUE"),
    ):
        with pytest.raises(SystemExit) as usage:
            main(["run-local", *arguments])
        assert usage.value.code == 2
        assert message in capsys.readouterr().err


def test_a_parameter_that_the_pipeline_does_not_have(package, tmp_path, capsys):
    assert main(["run-local", str(package), f"--root={tmp_path}", "-p", "no=1"]) == 1
    assert "Error: no runtime parameter 'no'; the pipeline has: none" in capsys.readouterr().err


def test_a_root_that_cannot_be_written_is_told_in_one_sentence(package, capsys):
    assert main(["run-local", str(package), "--root=/proc/none"]) == 1
    assert capsys.readouterr().err.startswith(
        "Error: [Errno 2] No such file or directory: '/proc/n"
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "message"),
    [
        (RUNNER.replace('image="i"', 'image=""'), "Error: "),
        (RUNNER.replace("pipelines.pipeline(write, fail)", "pipelines.pipeline()"), "Error: "),
        ("print(1)", "Cannot find KubeflowRunner.run()"),
    ],
)
def test_what_does_not_compile_is_told_in_one_sentence(file, capsys, text, message):
    file.write_text(text)
    assert main(["run-local", f"--pipeline-path={file}"]) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["run-local"], ["schedule"], ["manifest"]])
def test_help_comes_without_the_heavy_imports(arguments):
    code = (
        "import atexit, sys; from tfx_kubeflow.command.main import main;"
        "atexit.register(lambda: print('\\nloaded', *sys.modules)); main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments, "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    text, _, loaded = done.stdout.partition("\nloaded ")
    assert text.startswith("usage: tfx-kubeflow")
    assert not {"tfx", "kfp", "tensorflow", "kfp_server_api"} & set(loaded.split())
