"""A recorded run is watched, while the server and its pods have their accidents."""

import functools
import itertools
import json

import pytest
from kubeflow_cases.recorded_runs import RecordedRun
from kubeflow_cases.replays import DATA_GATE, Replay
from tfx_kubeflow.client import pod_logs
from tfx_kubeflow.client import watch as module
from tfx_kubeflow.client.connection import ServerError
from tfx_kubeflow.client.pod_logs import UNREADABLE
from tfx_kubeflow.client.tasks import TaskState
from tfx_kubeflow.client.watch import Away, Ended, Logged, NoLog, Progress, watch
from tfx_kubeflow.log_records import own_message

REJECTED = (
    "DataGate failed: DataRejectedError: the data was rejected, nothing was trained on it: "
    "error: train: Voltage: Unexpectedly high value: 427.89>280"
)


@pytest.fixture(autouse=True)
def no_cluster(monkeypatch):
    """Nothing but the server on this machine is asked."""
    monkeypatch.setattr(pod_logs, "_core", functools.cache(pod_logs._core.__wrapped__))  # noqa: SLF001
    monkeypatch.setenv("KUBECONFIG", "/nonexistent")


@pytest.fixture
def replay(server, monkeypatch):
    replay = Replay(server, RecordedRun("rejected"))
    monkeypatch.setattr(module, "time", replay)
    return replay


@pytest.fixture
def run_id():
    return RecordedRun("rejected").id


def states(events, task):
    found = [changed for e in events if isinstance(e, Progress) for changed in e.changed]
    passed = [item.state for item in found if item.name == task]
    return [state for state, _ in itertools.groupby(passed)]


def outcome(events):
    return {task.name: (task.state, task.pods) for task in events[-1].tasks}


def lines(events, task):
    return [e.record for e in events if isinstance(e, Logged) and e.task == task]


def test_each_task_passes_through_its_states_and_the_cause_is_reported_at_the_end(
    connection, replay, run_id
):
    events = list(watch(connection, run_id))
    assert states(events, "data-gate") == [TaskState.STARTING, TaskState.RUNNING, TaskState.FAILED]
    assert states(events, "curated-schema") == [TaskState.STARTING, TaskState.CACHED]
    assert states(events, "trainer") == [TaskState.SKIPPED]
    assert states(events, "previous-statistics-previous-importer")[-1] == TaskState.SUCCEEDED
    end = events[-1]
    assert isinstance(end, Ended)
    assert end.state == "FAILED"
    assert len(end.tasks) == 17
    assert [failure.task for failure in end.failures] == ["data-gate"]


def test_log_lines_come_once_each_and_while_the_task_runs(connection, replay, run_id):
    events = list(watch(connection, run_id))
    shown = [record.text for record in lines(events, "data-gate")]
    assert shown == RecordedRun("rejected").log("data-gate", 1e6).splitlines()
    running = next(
        n
        for n, e in enumerate(events)
        if isinstance(e, Progress) and any(t.state is TaskState.FAILED for t in e.changed)
    )
    assert lines(events[:running], "data-gate")
    own = [message for r in lines(events, "data-gate") if (message := own_message(r))]
    assert len(own) == 5
    assert all(message.startswith("warning: ") for message in own)


def test_a_run_that_has_ended_is_reported_without_its_logs(connection, replay, run_id):
    replay.sleep(1000.0)
    events = list(watch(connection, run_id))
    assert [type(event) for event in events] == [Progress, Ended]
    assert not lines(events, "data-gate")


@pytest.mark.parametrize("fault", ["500", "502", "503", "reset", "lost"])
def test_a_server_that_restarts_costs_no_line_and_no_state(
    server, connection, replay, run_id, fault
):
    undisturbed = list(watch(connection, run_id))
    replay.second = 0.0
    replay.sleep(0.0)

    def restart():
        if 100 < replay.second < 130:
            # urllib3 tries broken connections again by itself.
            server.faults = [fault] * (1 if fault.isdigit() else 4)

    replay.before_look = restart
    events = list(watch(connection, run_id))
    away = [event for event in events if isinstance(event, Away)]
    assert 1 <= len(away) <= 6
    assert lines(events, "data-gate") == lines(undisturbed, "data-gate")
    assert outcome(events) == outcome(undisturbed)
    assert events[-1].failures == undisturbed[-1].failures


def test_a_server_that_stays_away_is_given_up_after_growing_pauses(
    server, connection, replay, run_id, monkeypatch
):
    monkeypatch.setattr(module, "AWAY", 100.0)

    def gone():
        server.faults = ["503"] * 4

    replay.before_look = gone
    with pytest.raises(ServerError, match="refused: away"):
        list(watch(connection, run_id))
    pauses = replay.sleeps[1:]
    assert pauses[:4] == [3.0, 6.0, 12.0, 24.0]
    assert max(pauses) == module.LONGEST_PAUSE
    assert 100.0 <= sum(pauses) < 140.0


def test_what_the_server_refuses_is_not_tried_again(server, connection, replay, run_id):
    replay.before_look = lambda: server.faults.append("401")
    with pytest.raises(ServerError, match="refused: away"):
        list(watch(connection, run_id))
    assert len(replay.sleeps) == 1


def test_a_run_whose_version_is_gone_is_watched_as_well(server, connection, replay, run_id):
    def gone():
        del server.runs[run_id]["pipeline_spec"]

    gone()
    replay.before_look = gone
    end = list(watch(connection, run_id))[-1]
    assert len(end.tasks) == 16
    assert [failure.task for failure in end.failures] == ["data-gate"]
    assert end.failures[0].cause.startswith(REJECTED)


def test_a_watch_ends_in_time(connection, replay, run_id):
    with pytest.raises(TimeoutError, match="has not ended within 60 s; it goes on"):
        list(watch(connection, run_id, timeout=60.0))
    assert replay.second <= 60.0


def test_what_kfp_cannot_read_comes_from_kubernetes_itself(
    server, connection, replay, run_id, tmp_path, monkeypatch
):
    kubeconfig = {
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "here", "user": "me"}}],
        "clusters": [{"name": "here", "cluster": {"server": server.url}}],
        "users": [{"name": "me", "user": {}}],
    }
    path = tmp_path / "kubeconfig"
    path.write_text(json.dumps(kubeconfig))
    monkeypatch.setenv("KUBECONFIG", str(path))
    whole = RecordedRun("rejected").log("data-gate", 1e6)

    def unreadable():
        server.logs.clear()
        server.pod_logs[DATA_GATE] = RecordedRun("rejected").log("data-gate", replay.second)

    replay.before_look = unreadable
    events = list(watch(connection, run_id))
    assert [record.text for record in lines(events, "data-gate")] == whole.splitlines()
    assert events[-1].failures[0].cause.startswith(REJECTED)


def test_a_pod_without_a_log_is_reported(server, connection, replay, run_id):
    replay.before_look = lambda: server.logs.pop(DATA_GATE)
    events = list(watch(connection, run_id))
    missing = [event for event in events if isinstance(event, NoLog)]
    assert "data-gate" in [event.task for event in missing]
    assert all(event.cause == UNREADABLE for event in missing)


def test_a_log_that_kubernetes_began_anew_is_shown_from_its_begin(
    server, connection, replay, run_id
):
    def rotate():
        if "F1126" in server.logs[DATA_GATE]:  # the last line
            server.logs[DATA_GATE] = "2026-11-26 03:36:43,785 INFO mine: the new file\n"

    replay.before_look = rotate
    events = list(watch(connection, run_id))
    assert lines(events, "data-gate")[-1].message == "the new file"
    assert lines(events, "data-gate")[0].text.startswith("I1126")
