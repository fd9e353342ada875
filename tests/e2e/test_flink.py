"""The Beam steps on a Flink session cluster of Kubernetes, in a run of Kubeflow's.

`deploy/flink/flink.yaml` has been applied, with the image under test for its workers, where runs
happen (the namespace E2E_NAMESPACE, or `kubeflow`), and kubectl reaches it.
"""

import json
import os
import shutil
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from kubeflow_cases.in_pod import numbers

from tests.support import flink as manifest

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.timeout(3600)]

PROJECT = Path(__file__).parents[2]
QUICK = {"POWER_PROFILE": "sample", "POWER_MODEL__STEPS": "40", "POWER_TUNER__STEPS": "10"}
STEPS = ("powerexamplegen", "statisticsgen", "transform", "evaluator")
ASKED = 20
"""Tasks of a job that are asked for their task managers; the Evaluator has more."""


class Flink:
    """The session cluster, as kubectl and Flink's REST interface see it.

    Args:
        namespace: Where it was deployed.
    """

    def __init__(self, namespace: str) -> None:
        self._kubectl = ["kubectl", "--namespace", namespace]
        self._rest = f"/api/v1/namespaces/{namespace}/services/power-flink:rest/proxy"

    def kubectl(self, *arguments: str) -> str:
        return subprocess.run(
            [*self._kubectl, *arguments], check=True, capture_output=True, text=True
        ).stdout

    def rest(self, path: str) -> dict:
        return json.loads(self.kubectl("get", "--raw", f"{self._rest}/{path}"))

    def job(self, step: str) -> dict | None:
        """The newest job of a step."""
        found = [job for job in self.rest("jobs/overview")["jobs"] if job["name"].startswith(step)]
        return max(found, key=lambda job: job["start-time"], default=None)

    def running(self, step: str) -> bool:
        """Whether tasks of the step's job have ended, and not all of them."""
        job = self.job(step)
        return bool(job and job["state"] == "RUNNING" and job["tasks"]["finished"])

    def kill_a_task_manager(self) -> None:
        """Ends a pod as a failing machine does."""
        pod, *_ = self.kubectl(
            "get", "pods", "--selector=app=power-flink,part=task-manager", "--output=name"
        ).split()
        self.kubectl("delete", pod, "--grace-period=0", "--force")

    def task_managers(self, job: str) -> set[str]:
        """Those that worked on some of a job's tasks of several workers."""
        tasks = [
            task["id"] for task in self.rest(f"jobs/{job}")["vertices"] if task["parallelism"] > 1
        ]
        return {
            manager["taskmanager-id"]
            for task in tasks[:ASKED]
            for manager in self.rest(f"jobs/{job}/vertices/{task}/taskmanagers")["taskmanagers"]
        }


@pytest.fixture(scope="module")
def flink(cluster) -> Flink:
    if shutil.which("kubectl") is None:
        pytest.skip("no kubectl on PATH, with which Flink's pods are looked at")
    flink = Flink(os.environ.get("E2E_NAMESPACE", "kubeflow"))
    try:
        for name in ("power-flink", "power-flink-tasks"):
            flink.kubectl("rollout", "status", f"deployment/{name}", "--timeout=120s")
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no Flink where runs happen (deploy/flink/flink.yaml): {error.stderr}")
    # A task manager that ends at once is ready in between.
    cluster.until(lambda: flink.rest("overview")["slots-total"] >= 2, "two slots are offered")
    return flink


@pytest.fixture(scope="module")
def run(cluster, flink) -> dict:
    """What a run left, during whose Evaluator a task manager was lost."""
    name = f"e2e-{uuid.uuid4().hex[:8]}"
    serving = f"{cluster.bucket}/{name}/serving"
    own = {"POWER_NAME": name, "POWER_KUBEFLOW__SERVING_BASE": serving}
    env = QUICK | manifest.environment() | own
    cluster.tfx("pipeline", "create", "--pipeline-path=runner_kubeflow.py", env=env)
    cluster.tfx("run", "create", f"--pipeline-name={name}")
    [run] = cluster.runs(name)

    def evaluating() -> bool:
        state = cluster.client.get_run(run.run_id).state
        assert state in (None, "PENDING", "RUNNING"), f"{run.run_id}: {state}"
        return flink.running("evaluator")

    cluster.until(evaluating, "the Evaluator's job is in its middle")
    flink.kill_a_task_manager()
    cluster.wait(run.run_id)
    return cluster.look(run.run_id, f"{serving}/{name}")


@pytest.fixture(scope="module")
def there(cluster, run) -> dict:
    """What its Beam steps computed."""
    uris = {
        "examples": run["artifacts"]["power-example-gen/examples"]["uri"],
        "statistics": run["artifacts"]["statistics-gen/statistics"]["uri"],
        "evaluation": run["artifacts"]["evaluator/evaluation"]["uri"],
    }
    return cluster.inside("numbers", uris)


@pytest.fixture(scope="module")
def here(there, tmp_path_factory) -> dict:
    """The same of a run with DirectRunner on this machine."""
    folder = tmp_path_factory.mktemp("here")
    environment = os.environ | QUICK | {"POWER_NAME": "here", "POWER_OUTPUTS": str(folder)}
    command = [sys.executable, "runner_local.py"]
    subprocess.run(command, cwd=PROJECT, env=environment, check=True, capture_output=True)
    outputs = (
        "PowerExampleGen/examples",
        "StatisticsGen/statistics",
        "Evaluator/evaluation",
    )
    artifacts = [next((folder / "here/artifacts" / name).iterdir()) for name in outputs]
    return json.loads(json.dumps(numbers.summary(*artifacts)))


def test_the_run_goes_on_to_a_pushed_model(run):
    assert set(run["steps"].values()) == {"COMPLETE"}
    assert run["artifacts"]["evaluator/blessing"]["properties"]["blessed"] == 1
    assert len(run["versions"]) == 1
    assert run["answer"]["reasons"] == []


@pytest.mark.parametrize("step", STEPS)
def test_both_task_managers_work_on_each_step(run, flink, step):
    assert len(flink.task_managers(flink.job(step)["jid"])) >= 2


@pytest.mark.parametrize("step", sorted(manifest.READING))
def test_both_task_managers_read_examples(run, flink, step):
    assert min(manifest.files_read(flink.rest, flink.job(step)["jid"], step)) > 0


def test_the_evaluator_goes_on_without_the_lost_task_manager(run, flink):
    job = flink.rest(f"jobs/{flink.job('evaluator')['jid']}")
    assert job["state"] == "FINISHED"
    assert job["timestamps"]["RESTARTING"] > 0


def test_examples_are_those_of_direct_runner(here, there):
    assert there["examples"] == here["examples"]


def test_statistics_are_those_of_direct_runner(here, there):
    for split, features in here["statistics"].items():
        assert there["statistics"][split].keys() == features.keys()
        for name, values in features.items():
            assert there["statistics"][split][name] == pytest.approx(values, rel=1e-9), name


def test_the_evaluation_is_that_of_direct_runner(here, there):
    assert there["evaluation"] == pytest.approx(here["evaluation"], rel=1e-4)
