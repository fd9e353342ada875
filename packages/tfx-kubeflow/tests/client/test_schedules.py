import pytest
from tfx_kubeflow.client.connection import ServerError
from tfx_kubeflow.client.pipelines import Pipelines
from tfx_kubeflow.client.schedules import DUE, Schedule, Schedules, trigger


def test_a_schedule_from_creation_to_deletion(server, connection, package):
    Pipelines(connection).create("small", package)
    schedules = Schedules(connection)
    made = schedules.create(
        "small", Schedule("nightly", cron="15 3 * * *", parameters={"number": "2"})
    )
    body = server.recurring[made.recurring_run_id]
    assert body["trigger"]["cron_schedule"]["cron"] == "0 15 3 * * *"
    assert body["no_catchup"] is True
    assert int(body["max_concurrency"]) == 1
    assert body["runtime_config"]["parameters"] == {"number": 2, "scheduled_time": DUE}
    assert body["runtime_config"]["pipeline_root"] == "s3://bucket/root"
    with pytest.raises(ServerError, match="schedule 'nightly' exists"):
        schedules.create("small", Schedule("nightly", interval=3600))
    schedules.pause("small", "nightly")
    assert server.recurring[made.recurring_run_id]["status"] == "DISABLED"
    schedules.resume("small", made.recurring_run_id)
    assert server.recurring[made.recurring_run_id]["status"] == "ENABLED"
    again = schedules.replace(
        "small",
        Schedule(
            made.recurring_run_id,
            interval=3600,
            parameters={"scheduled_time": "at [[ScheduledTime]]"},
        ),
    )
    assert again.display_name == "nightly"
    assert set(server.recurring) == {again.recurring_run_id}
    body = server.recurring[again.recurring_run_id]
    assert body["runtime_config"]["parameters"] == {"scheduled_time": f"at {DUE}"}
    schedules.delete("small", "nightly")
    with pytest.raises(ServerError, match="no schedule 'nightly' of small; there are: none"):
        schedules.pause("small", "nightly")


def test_a_refused_replacement_leaves_the_old_schedule(server, connection, package):
    Pipelines(connection).create("small", package)
    made = Schedules(connection).create("small", Schedule("hourly", interval=3600))
    with pytest.raises(ServerError, match="at least 60 seconds"):
        Schedules(connection).replace("small", Schedule("hourly", interval=1))
    assert set(server.recurring) == {made.recurring_run_id}


def test_when_runs_start():
    assert trigger("*/5 * * * *", None) == {"cron_expression": "0 */5 * * * *"}
    assert trigger("30 */5 * * * *", None) == {"cron_expression": "30 */5 * * * *"}
    assert trigger(None, 60) == {"interval_second": 60}
    for cron, interval in ((None, None), ("* * * * *", 60), ("daily", None)):
        with pytest.raises(ServerError):
            trigger(cron, interval)
