"""Walks the DAGs of a package, as Argo, KFP's driver and KFP's launcher do together."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tfx_kubeflow import cel, log_records
from tfx_kubeflow.compiler import ir
from tfx_kubeflow.local import placeholders
from tfx_kubeflow.local.graph import dag_outputs, in_order, is_exit_handler, producers
from tfx_kubeflow.local.process import Command, Launch, NotRunnableError, cause_of
from tfx_kubeflow.local.progress import Progress
from tfx_kubeflow.local.record import ArtifactRecord, RunRecord, State, StepRecord
from tfx_kubeflow.local.tasks import (
    Ids,
    Scope,
    Values,
    executor_input,
    inputs_of,
    outputs_of,
    runtime_artifact,
)
from tfx_kubeflow.log_records import LogRecord
from tfx_kubeflow.storage import uris

ATTEMPT = "1"
"""Folder of a task's only attempt; on a cluster there may be several."""
LOG = "log.txt"


class Run:
    """One run of a package: walks its DAGs and keeps the record.

    Args:
        spec: The PipelineSpec.
        record: Of the run; its steps are brought into the order in which they run.
        root: Folder of all artifacts.
        launch: How a step runs.
        progress: Receives the events.
    """

    def __init__(
        self, spec: ir.Spec, record: RunRecord, root: Path, launch: Launch, progress: Progress
    ) -> None:
        self._spec = spec
        self._record = record
        self._root = root
        self._launch = launch
        self._progress = progress
        self._ids = Ids()
        self._reached = 0

    def run(self) -> State:
        """Runs everything; returns what became of it."""
        root = self._spec["root"]
        declared = root.get("inputDefinitions", {}).get("parameters", {})
        defaults = {
            name: kind["defaultValue"] for name, kind in declared.items() if "defaultValue" in kind
        }
        inputs = Values(parameters=defaults | self._record.parameters)
        state, _ = self._dag(root, inputs)
        return state

    def _dag(self, component: ir.Spec, inputs: Values) -> tuple[State, Values]:
        """Runs a DAG; a task that follows a skipped one is skipped, as in Argo."""
        tasks: ir.Spec = component["dag"]["tasks"]
        scope = Scope(inputs)
        states: dict[str, State] = {}
        for task_id in in_order(tasks):
            body = tasks[task_id]
            if is_exit_handler(body):
                continue
            states[task_id] = self._blocked(task_id, body, states) or self._task(
                task_id, body, scope
            )
        for task_id, body in tasks.items():
            if is_exit_handler(body):
                states[task_id] = self._task(task_id, body, scope, states)
        failed = State.FAILED in states.values()
        return State.FAILED if failed else State.SUCCEEDED, dag_outputs(component, scope)

    def _blocked(self, task_id: str, body: ir.Spec, states: Mapping[str, State]) -> State | None:
        """The state of a task that does not run for what became of others."""
        if State.FAILED in states.values():
            return State.NOT_RUN
        skipped = [name for name in producers(body) if states[name] is not State.SUCCEEDED]
        if skipped:
            cause = f"follows {skipped[0]}, which was skipped"
            return self._mark(task_id, body, State.SKIPPED, cause)
        return None

    def _task(
        self, task_id: str, body: ir.Spec, scope: Scope, states: Mapping[str, State] | None = None
    ) -> State:
        component = ir.component(self._spec, body)
        known = placeholders.of_run(self._record.pipeline, self._record.run_id, task_id)
        inputs = inputs_of(body, component, scope, known)
        inputs.parameters |= self._final_status(body, states or {})
        given = executor_input(component, inputs, Path(self._record.folder) / task_id / ATTEMPT)
        condition = body.get("triggerPolicy", {}).get("condition")
        try:
            if condition and not cel.holds(condition, given):
                return self._mark(task_id, body, State.SKIPPED, f"{condition} is false")
        except cel.CelError as error:
            return self._mark(task_id, body, State.FAILED, f"its condition {condition}: {error}")
        executor = ir.executor(self._spec, body)
        if "container" in executor:
            state = self._step(self._next(task_id), executor["container"], given)
            if state is State.SUCCEEDED:
                scope.outputs[task_id] = outputs_of(component, given, self._ids)
                _keep_outputs(self._record.step(task_id), scope.outputs[task_id])
        elif "importer" in executor:
            state = self._import(task_id, body, inputs, scope)
        else:
            state, scope.outputs[task_id] = self._dag(component, inputs)
        return state

    def _step(self, step: StepRecord, container: ir.Spec, given: ir.Spec) -> State:
        """Runs a container."""
        folder = Path(given["outputs"]["outputFile"]).parent
        folder.mkdir(parents=True)
        step.log = str(folder / LOG)
        step.state = State.RUNNING
        self._record.write()
        self._progress.step_begins(self._title(step))
        started = time.monotonic()
        try:
            self._execute(step, container, given)
        except BaseException:
            step.state, step.cause = State.CANCELED, "interrupted"
            raise
        finally:
            step.seconds = time.monotonic() - started
            self._ends(step)
        return step.state

    def _execute(self, step: StepRecord, container: ir.Spec, given: ir.Spec) -> None:
        texts = placeholders.of_run(self._record.pipeline, self._record.run_id, step.task)
        texts |= placeholders.of_input(given)
        arguments = [*container.get("command", ()), *container.get("args", ())]
        command = Command(
            task=step.task,
            arguments=[placeholders.replaced(word, texts) for word in arguments],
            image=container["image"],
            environment={item["name"]: item["value"] for item in container.get("env", ())}
            | {log_records.VARIABLE: "1"},
            root=self._root,
            folder=Path(step.log).parent,
        )
        last = ""
        with Path(step.log).open("w", encoding="utf-8") as log:

            def report(line: str) -> None:
                nonlocal last
                record = LogRecord.of_line(line)
                log.write(f"{record.text}\n")
                last = record.text.strip() or last
                self._progress.logged(record)

            try:
                ended = self._launch(command, report)
            except NotRunnableError as error:
                step.state, step.cause = State.FAILED, str(error)
                return
        step.peak_memory_bytes = ended.peak_memory_bytes
        step.state = State.FAILED if ended.code else State.SUCCEEDED
        step.cause = cause_of(ended, last) if ended.code else ""

    def _import(self, task_id: str, body: ir.Spec, inputs: Values, scope: Scope) -> State:
        """Takes what is where KFP's launcher would put it."""
        importer = ir.executor(self._spec, body)["importer"]
        source = importer["artifactUri"]
        known = inputs.parameters
        uri = source["constant"] if "constant" in source else known[source["runtimeParameter"]]
        path = uris.to_local(uri)
        if not uris.is_null(uri) and not Path(path).exists():
            cause = (
                f"a local run fetches nothing, and {uri} is not at {path}; copy it there, or have "
                "a runtime parameter say where it is on this machine"
            )
            return self._mark(task_id, body, State.FAILED, cause)
        [name] = ir.component(self._spec, body)["outputDefinitions"]["artifacts"]
        artifact = runtime_artifact(uri, importer.get("metadata", {}), self._ids)
        scope.outputs[task_id] = Values(artifacts={name: artifact})
        return State.SUCCEEDED

    def _final_status(self, body: ir.Spec, states: Mapping[str, State]) -> dict[str, Any]:
        """What an exit handler receives, under the name of the parameter that asks."""
        return {
            name: {
                "state": str(states[source["taskFinalStatus"]["producerTask"]]),
                "pipelineJobResourceName": self._record.run_id,
                "pipelineTaskName": source["taskFinalStatus"]["producerTask"],
            }
            for name, source in body.get("inputs", {}).get("parameters", {}).items()
            if "taskFinalStatus" in source
        }

    def _next(self, task_id: str) -> StepRecord:
        """Moves a step to where it is in the order of this run."""
        step = self._record.step(task_id)
        self._record.steps.remove(step)
        self._record.steps.insert(self._reached, step)
        self._reached += 1
        return step

    def _mark(self, task_id: str, body: ir.Spec, state: State, cause: str) -> State:
        """Marks a task that does not run, or everything inside of it; returns the state."""
        if "container" in ir.executor(self._spec, body):
            step = self._next(task_id)
            step.state, step.cause = state, cause
            self._ends(step)
        elif state is State.FAILED:
            self._record.cause = self._record.cause or f"{task_id} failed: {cause}"
        inside = ir.component(self._spec, body).get("dag", {}).get("tasks", {})
        for inner_id, inner in inside.items():
            self._mark(inner_id, inner, State.NOT_RUN if state is State.FAILED else state, cause)
        return state

    def _ends(self, step: StepRecord) -> None:
        if step.state is State.FAILED:
            self._record.cause = self._record.cause or f"{step.task} failed: {step.cause}"
        self._record.write()
        self._progress.step_ends(self._title(step), step)

    def _title(self, step: StepRecord) -> str:
        return f"{self._record.steps.index(step) + 1:2d}/{len(self._record.steps)} {step.task}"


def _keep_outputs(step: StepRecord, made: Values) -> None:
    step.parameters = made.parameters
    step.artifacts = {
        name: ArtifactRecord(uri=artifact["uri"], metadata=artifact["metadata"])
        for name, artifact in made.artifacts.items()
    }
