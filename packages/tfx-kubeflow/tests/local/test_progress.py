import datetime
import io
import logging

import pytest
from tfx_kubeflow.local.progress import Terminal, own_message, summary
from tfx_kubeflow.local.record import ArtifactRecord, RunRecord, State, StepRecord
from tfx_kubeflow.log_records import LogRecord


@pytest.mark.parametrize(
    ("logger", "level", "message"),
    [
        ("modules.trainer", logging.INFO, "step 10/20"),
        ("mine", logging.WARNING, "warning: step 10/20"),
        ("absl", logging.WARNING, ""),
        ("tfx_kubeflow.steps.executor", logging.INFO, ""),
        ("", logging.NOTSET, ""),
    ],
)
def test_only_what_the_steps_own_code_logs_is_shown(logger, level, message):
    assert own_message(LogRecord("step 10/20", logger, level, "...")) == message


def step(task, state, **more):
    return StepRecord(task=task, state=state, **more)


def artifact(**metadata):
    return ArtifactRecord(uri="/a", metadata=metadata)


@pytest.fixture
def record():
    return RunRecord(
        pipeline="small",
        run_id="r",
        folder="/runs/small/r",
        started_at=datetime.datetime(2026, 11, 25, tzinfo=datetime.UTC),
        parameters={},
        state=State.FAILED,
        cause="pusher failed: no room",
        seconds=12.3,
        steps=[
            step(
                "evaluator",
                State.SUCCEEDED,
                seconds=3.21,
                peak_memory_bytes=812_000_000,
                artifacts={
                    "blessing": artifact(blessed=1, tfx_version="1.21.0", display_name="b"),
                    "evaluation": artifact(message="better by 7 %", nested={"list": []}),
                },
                parameters={"number": 4},
            ),
            step("pusher", State.FAILED, seconds=0.5, log="/log.txt", cause="no room"),
            step("report", State.NOT_RUN),
        ],
    )


def test_the_summary_names_states_costs_results_and_the_cause(record):
    assert summary(record) == [
        "evaluator  succeeded     3.2 s    812 MB  blessed=1 message=better by 7 % number=4",
        "pusher     failed        0.5 s",
        "report     not_run",
        "pusher failed: no room",
        "its log: /log.txt",
        "small r failed, 12 s; all of it: /runs/small/r/run.json",
    ]


def shown(record, **options):
    out = io.StringIO()
    terminal = Terminal(out, **options)
    terminal.begins(record)
    terminal.step_begins(" 1/3 evaluator")
    terminal.logged(LogRecord("half of it", "mine", logging.INFO, "INFO mine: half of it"))
    terminal.logged(LogRecord.of_line("a library's words"))
    terminal.step_ends(" 1/3 evaluator", record.steps[0])
    return out.getvalue().splitlines()


def test_a_pipe_gets_a_line_per_step_and_the_steps_own(record):
    begin, own, end = shown(record)
    assert begin == "small: 3 steps, in /runs/small/r"
    assert own == "      half of it"
    assert end.split() == ["1/3", "evaluator", "succeeded", "3.2", "s", "812", "MB"]


def test_everything_is_shown_where_it_is_asked_for(record):
    assert "      a library's words" in shown(record, verbose=True)
