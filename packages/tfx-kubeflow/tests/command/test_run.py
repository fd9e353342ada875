"""`tfx-kubeflow run ...` on a recorded run, from the command line to what people read."""

import io
import json

import pytest
from kubeflow_cases.recorded_runs import RecordedRun
from kubeflow_cases.replays import DATA_GATE, Replay
from rich.console import Console
from tfx_kubeflow.client import artifacts as artifacts_module
from tfx_kubeflow.client import watch as watch_module
from tfx_kubeflow.client.tasks import Task, TaskState
from tfx_kubeflow.client.watch import Away, Ended, Logged, NoLog, Progress
from tfx_kubeflow.command.main import main
from tfx_kubeflow.command.watch import Terminal
from tfx_kubeflow.log_records import LogRecord

RUN = RecordedRun("rejected")


@pytest.fixture
def replay(server, monkeypatch):
    replay = Replay(server, RUN)
    monkeypatch.setattr(watch_module, "time", replay)
    monkeypatch.setenv("KFP_ENDPOINT", server.url)
    return replay


def test_watch_reports_what_happened_and_fails_with_the_run(replay, capsys, server):
    assert main(["run", "watch", "e2e-60baf431"]) == 1  # the begin of its name
    lines = capsys.readouterr().out.splitlines()
    assert "curated-schema                         from the cache     8 s" in lines
    assert next(line for line in lines if line.startswith("data-gate  ")).split()[1] == "starts"
    warnings = [line for line in lines if line.startswith("      data-gate: warning: ")]
    assert len(warnings) == 5
    assert max(len(line) for line in warnings) > 200  # whole, not wrapped
    (cause,) = [line for line in lines if line.startswith("data-gate failed: ")]
    assert "the data was rejected, nothing was trained on it" in cause
    assert lines[-3:] == [
        f"      more: kubectl -n kubeflow logs {DATA_GATE} -c main",
        "failed: 7 succeeded, 1 from the cache, 7 skipped, 1 failed, 1 not run",
        f"{server.url}/#/runs/details/{RUN.id}",
    ]


def test_watch_shows_all_that_a_step_writes_if_asked(replay, capsys):
    main(["run", "watch", RUN.id, "--verbose"])
    shown = capsys.readouterr().out
    assert "launcher_v2.go" in shown
    assert "Traceback (most recent call last):" in shown


def test_watch_that_takes_too_long(replay, capsys):
    assert main(["run", "watch", RUN.id, "--timeout=30"]) == 124
    assert "it goes on" in capsys.readouterr().err


def test_watch_that_is_interrupted(replay, capsys):
    def interrupt():
        raise KeyboardInterrupt

    replay.before_look = interrupt
    assert main(["run", "watch", RUN.id]) == 130
    assert "stopped watching; the run goes on" in capsys.readouterr().err


@pytest.mark.parametrize("seconds", ["0", "-1", "soon", "nan"])
def test_a_timeout_is_seconds(seconds):
    with pytest.raises(SystemExit) as end:
        main(["run", "watch", "r", f"--timeout={seconds}"])
    assert end.value.code == 2


def test_a_run_is_named_by_what_only_it_begins_with(replay, server, capsys):
    assert main(["run", "watch", "nightly"]) == 1
    assert "there is no run whose id or name begins with 'nightly'" in capsys.readouterr().err
    for number in range(7):
        run = {"run_id": f"ffff-{number}", "display_name": f"nightly {number}", "state": "FAILED"}
        created = f"2026-11-2{number}T00:00:00Z"
        server.runs[run["run_id"]] = {**run, "experiment_id": "e", "created_at": created}
    assert main(["run", "watch", "nightly"]) == 1
    error = capsys.readouterr().err
    assert "'nightly' is 7 runs; name one by its id:" in error
    assert error.index("nightly 6") < error.index("nightly 5")
    assert "nightly 1" not in error
    assert main(["run", "artifacts", "nightly 3", "--json"]) == 1  # its whole name: found
    assert "ML Metadata" in capsys.readouterr().err


@pytest.fixture
def known(store, replay, monkeypatch):
    RUN.put_into(store)
    monkeypatch.setattr(artifacts_module, "metadata_store", lambda: store)


def test_artifacts_are_listed_by_task(known, capsys):
    assert main(["run", "artifacts", RUN.id[:8]]) == 0
    lines = capsys.readouterr().out.splitlines()
    begin = lines.index("statistics-gen")
    listed = lines[begin + 1 : begin + 4]
    assert listed[0].startswith("  executor-logs: system.Artifact minio://mlpipeline/v2/artifacts/")
    assert listed[1].startswith("  statistics: tfx.ExampleStatistics minio://")
    assert "curated-schema (from the cache)" in lines
    assert '      split_names = ["train", "eval", "test"]' in lines


def test_artifacts_for_programs(known, capsys):
    assert main(["run", "artifacts", RUN.id, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["run_id"] == RUN.id


def test_a_folder_that_cannot_be_written_is_an_error_of_one_line(known, capsys, tmp_path):
    (tmp_path / "file").write_text("")
    assert main(["run", "artifacts", RUN.id, f"--download={tmp_path}/file/x"]) == 1
    assert capsys.readouterr().err.startswith("error: ")


def shown(*events, terminal=False):
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=60)
    with Terminal(console=console) as screen:
        for event in events:
            screen.show(event)
    return out.getvalue(), screen


def task(state, **more):
    return Task("trainer", state, **more)


def progress(*tasks):
    return Progress([*tasks], [*tasks])


def logged(message):
    return Logged("trainer", LogRecord(message, "mine", 20, message))


def test_another_attempt_and_a_broken_connection_are_reported_once():
    again = task(TaskState.RUNNING, pods=("a", "b"), lost="pod deleted", seconds=9.0)
    text, _ = shown(
        progress(again),
        progress(again),
        Away("reset"),
        Away("reset"),
        Progress([again], []),
        NoLog("x", "gone"),
    )
    assert text.splitlines() == [
        "trainer: attempt 2, after: pod deleted",
        "trainer                                runs               9 s",
        "trainer                                runs               9 s",
        "the connection broke, trying again: reset",
        "connected again",
        "      x: no log: gone",
    ]


def test_a_run_that_succeeded():
    text, screen = shown(Ended("SUCCEEDED", [task(TaskState.SUCCEEDED)], []))
    assert screen.succeeded
    assert text == "succeeded: 1 succeeded\n"


def test_a_terminal_keeps_what_runs_below_and_takes_it_away_at_the_end():
    running = task(TaskState.RUNNING, seconds=5.0)
    text, _ = shown(progress(running), logged("step 1 of [2]"), terminal=True)
    assert "step 1 of [2]" in text
    assert "0 of 1 tasks done" in text
    assert text.rstrip().endswith("\x1b[?25h") or "\x1b[2K" in text
