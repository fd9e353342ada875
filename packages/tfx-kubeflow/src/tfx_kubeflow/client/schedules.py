"""Recurring runs: scheduled retraining on a server."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from tfx_kubeflow.client.connection import Connection, ServerError
from tfx_kubeflow.client.pipelines import Pipelines
from tfx_kubeflow.client.runs import Runs
from tfx_kubeflow.protocol import SCHEDULED_TIME

DUE = "{{workflow.labels.scheduledworkflows.kubeflow.org/workflowEpoch}}"
"""The second for which a run was scheduled; KFP 2.17 does not expand its own [[ScheduledTime]]."""
MACRO = "[[ScheduledTime]]"
MINUTE = 60


@dataclass(frozen=True)
class Schedule:
    """When a pipeline runs, and with what.

    Attributes:
        name: Unique for the pipeline.
        cron: Minute, hour, day, month, weekday; or with seconds before them. In UTC, unless the
            server's CRON_SCHEDULE_TIMEZONE says otherwise.
        interval: Seconds between runs, instead of cron.
        parameters: Runtime parameters as texts; `[[ScheduledTime]]` stands for the second for
            which a run was scheduled.
        max_concurrency: Runs at the same time.
        catch_up: Whether to make up for what was missed while paused.
    """

    name: str
    cron: str | None = None
    interval: int | None = None
    parameters: dict[str, str] = field(default_factory=dict)
    max_concurrency: int = 1
    catch_up: bool = False


class Schedules:
    """The recurring runs of a server.

    Args:
        connection: The server.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._client = connection.client
        self._runs = Runs(connection)
        self._pipelines = Pipelines(connection)

    def create(self, pipeline: str, schedule: Schedule) -> Any:
        """Starts a schedule of a pipeline's newest version.

        Raises:
            ServerError: There is one of that name, the times are wrong, or the server refuses.
        """
        if any(item.display_name == schedule.name for item in self.of(pipeline)):
            raise ServerError(f"schedule {schedule.name!r} exists; replace or delete it")
        return self._start(pipeline, schedule)

    def replace(self, pipeline: str, schedule: Schedule) -> Any:
        """Puts a new schedule, of the newest version, instead of the one of that name or id.

        The new one is made first: a refused one leaves the old one running.

        Raises:
            ServerError: There is none, the times are wrong, or the server refuses.
        """
        old = self.find(pipeline, schedule.name)
        made = self._start(pipeline, replace(schedule, name=old.display_name))
        with self._connection.errors():
            self._client.delete_recurring_run(old.recurring_run_id)
        return made

    def of(self, pipeline: str) -> list[Any]:
        """Returns the schedules of a pipeline."""
        experiment = self._pipelines.find_experiment(pipeline)
        if experiment is None:
            return []
        listed = self._client.list_recurring_runs
        return [*self._connection.pages(listed, "recurring_runs", experiment_id=experiment)]

    def find(self, pipeline: str, name: str) -> Any:
        """Returns a schedule by name or id.

        Raises:
            ServerError: There is none.
        """
        schedules = self.of(pipeline)
        for item in schedules:
            if name in (item.display_name, item.recurring_run_id):
                return item
        names = ", ".join(sorted(item.display_name for item in schedules)) or "none"
        raise ServerError(f"no schedule {name!r} of {pipeline}; there are: {names}")

    def pause(self, pipeline: str, name: str) -> None:
        """Stops starting runs; those under way go on."""
        found = self.find(pipeline, name)
        with self._connection.errors():
            self._client.disable_recurring_run(found.recurring_run_id)

    def resume(self, pipeline: str, name: str) -> None:
        """Goes on starting runs, without those that were missed."""
        found = self.find(pipeline, name)
        with self._connection.errors():
            self._client.enable_recurring_run(found.recurring_run_id)

    def delete(self, pipeline: str, name: str) -> None:
        """Deletes a schedule; records of its runs stay."""
        found = self.find(pipeline, name)
        with self._connection.errors():
            self._client.delete_recurring_run(found.recurring_run_id)

    def _start(self, pipeline: str, schedule: Schedule) -> Any:
        when = trigger(schedule.cron, schedule.interval)
        target = self._target(pipeline, schedule.parameters)
        with self._connection.errors():
            return self._client.create_recurring_run(
                job_name=schedule.name,
                max_concurrency=schedule.max_concurrency,
                no_catchup=not schedule.catch_up,
                enabled=True,
                **when,
                **target,
            )

    def _target(self, pipeline: str, given: dict[str, str]) -> dict[str, Any]:
        parameters = {key: value.replace(MACRO, DUE) for key, value in given.items()}
        pipeline_id = self._pipelines.id(pipeline)
        spec = self._runs.version_spec(pipeline_id)
        declared = spec.get("root", {}).get("inputDefinitions", {}).get("parameters", {})
        if SCHEDULED_TIME in declared:
            parameters.setdefault(SCHEDULED_TIME, DUE)
        return self._runs.target(pipeline, parameters)


def trigger(cron: str | None, interval: int | None) -> dict[str, Any]:
    """Returns when runs start, as KFP's client takes it.

    Args:
        cron: Five fields, or six with seconds first.
        interval: Seconds.

    Raises:
        ServerError: Neither, both, or a wrong one.
    """
    if (cron is None) == (interval is None):
        raise ServerError("missing a time: give either a cron expression or an interval in seconds")
    if interval is not None:
        if interval < MINUTE:
            raise ServerError(f"interval {interval}: at least {MINUTE} seconds")
        return {"interval_second": interval}
    fields = (cron or "").split()
    if len(fields) not in (5, 6):
        raise ServerError(
            f"cron {cron!r}: five fields are minute, hour, day of month, month, day of week"
        )
    # KFP's own cron begins with seconds.
    return {"cron_expression": " ".join(fields if len(fields) == 6 else ["0", *fields])}
