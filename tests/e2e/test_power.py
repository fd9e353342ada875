"""The pipeline from its first run to its last, on a real Kubeflow Pipelines.

Data and served models are in the bucket of the pipeline root; E2E_PLACE names another URI, or
a folder where `kubeflow.defaults.volumes` mounts a volume that pods can write to.
"""

import os
import re
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.e2e, pytest.mark.timeout(4 * 3600)]

ROWS = 86_400
"""Sixty days of minutes, as the sample profile reads."""
LATER = 14_400
"""Ten days."""
QUIET = 100.0
"""Seconds without a run that tell a paused schedule of every minute."""
ALWAYS_RUN = {
    "power-example-gen-span",
    "previous-statistics",
    "baseline",
    "pusher",
    "run-report",
}
"""Steps that look at the world and are never answered from the cache."""
TRAINED = {"power-example-gen", "statistics-gen", "transform", "tuner", "trainer", "evaluator"}


@dataclass(frozen=True)
class Pipeline:
    """A pipeline of this test's own: its name, data and serving place."""

    cluster: object
    name: str
    base: str

    @property
    def serving(self):
        return f"{self.base}/serving/{self.name}"

    @property
    def env(self):
        return {
            "POWER_PROFILE": "sample",
            "POWER_NAME": self.name,
            "POWER_KUBEFLOW__DATA": f"{self.base}/data/span-{{SPAN}}/*",
            "POWER_KUBEFLOW__SERVING_BASE": f"{self.base}/serving",
        }

    def tfx(self, *arguments, **env):
        return self.cluster.tfx(*arguments, env=self.env | env)

    def place(self, span, first=0, **scale):
        minutes = {"first": first, "rows": ROWS, "scale": scale}
        self.cluster.place(f"{self.base}/data/span-{span}/power.csv", minutes=minutes)

    def run(self, state="SUCCEEDED"):
        run_id = self.cluster.run(self.name, state=state)
        return run_id, self.cluster.look(run_id, self.serving)

    def report(self, left):
        """The words at the head of a run's report, and its figures."""
        artifacts = left["artifacts"]
        assert artifacts["run-report/report"]["type"] == "system.HTML"
        assert artifacts["run-report/metrics"]["type"] == "system.Metrics"
        page = self.cluster.read(artifacts["run-report/report"]["uri"])
        [head] = re.findall("<header>.*?</dl>", page, re.DOTALL)
        return head, artifacts["run-report/metrics"]["properties"]

    def schedule(self, *arguments):
        command = [Path(sys.executable).parent / "tfx-kubeflow", "schedule", arguments[0]]
        done = subprocess.run(
            [*command, self.name, *arguments[1:], f"--endpoint={self.cluster.endpoint}"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        self.cluster.tell(done.stdout.strip())
        return done.stdout


@pytest.fixture(scope="module")
def pipeline(cluster):
    name = f"e2e-{uuid.uuid4().hex[:8]}"
    place = os.environ.get("E2E_PLACE", cluster.bucket)
    pipeline = Pipeline(cluster, name, f"{place}/{name}")
    pipeline.place(span=1)
    out = pipeline.tfx("pipeline", "create", "--pipeline-path=runner_kubeflow.py")
    assert f'Pipeline "{name}" created successfully.' in out
    return pipeline


@pytest.fixture(scope="module")
def first(pipeline):
    return pipeline.run()[1]


@pytest.fixture(scope="module")
def second(pipeline, first):
    return pipeline.run()[1]


@pytest.fixture(scope="module")
def scheduled(pipeline, second):
    """What the runs of a schedule left, after it was paused, resumed and deleted."""
    out = pipeline.schedule("create", "every-minute", "--cron=* * * * *")
    assert "ENABLED" in out
    until, runs = pipeline.cluster.until, pipeline.cluster.runs

    def ended(number):
        mine = [run for run in runs(pipeline.name) if run.recurring_run_id]
        return sum(run.state == "SUCCEEDED" for run in mine) >= number

    until(lambda: ended(2), "two scheduled runs succeeded")
    pipeline.schedule("pause", "every-minute")
    until(lambda: all(run.finished_at.year > 1970 for run in runs(pipeline.name)), "all ended")
    before = len(runs(pipeline.name))
    time.sleep(QUIET)
    assert len(runs(pipeline.name)) == before, "a paused schedule started a run"
    pipeline.schedule("resume", "every-minute")
    until(lambda: ended(before - 1), "one more scheduled run succeeded")
    pipeline.schedule("delete", "every-minute")
    assert "no schedule" in pipeline.schedule("list")
    last, *_ = [run for run in runs(pipeline.name) if run.state == "SUCCEEDED"]
    return last, pipeline.cluster.look(last.run_id, pipeline.serving)


@pytest.fixture(scope="module")
def third(pipeline, scheduled):
    pipeline.place(span=2, first=LATER)
    return pipeline.run()[1]


@pytest.fixture(scope="module")
def refused(pipeline, third):
    """A gate that no model passes."""
    update = ("pipeline", "update", "--pipeline-path=runner_kubeflow.py")
    pipeline.tfx(*update, POWER_GATE__MARGIN="0.9")
    left = pipeline.run()[1]
    pipeline.tfx(*update)
    return left


@pytest.fixture(scope="module")
def rejected(pipeline, refused):
    """A voltage that is possible, and not of this grid."""
    pipeline.place(span=3, Voltage=1.7)
    return pipeline.run(state="FAILED")


def test_the_first_run_goes_from_data_to_a_served_model(first):
    assert set(first["steps"].values()) == {"COMPLETE"}
    for output in (
        "power-example-gen/examples",
        "statistics-gen/statistics",
        "example-validator/anomalies",
        "transform/transform_graph",
        "trainer/model",
        "evaluator/evaluation",
        "pusher/pushed_model",
    ):
        assert first["artifacts"][output]["objects"] > 0, output
    assert first["artifacts"]["evaluator/blessing"]["properties"]["blessed"] == 1
    assert first["artifacts"]["pusher/pushed_model"]["properties"]["pushed"] == 1
    assert len(first["versions"]) == 1


def test_lineage_leads_from_the_served_model_to_the_data(first):
    assert {
        "tfx.PushedModel",
        "tfx.Model",
        "tfx.ModelBlessing",
        "tfx.HyperParameters",
        "tfx.TransformGraph",
        "tfx.Examples",
    } <= set(first["ancestors"])
    examples = first["artifacts"]["power-example-gen/examples"]["properties"]
    assert examples["custom:span"] == 1
    assert "sha256:" in examples["input_fingerprint"]


def test_the_served_model_answers_as_recorded(first):
    assert first["answer"]["reasons"] == []
    assert first["answer"]["requests"] > 0


def test_without_news_everything_but_the_looks_comes_from_the_cache(first, second):
    ran = {step for step, state in second["steps"].items() if state == "COMPLETE"}
    assert {step for step in ran if "importer" not in step} <= ALWAYS_RUN
    assert {second["steps"][step] for step in TRAINED} == {"CACHED"}
    assert second["versions"] == first["versions"]


def test_a_schedule_runs_and_every_run_knows_its_time(scheduled, first):
    run, left = scheduled
    assert set(left["steps"].values()) <= {"COMPLETE", "CACHED"}
    assert left["versions"] == first["versions"]
    pushed = left["artifacts"]["pusher/pushed_model"]["properties"]
    due = float(pushed["scheduled_time"])
    assert due % 60 == 0
    assert 0 <= run.created_at.timestamp() - due < 90


def test_new_data_retrains_with_the_served_model_as_baseline(first, third):
    assert {third["steps"][step] for step in TRAINED} == {"COMPLETE"}
    examples = third["artifacts"]["power-example-gen/examples"]["properties"]
    assert examples["custom:span"] == 2
    assert third["inputs"]["evaluator/baseline_model"] == first["artifacts"]["trainer/model"]["uri"]
    assert third["inputs"]["evaluator/model"] == third["artifacts"]["trainer/model"]["uri"]
    # Whether the new one is better is the gate's to say; the Pusher obeys.
    blessed = third["artifacts"]["evaluator/blessing"]["properties"]["blessed"]
    assert len(third["versions"]) == 1 + int(blessed)
    assert third["answer"]["reasons"] == []


def test_a_pushed_model_is_reported(pipeline, first):
    head, figures = pipeline.report(first)
    assert "Pushed" in head
    assert first["versions"][0] in head
    assert (figures["blessed"], figures["pushed"]) == (1, 1)
    assert 0 < figures["mse_ratio"] < 1


def test_a_model_that_the_gate_refuses_is_not_pushed_and_reported(pipeline, refused, third):
    assert refused["artifacts"]["evaluator/blessing"]["properties"]["blessed"] == 0
    assert refused["versions"] == third["versions"]
    head, figures = pipeline.report(refused)
    assert "The gate refused the model" in head
    assert (figures["blessed"], figures["pushed"]) == (0, 0)
    assert figures["mse_ratio"] > 0.1


def test_rejected_data_is_reported(pipeline, rejected):
    head, figures = pipeline.report(rejected[1])
    assert "The data gate stopped the run" in head
    assert "Voltage" in head
    assert figures == {"blessed": 0, "pushed": 0} | figures


def test_rejected_data_trains_and_pushes_nothing(pipeline, rejected, third):
    run_id, left = rejected
    assert left["steps"]["data-gate"] == "FAILED"
    assert TRAINED.isdisjoint(left["steps"].keys() - {"power-example-gen", "statistics-gen"})
    assert left["versions"] == third["versions"]
    status = pipeline.tfx("run", "status", f"--pipeline-name={pipeline.name}", f"--run-id={run_id}")
    assert "Task data-gate failed: " in status
    assert "Voltage" in status


def test_an_update_is_a_new_version_and_delete_removes_all(pipeline, rejected):
    client = pipeline.cluster.client
    pipeline_id = client.get_pipeline_id(pipeline.name)
    before = client.list_pipeline_versions(pipeline_id).total_size
    out = pipeline.tfx("pipeline", "update", "--pipeline-path=runner_kubeflow.py")
    assert "created." in out
    assert client.list_pipeline_versions(pipeline_id).total_size == before + 1
    assert pipeline.name in pipeline.tfx("pipeline", "list")
    assert pipeline.name in pipeline.tfx("run", "list", f"--pipeline-name={pipeline.name}")
    out = pipeline.tfx("pipeline", "delete", f"--pipeline-name={pipeline.name}")
    assert f"with {before + 1} versions" in out
    assert pipeline.name not in pipeline.tfx("pipeline", "list")
