"""Executor of RunReport: finds what the run made, and makes its summary and report of that."""

from __future__ import annotations

import html
import json
import logging
import math
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.dsl.io import fileio
from tfx.types.artifact import Artifact
from tfx_kubeflow.errors import StepError
from tfx_kubeflow.local.record import read_record
from tfx_kubeflow.metadata.lineage import Lineage, metadata_store
from tfx_kubeflow.metadata.run_artifacts import run_tasks
from tfx_kubeflow.storage import files, uris

from tfx_pipeline.data.summary import DATA_SUMMARY_FILE
from tfx_pipeline.evaluation.excerpts import EXCERPTS_FILE
from tfx_pipeline.kubeflow.records import run_of, tasks_of
from tfx_pipeline.report.changes import METRICS
from tfx_pipeline.report.collect import collect
from tfx_pipeline.report.html.page import write_report
from tfx_pipeline.report.run import Run
from tfx_pipeline.report.summary import SUMMARY_FILE, RunSummary, write_summary
from tfx_pipeline.settings import Settings
from tfx_pipeline.tracking.job import PENDING_FILE
from tfx_pipeline.tracking.track import track

log = logging.getLogger(__name__)

READ = {
    "CuratedSchema": "schema",
    "Tuner": "tuner_results",
    "Trainer": "model",
    "Evaluator": "evaluation",
    "ServingCheck": "blessing",
}
"""Node -> output whose files the summary is made of, beside the Trainer's `model_run`."""
PUSHED = "pushed"
"""Figure: 1 where the run pushed a model."""
METRICS_CLASS = "tfx_kubeflow.artifacts.Metrics"


class Executor(BaseExecutor):
    """Writes the report and the figures of a run; a run never fails of it."""

    def Do(  # noqa: N802, TFX's name
        self,
        input_dict: dict[str, list[Artifact]],
        output_dict: dict[str, list[Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Reports.

        Args:
            input_dict: Empty: an exit handler gets no artifacts.
            output_dict: `report`, and `metrics`, whose folder holds the summary as well.
            exec_properties: `settings`, `nodes` and `status`, each as JSON.
        """
        del input_dict
        (report,), (metrics,) = output_dict["report"], output_dict["metrics"]
        folder = Path(metrics.uri)
        status = json.loads(exec_properties["status"])
        try:
            settings = _settings(exec_properties["settings"])
            run = _run(status, folder, json.loads(exec_properties["nodes"]))
            summary = _summary(settings, run)
            page = write_report(folder)
            report.value = page.read_text(encoding="utf-8")
        except Exception as error:  # whatever it is, it is no failure of the run
            log.exception("no report")
            report.value = f"<!doctype html><p>No report was made: {html.escape(str(error))}</p>"
            return
        for name, value in figures(summary).items():
            metrics.set_float_custom_property(name, value)
        if line := track(summary, folder, settings.tracking):
            log.info("MLflow: %s", line)
        if not (folder / PENDING_FILE).exists():  # a replay logs the page as well
            page.unlink()


def _settings(text: str) -> Settings:
    """The settings as they were compiled; files that they name need not be in this image."""
    given = json.loads(text)
    return Settings.model_construct(
        **{
            name: TypeAdapter(field.annotation or Any).validate_python(given[name])
            for name, field in Settings.model_fields.items()
        }
    )


def _run(status: Mapping[str, str], folder: Path, nodes: dict[str, Any]) -> Run:
    """Finds what became of the run."""
    run_id, failed = status["pipelineJobUuid"], status["state"] != "SUCCEEDED"
    store = metadata_store()
    if store is not None:
        return run_of(run_id, folder, nodes, run_tasks(store, run_id), failed)
    # <root>/<pipeline>/<run>/<task>/<attempt>/metrics
    return run_of(run_id, folder, nodes, tasks_of(read_record(folder.parents[2])), failed)


def _summary(settings: Settings, run: Run) -> RunSummary:
    """Makes the summary, and leaves it in the run's folder."""
    blessed = _last_pushed(settings.name, run.id)
    with tempfile.TemporaryDirectory() as copies:
        remote = _fetch(run, Path(copies))
        found = collect(settings, run, blessed)
        evaluation = run.output("Evaluator", "evaluation")
        if evaluation and (kept := Path(evaluation.uri) / EXCERPTS_FILE).is_file():
            shutil.copy(kept, run.folder)
    serving_dir = f"{settings.kubeflow.serving_base}/{settings.name}"
    text = found.model_copy(update={"serving_dir": serving_dir}).model_dump(mode="json")
    summary = RunSummary.model_validate_json(json.dumps(uris.mapped(text, remote)))
    run.folder.mkdir(parents=True, exist_ok=True)
    write_summary(summary, run.folder)
    return summary


def _fetch(run: Run, folder: Path) -> dict[str, str]:
    """Copies what is read from its store; returns each copy -> its URI."""
    remote = {}
    wanted = [*READ.items(), ("Trainer", "model_run")]
    for node, key in wanted:
        artifact = run.output(node, key)
        if artifact and "://" in artifact.uri:
            copy = folder / f"{node}-{key}"
            files.copy_artifact(artifact.uri, copy)
            remote[str(copy)] = artifact.uri
            artifact.uri = str(copy)
    examples = run.output("PowerExampleGen", "examples")
    if examples and "://" in examples.uri:
        copy = folder / "examples"  # of gigabytes, one small file
        try:
            files.download(f"{examples.uri}/{DATA_SUMMARY_FILE}", copy / DATA_SUMMARY_FILE)
        except (OSError, StepError) as error:  # of an earlier release, or gone
            log.info("no summary of the data: %s", error)
        remote[str(copy)] = examples.uri
        examples.uri = str(copy)
    return remote


def _last_pushed(pipeline: str, run_id: str) -> RunSummary | None:
    """The summary of the newest earlier run that pushed a model, from its own figures."""
    store = metadata_store()
    found: Sequence[Artifact] = Lineage(store, pipeline).artifacts(METRICS_CLASS)
    for artifact in reversed(found):
        if artifact.get_float_custom_property(PUSHED) != 1.0 or f"/{run_id}/" in artifact.uri:
            continue
        try:
            with fileio.open(f"{artifact.uri}/{SUMMARY_FILE}", "rb") as file:
                return RunSummary.model_validate_json(file.read())
        except (OSError, ValueError) as error:  # gone, or of another release
            log.info("%s: %s", artifact.uri, error)
    return None


def figures(summary: RunSummary) -> dict[str, float]:
    """What KFP's pages show, and compare between runs."""
    found = summary.evaluation
    scores = {name: getattr(found, name) for name in METRICS} if found else {}
    known = {
        "blessed": float(summary.blessed),
        PUSHED: float(summary.pushed_version is not None),
        **{name: value for name, value in scores.items() if value is not None},
    }
    return {name: float(value) for name, value in known.items() if math.isfinite(value)}
