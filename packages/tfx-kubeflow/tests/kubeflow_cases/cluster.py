"""A Kubeflow Pipelines installation as the tests use it: the tfx command, and looks from inside."""

import json
import os
import subprocess
import sys
import time
import uuid
from pathlib import Path

import kfp
import pytest
import requests
from tfx import v1
from tfx.dsl.component.experimental.container_component import create_container_component
from tfx_kubeflow.compiler.package import package_text
from tfx_kubeflow.runner import KubeflowRunner
from tfx_kubeflow.settings import NodeSettings

from tfx_pipeline.settings import load_settings

PROJECT = Path(__file__).parents[4]
IN_POD = Path(__file__).parent / "in_pod"
MARK = "E2E "
LOG_TIMEOUT = 30.0
"""Seconds."""
CHARACTERS = 20_000
"""Of a text that is read."""


class Cluster:
    """An installation, given an image that its nodes have.

    Nothing but the API's address is needed: the store and ML Metadata are looked at by pods.

    Args:
        endpoint: Address of KFP's API.
        image: Name of the image.
        timeout: Seconds that a run may take.
        folder: Scratch folder.
    """

    def __init__(self, endpoint: str, image: str, timeout: float, folder: Path) -> None:
        self.endpoint = endpoint.rstrip("/")
        self.image = image
        self.timeout = timeout
        self.folder = folder
        self.ended: list[str] = []
        self.client = kfp.Client(host=endpoint)
        self.settings = load_settings([f"--kubeflow.image={image}"]).kubeflow
        self.bucket = "/".join(self.settings.pipeline_root.split("/")[:3])
        self.started = time.time()

    def tell(self, text: str) -> None:
        """Prints progress; runs take minutes."""
        print(f"{time.time() - self.started:6.0f} s  {text}", file=sys.__stderr__, flush=True)

    def tfx(self, *arguments: str, env: dict[str, str] | None = None, status: int = 0) -> str:
        """Runs the stock tfx command and returns what it prints."""
        done = subprocess.run(
            [Path(sys.executable).parent / "tfx", *arguments, "--engine=kubeflow"],
            cwd=PROJECT,
            env={
                **os.environ,
                "KFP_ENDPOINT": self.endpoint,
                "POWER_KUBEFLOW__IMAGE": self.image,
                **(env or {}),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == status, done.stdout + done.stderr
        self.tell(" ".join(("tfx", *arguments)))
        return done.stdout + done.stderr

    def run(self, pipeline: str, *, state: str = "SUCCEEDED") -> str:
        """Starts a run with the tfx command, waits for it, and returns its id."""
        self.tfx("run", "create", f"--pipeline-name={pipeline}")
        run_id = self.runs(pipeline)[0].run_id
        self.wait(run_id, state=state)
        return run_id

    def runs(self, pipeline: str) -> list:
        """The runs of a pipeline, newest first."""
        experiment = self.client.get_experiment(experiment_name=pipeline).experiment_id
        found = self.client.list_runs(
            experiment_id=experiment, sort_by="created_at desc", page_size=100
        )
        return found.runs or []

    def wait(self, run_id: str, state: str = "SUCCEEDED") -> None:
        """Waits until a run has ended as expected."""
        start = time.time()
        ended = self.client.wait_for_run_completion(run_id, self.timeout, sleep_duration=3)
        self.tell(f"run {run_id}: {ended.state} after {time.time() - start:.0f} s")
        self.ended.append(run_id)
        if ended.state != state:
            words = self.tfx("run", "status", "--pipeline-name=e2e", f"--run-id={run_id}")
            raise AssertionError(f"{ended.state} instead of {state}\n{words}")

    def timings(self) -> str:
        """Seconds of every task of every run: of KFP's driver, and of the rest with its pod."""
        lines = ["run\ttask\tdriver\ttask itself"]
        for run_id in self.ended:
            run = self.client.get_run(run_id)
            spans = {
                detail.display_name: (detail.end_time - detail.start_time).total_seconds()
                for detail in run.run_details.task_details
                if detail.display_name
                and detail.end_time
                and detail.start_time
                # Of a task that KFP knows no end of, it is the year 1.
                and detail.end_time > detail.start_time
            }
            whole = (run.finished_at - run.created_at).total_seconds()
            lines.append(f"{run.display_name}\tall\t\t{whole:.0f}")
            lines += [
                f"\t{name}\t{spans[name + '-driver']:.0f}\t{seconds:.0f}"
                for name, seconds in spans.items()
                if f"{name}-driver" in spans
            ]
        return "\n".join(lines)

    def until(self, condition, what: str) -> None:
        """Waits for something to come true."""
        end = time.time() + self.timeout
        while not condition():
            assert time.time() < end, f"after {self.timeout:.0f} s: {what}"
            time.sleep(3)
        self.tell(what)

    def scratch(self) -> str:
        """A new folder in the store of the pipeline root."""
        return f"{self.bucket}/e2e-{uuid.uuid4().hex[:8]}"

    def place(self, address: str, **contents) -> None:
        """Puts data into the store, see in_pod/place.py."""
        found = self.inside("place", {"address": address, **contents})
        assert found["bytes"] > 0

    def read(self, address: str) -> str:
        """The beginning of a text in the store: it comes through the log of a pod."""
        return self.inside("read", {"address": address, "characters": CHARACTERS})["text"]

    def look(self, run_id: str, serving: str) -> dict:
        """What a run left behind, see in_pod/look.py."""
        return self.inside("look", {"run": run_id, "serving": serving})

    def inside(self, script: str, given: dict) -> dict:
        """Runs a script of in_pod in a pod of the image and returns what it reports."""
        source = (IN_POD / f"{script}.py").read_text()
        component = create_container_component(
            name="Inside",
            image=self.image,
            command=["python3", "-c", source, json.dumps(given)],
        )
        store = self.settings.store
        node = NodeSettings(
            cache=False,
            env={"MINIO_ENDPOINT": store.endpoint} if store.endpoint else {},
            secrets=(store.secret,) if store.secret else (),
        )
        settings = self.settings.model_copy(update={"nodes": {"Inside": node}})
        pipeline = v1.dsl.Pipeline(
            pipeline_name="e2e-inside", pipeline_root="", components=[component()]
        )
        runner = KubeflowRunner(settings)
        package = self.folder / f"{script}.yaml"
        package.write_text(package_text(*runner.compile(pipeline)))
        return self._report(self.run_package(package))

    def run_package(self, package: Path, *, state: str = "SUCCEEDED", **parameters: str) -> str:
        """Runs a package that is no pipeline of the server's; returns the run's id."""
        made = self.client.create_run_from_pipeline_package(
            str(package),
            arguments=parameters,
            run_name=f"e2e {package.stem}",
            experiment_name="e2e",
            pipeline_root=self.settings.pipeline_root,
        )
        self.wait(made.run_id, state=state)
        return made.run_id

    def _report(self, run_id: str) -> dict:
        details = self.client.get_run(run_id).run_details.task_details
        pods = {pod.pod_name for task in details for pod in (task, *(task.child_tasks or ()))}
        for pod in sorted(pods - {None, ""}):
            address = f"{self.endpoint}/apis/v1alpha1/runs/{run_id}/nodes/{pod}/log"
            for line in requests.get(address, timeout=LOG_TIMEOUT).text.splitlines():
                if line.startswith(MARK):
                    return json.loads(line.removeprefix(MARK))
        raise AssertionError(f"no pod of {run_id} reported anything: {sorted(pods)}")


TIMEOUT = 1800.0
"""Seconds that a run may take."""


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    endpoint, image = os.environ.get("KFP_ENDPOINT"), os.environ.get("IMAGE")
    if not (endpoint and image):
        pytest.skip("no Kubeflow Pipelines: KFP_ENDPOINT and IMAGE are not given")
    timeout = float(os.environ.get("E2E_TIMEOUT", TIMEOUT))
    cluster = Cluster(endpoint, image, timeout, tmp_path_factory.mktemp("e2e"))
    yield cluster
    cluster.tell("\n" + cluster.timings())
