"""The `sample` profile on a Flink cluster with two task managers, and what goes wrong there."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support import flink as on_flink
from tests.support.engine_user import (
    User,
    assert_same_evaluation,
    assert_same_examples,
    assert_same_statistics,
    jars_or_skip,
)
from tools.cluster.processes import started
from tools.flink.cluster import Cluster
from tools.flink.jars import FLINK

IN_THE_MIDDLE = {"statisticsgen": 40, "evaluator": 10}
"""Tasks of a job after which both task managers are at work; there are 78 and some more."""

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(3000)]


@pytest.fixture(scope="module")
def flink(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    jars = jars_or_skip(FLINK, "flink")
    with started(Cluster(jars, tmp_path_factory.mktemp("cluster"))) as made:
        yield made


@pytest.fixture(scope="module")
def here(flink: Cluster, tmp_path_factory: pytest.TempPathFactory) -> User:
    """After a run with DirectRunner; none where there is no Flink to compare with."""
    user = User(tmp_path_factory.mktemp("here"))
    user.run()
    return user


@pytest.fixture(scope="module")
def there(flink: Cluster, tmp_path_factory: pytest.TempPathFactory) -> User:
    """After runs on Flink: two lost a task manager, one its driver, and the fourth ended."""
    folder = tmp_path_factory.mktemp("there")
    shared = f"--beam.shared={folder},{Path(sys.prefix)}"
    user = User(folder, *flink.settings, shared)
    user.lost = {"StatisticsGen": lose_a_task_manager(user, flink, user.start(), "statisticsgen")}
    user.left = kill_the_driver(user, flink)
    beside_it = run_beside_what_is_left(user, flink)
    user.lost["Evaluator"] = lose_a_task_manager(user, flink, beside_it, "evaluator")
    user.run()
    return user


def lose_a_task_manager(
    user: User, flink: Cluster, process: subprocess.Popen[str], step: str
) -> dict:
    """Kills one in the middle of a step's job, and starts another."""
    wait_for(lambda: running(flink, step, finished=IN_THE_MIDDLE[step]), process)
    flink.kill("task-manager-2")
    output, _ = process.communicate()
    assert process.returncode == 1, output
    flink.start_task_manager("task-manager-2")
    return user.summary()


def kill_the_driver(user: User, flink: Cluster) -> str:
    """Returns the id of the job that goes on, held in the middle so that it cannot end."""
    process = user.start()
    wait_for(lambda: running(flink, "evaluator"), process)
    flink.signal_workers(signal.SIGSTOP)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    [job] = running(flink, "evaluator")
    return job


def run_beside_what_is_left(user: User, flink: Cluster) -> subprocess.Popen[str]:
    process = user.start()
    wait_for(lambda: user.left not in running(flink, "evaluator"), process)
    flink.signal_workers(signal.SIGCONT)
    return process


def running(flink: Cluster, name: str, finished: int = 0) -> list[str]:
    """Ids of the running jobs of a node that have finished some of their tasks."""
    return [
        job["jid"]
        for job in flink.jobs()
        if job["name"].startswith(name)
        and job["state"] == "RUNNING"
        and job["tasks"]["finished"] >= finished
    ]


def wait_for(found: Callable[[], object], process: subprocess.Popen[str]) -> None:
    limit = time.monotonic() + 900
    while not found():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < limit
        time.sleep(0.2)


@pytest.mark.parametrize(
    ("step", "after_it"), [("StatisticsGen", "Transform"), ("Evaluator", "Pusher")]
)
def test_a_lost_task_manager_fails_the_step_in_words(there: User, step: str, after_it: str) -> None:
    summary = there.lost[step]
    states = {node["id"]: node["state"] for node in summary["nodes"]}
    assert states[step] == "failed"
    assert states[after_it] == "not run"
    assert "taskmanager" in summary["error"].lower().replace(" ", "")


def test_the_job_of_a_killed_driver_is_cancelled(there: User, flink: Cluster) -> None:
    [state] = [job["state"] for job in flink.jobs() if job["jid"] == there.left]
    assert state == "CANCELED"


@pytest.mark.parametrize("step", sorted(on_flink.READING))
def test_all_workers_read_examples(there: User, flink: Cluster, step: str) -> None:
    ended = [job for job in flink.jobs() if job["name"].startswith(step)]
    [job] = [job["jid"] for job in ended if job["state"] == "FINISHED"]
    assert min(on_flink.files_read(flink.rest, job, step)) >= 4  # of 16


def test_what_was_done_is_not_done_again(there: User) -> None:
    states = there.states()
    assert states["PowerExampleGen"] == states["StatisticsGen"] == "cached"
    assert states["Evaluator"] == states["Pusher"] == "complete"


def test_the_model_is_pushed(there: User) -> None:
    assert there.summary()["blessed"]
    assert (there.version() / "saved_model.pb").exists()


def test_examples_are_the_same(here: User, there: User) -> None:
    assert_same_examples(here, there)


def test_statistics_are_the_same(here: User, there: User) -> None:
    assert_same_statistics(here, there)


def test_the_evaluation_is_the_same(here: User, there: User) -> None:
    assert_same_evaluation(here, there)


@pytest.mark.parametrize("seconds", [0.0, 0.3])
def test_a_job_that_is_being_submitted_ends_with_its_run(
    seconds: float, there: User, flink: Cluster, tmp_path: Path
) -> None:
    user = User(tmp_path, *flink.settings, f"--beam.shared={tmp_path},{Path(sys.prefix)}")
    before = flink.log("job-server").count("Invoking job")
    known = {job["jid"] for job in flink.jobs()}
    process = user.start()
    wait_for(lambda: flink.log("job-server").count("Invoking job") > before, process)
    time.sleep(seconds)
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate()
    assert process.returncode == 143, output
    states = {job["state"] for job in flink.jobs() if job["jid"] not in known}
    assert states <= {"CANCELED"}, output


def test_a_job_ends_where_its_job_server_is_gone(
    there: User, flink: Cluster, tmp_path: Path
) -> None:
    user = User(tmp_path, *flink.settings, f"--beam.shared={tmp_path},{Path(sys.prefix)}")
    process = user.start()
    wait_for(lambda: running(flink, "powerexamplegen"), process)
    flink.kill("job-server")
    output, _ = process.communicate()
    assert process.returncode == 1, output
    assert "(beam.address)" in user.summary()["error"]
    assert running(flink, "powerexamplegen") == []
