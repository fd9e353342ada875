"""Where the seconds of a run on Kubeflow Pipelines went: whose they are, and which were waited for.

    KFP_ENDPOINT=http://... python benchmarks/cluster_seconds.py RUN_ID

Reads the run's tasks from KFP's API and, while the pods exist, the steps' logs. The API's times are
whole seconds. Prints a table of the steps on the critical path, those beside it last.
"""

import argparse
import os
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import requests

TIMEOUT = 30.0
DRIVER = "-driver"
MAIN_DAG = "comp-tfx-dag"
"""Holds the tasks of a pipeline with an exit handler."""
LAUNCHER = re.compile(r"^I(\d\d)(\d\d) (\d\d:\d\d:\d\d\.\d+) .*?\] (.*)")
OURS = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),(\d{3}) INFO tfx_kubeflow\S*: (.*)")
MARKS = {": starts": "starts", ": all is imported": "imported", ": is done": "done"}
OUTPUT = "ExecutorOutput"
"""What KFP's launcher says once the process of a step has ended."""
COLUMNS = (
    "KFP's driver",
    "its pod",
    "Python",
    "imports",
    "executor",
    "Python's end",
    "outputs",
    "pod's end",
)
"""Stages of a step in their order; KFP's launcher reads the inputs in `Python`, and writes the
outputs."""
OF_US = COLUMNS[2:6]


@dataclass
class Task:
    """A task of the pipeline.

    Attributes:
        driver: When KFP's driver began and ended.
        run: When its own pod, or the tasks inside, did.
        before: Tasks that it waits for.
        log: What its pod logged.
    """

    name: str
    driver: tuple[datetime, datetime] | None = None
    run: tuple[datetime, datetime] | None = None
    before: set[str] = field(default_factory=set)
    log: str = ""

    @property
    def start(self) -> datetime:
        """When its first pod started."""
        return min(span[0] for span in (self.driver, self.run) if span)

    @property
    def end(self) -> datetime:
        """When its last pod ended."""
        return max(span[1] for span in (self.driver, self.run) if span)


def main() -> None:
    """Prints the tables of one run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run_id")
    parser.add_argument("--endpoint", default=os.environ.get("KFP_ENDPOINT"))
    options = parser.parse_args()
    endpoint = options.endpoint.rstrip("/")
    run = fetched(f"{endpoint}/apis/v2beta1/runs/{options.run_id}")
    tasks = tasks_of(run, specification(endpoint, run))
    if any(detail.get("state") == "RUNNING" for detail in run["run_details"]["task_details"]):
        sys.exit("KFP's record of this run lacks its end: MAX_WORKFLOW_SIZE in docs/kubeflow.md")
    add_logs(endpoint, run, tasks)
    start, end = moment(run["created_at"]), moment(run["finished_at"])
    path = critical_path(tasks)
    beside = sorted(set(tasks) - set(path), key=lambda name: tasks[name].start)
    print(f"{run['display_name']}: {run['state']} in {(end - start).total_seconds():.0f} s\n")
    print(f"| step | waited | {' | '.join(COLUMNS)} |")
    print(f"|{'---|' * (len(COLUMNS) + 2)}")
    sums = dict.fromkeys(COLUMNS, 0.0)
    waited = 0.0
    previous = start
    for name in [*path, *beside]:
        task = tasks[name]
        stages = stages_of(task)
        gap = max((task.start - previous).total_seconds(), 0.0) if name in path else None
        if gap is not None:
            waited += gap
            previous = task.end
            for column, seconds in stages.items():
                sums[column] += seconds
        label = name if name in path else f"({name})"
        print(row(label, gap, stages))
    waited += (end - previous).total_seconds()
    print(row("critical path", waited, sums))
    ours = sum(sums[column] for column in OF_US)
    total = (end - start).total_seconds()
    print(f"\nOurs: {ours:.0f} s, of which the executors {sums['executor']:.0f} s.")
    print(f"KFP's, Argo's and Kubernetes': {total - ours:.0f} s.")


def row(name: str, waited: float | None, stages: dict[str, float]) -> str:
    """Returns a row of the table; empty where a step has no such stage."""
    cells = [f"{stages[column]:.1f}" if column in stages else "" for column in COLUMNS]
    gap = "" if waited is None else f"{waited:.0f}"
    return f"| {' | '.join([name, gap, *cells])} |"


def fetched(url: str) -> Any:
    """Returns the JSON of a URL."""
    response = requests.get(url, timeout=TIMEOUT)
    response.raise_for_status()
    return response.json()


def specification(endpoint: str, run: dict[str, Any]) -> dict[str, Any]:
    """Returns the PipelineSpec of a run."""
    reference = run.get("pipeline_version_reference")
    found: dict[str, Any] = run.get("pipeline_spec") or {}
    if reference:
        version = fetched(
            f"{endpoint}/apis/v2beta1/pipelines/{reference['pipeline_id']}"
            f"/versions/{reference['pipeline_version_id']}"
        )
        found = version["pipeline_spec"]
    return found.get("pipeline_spec", found)  # with a platform document beside it


def moment(text: str) -> datetime:
    """Reads a time of the API."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def tasks_of(run: dict[str, Any], spec: dict[str, Any]) -> dict[str, Task]:
    """Returns the pipeline's tasks that ran, with their times and what they wait for."""
    tasks = {
        name: Task(name, before=set(body.get("dependentTasks", ())))
        for name, body in (spec["components"].get(MAIN_DAG) or spec["root"])["dag"]["tasks"].items()
    }
    for detail in run["run_details"]["task_details"]:
        name = detail.get("display_name", "")
        began, ended = detail.get("start_time"), detail.get("end_time")
        if not began or not ended:
            continue
        span = (moment(began), moment(ended))
        if name in tasks:
            tasks[name].run = span
        elif name.removesuffix(DRIVER) in tasks:
            tasks[name.removesuffix(DRIVER)].driver = span
    return {name: task for name, task in tasks.items() if task.driver or task.run}


def critical_path(tasks: dict[str, Task]) -> list[str]:
    """Returns the tasks that the run waited for, first to last."""
    path: list[str] = []
    names: Iterable[str] = tasks
    while found := [name for name in names if name in tasks]:
        path.append(max(found, key=lambda name: tasks[name].end))
        names = tasks[path[-1]].before
    return path[::-1]


def add_logs(endpoint: str, run: dict[str, Any], tasks: dict[str, Task]) -> None:
    """Reads the logs of the steps' pods: which is whose stands in them."""
    run_id = run["run_id"]
    nodes = {
        child["pod_name"]
        for detail in run["run_details"]["task_details"]
        for child in detail.get("child_tasks", ())
        if child.get("pod_name")
    }
    mine = re.compile(rf"/{run_id}/([^/]+)/[^/]+/executor-logs")
    for node in sorted(nodes):
        url = f"{endpoint}/apis/v1alpha1/runs/{run_id}/nodes/{node}/log"
        log = requests.get(url, timeout=TIMEOUT).text
        found = mine.search(log)
        if found and found[1] in tasks and OUTPUT in log:
            tasks[found[1]].log = log


def stages_of(task: Task) -> dict[str, float]:
    """Returns the seconds of a step's stages, as far as its log tells."""
    stages: dict[str, float] = {}
    if task.driver:
        stages["KFP's driver"] = seconds(*task.driver)
    if not task.run:
        return stages
    marks = marks_of(task.log, task.run[0].year)
    order = ["launcher", "starts", "imported", "done", "output", "published"]
    if not all(mark in marks for mark in order):
        return stages
    times = [task.run[0], *(marks[mark] for mark in order), task.run[1]]
    # The API's seconds are whole ones, rounded down.
    for column, begin, end in zip(COLUMNS[1:], times, times[1:], strict=False):
        stages[column] = max(seconds(begin, end), 0.0)
    return stages


def seconds(begin: datetime, end: datetime) -> float:
    """Returns the seconds between."""
    return (end - begin).total_seconds()


def marks_of(log: str, year: int) -> dict[str, datetime]:
    """Returns when a step reached its stages, by the lines of KFP's launcher and of ours."""
    found: dict[str, datetime] = {}
    for line in log.splitlines():
        if theirs := LAUNCHER.match(line):
            month, day, clock, words = theirs.groups()
            at = datetime.fromisoformat(f"{year}-{month}-{day} {clock}").replace(tzinfo=UTC)
            found.setdefault("launcher", at)
            if words.startswith(OUTPUT):
                found["output"] = at
            elif words.startswith("publish success"):
                found["published"] = at
        elif ours := OURS.match(line):
            second, millisecond, words = ours.groups()
            at = datetime.fromisoformat(f"{second}.{millisecond}").replace(tzinfo=UTC)
            for end, mark in MARKS.items():
                if words.endswith(end):
                    found[mark] = at
    return found


if __name__ == "__main__":
    main()
