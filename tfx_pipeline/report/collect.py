"""Collects the summary of a run from its settings, its nodes and what they left behind."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tfx.dsl.io import fileio
from tfx.types.artifact import Artifact
from tfx.utils import path_utils

from tfx_pipeline.components.data_gate.settings import DRIFT_PROPERTY, FINDINGS_PROPERTY
from tfx_pipeline.components.serving_check.component import REPORT_FILE
from tfx_pipeline.data.summary import DATA_SUMMARY_FILE, DataSummary
from tfx_pipeline.evaluation.results import EVALUATION_FILE, Evaluation
from tfx_pipeline.model_contract import METADATA_FILE, ModelMetadata
from tfx_pipeline.report.causes import explain
from tfx_pipeline.report.changes import changes
from tfx_pipeline.report.provenance import provenance
from tfx_pipeline.report.run import NodeRun, Run
from tfx_pipeline.report.summary import ArtifactSummary, NodeSummary, RunSummary
from tfx_pipeline.serving.report import ServingReport
from tfx_pipeline.settings import Settings
from tfx_pipeline.training_record import FIT_FILE, TRIALS_FILE, FitRecord, trials_from_json


def collect(settings: Settings, run: Run, blessed: RunSummary | None = None) -> RunSummary:
    """Collects what a run did.

    Args:
        settings: What was run.
        run: What became of it; it may have failed at any node.
        blessed: The last run whose model was blessed and pushed.
    """
    summary = _collect(settings, run)
    if blessed is None:
        return summary
    return summary.model_copy(update={"since_blessed": changes(blessed, summary)})


def _collect(settings: Settings, run: Run) -> RunSummary:
    model = run.output("Trainer", "model")
    evaluation = run.output("Evaluator", "evaluation")
    checked = run.output("ServingCheck", "blessing")
    pushed = run.output("Pusher", "pushed_model")
    approval = run.output("DataGate", "approval")
    trials = run.output("Tuner", "tuner_results")
    fitted = run.output("Trainer", "model_run")
    return RunSummary(
        run_id=run.id,
        profile=settings.profile,
        pipeline=settings.name,
        state="failed" if run.error else "complete",
        error=explain(run.error) if run.error else None,
        data=_data(run.output("PowerExampleGen", "examples")),
        warnings=_property(approval, FINDINGS_PROPERTY),
        drift=_property(approval, DRIFT_PROPERTY),
        hyperparameters=_metadata(model).hyperparameters if model else None,
        nodes=tuple(map(_node, run.nodes)),
        total_seconds=round(run.total_seconds, 3),
        peak_rss_bytes=run.peak_rss_bytes,
        evaluation=_evaluation(evaluation) if evaluation else None,
        serving_check=_serving_report(checked) if checked else None,
        pushed_version=_pushed_version(pushed) if pushed else None,
        serving_dir=str(settings.serving_dir),
        trials=trials_from_json(_read(trials, TRIALS_FILE)) if trials else None,
        fit=FitRecord.model_validate_json(_read(fitted, FIT_FILE)) if fitted else None,
        provenance=provenance(settings, run),
    )


def _pushed_version(pushed: Artifact) -> str | None:
    """Null where the Pusher pushed nothing."""
    return pushed.get_string_custom_property("pushed_version") or None


def _node(node: NodeRun) -> NodeSummary:
    return NodeSummary(
        id=node.id,
        state=node.state,
        seconds=round(node.seconds, 3),
        peak_rss_bytes=node.peak_rss_bytes,
        started_seconds=_rounded(node.started_seconds),
        cpu_seconds=_rounded(node.cpu_seconds),
        execution_id=node.execution_id,
        inputs=tuple(_artifacts(node.inputs)),
        outputs=tuple(_artifacts(node.outputs)),
    )


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def _artifacts(by_key: Mapping[str, Sequence[Artifact]]) -> Iterator[ArtifactSummary]:
    for key, artifacts in by_key.items():
        for one in artifacts:
            yield ArtifactSummary(key=key, id=one.id, type=one.type_name, uri=one.uri)


def _property(artifact: Artifact | None, name: str) -> Any:
    text = artifact.get_string_custom_property(name) if artifact else ""
    return json.loads(text) if text else None


def _data(examples: Artifact | None) -> DataSummary | None:
    """The data's summary, or nothing where the Examples are gone."""
    if examples and fileio.exists(f"{examples.uri}/{DATA_SUMMARY_FILE}"):
        return DataSummary.model_validate_json(_read(examples, DATA_SUMMARY_FILE))
    return None


def _evaluation(evaluation: Artifact) -> Evaluation:
    return Evaluation.model_validate_json(_read(evaluation, EVALUATION_FILE))


def _serving_report(blessing: Artifact) -> ServingReport:
    return ServingReport.model_validate_json(_read(blessing, REPORT_FILE))


def _metadata(model: Artifact) -> ModelMetadata:
    folder = path_utils.serving_model_path(model.uri)
    with fileio.open(f"{folder}/{METADATA_FILE}", "rb") as file:
        return ModelMetadata.model_validate_json(file.read())


def _read(artifact: Artifact, name: str) -> bytes:
    with fileio.open(f"{artifact.uri}/{name}", "rb") as file:
        content: bytes = file.read()
    return content
