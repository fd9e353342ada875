"""Collects the summary of a run from its settings, its nodes and what they left behind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tfx.types.artifact import Artifact
from tfx.utils import path_utils

from tfx_pipeline.components.data_gate.executor import FINDINGS_PROPERTY
from tfx_pipeline.components.serving_check.component import REPORT_FILE
from tfx_pipeline.data.summary import DATA_SUMMARY_PROPERTY
from tfx_pipeline.evaluation.decision import read_evaluation
from tfx_pipeline.model_contract import METADATA_FILE, ModelMetadata
from tfx_pipeline.report.causes import explain
from tfx_pipeline.report.run import Run
from tfx_pipeline.report.summary import NodeSummary, RunSummary
from tfx_pipeline.serving.report import ServingReport
from tfx_pipeline.settings import Settings


def collect(settings: Settings, run: Run) -> RunSummary:
    """Collects what a run did.

    Args:
        settings: What was run.
        run: What became of it; it may have failed at any node.
    """
    model = run.output("Trainer", "model")
    evaluation = run.output("Evaluator", "evaluation")
    checked = run.output("ServingCheck", "blessing")
    pushed = run.output("Pusher", "pushed_model")
    return RunSummary(
        run_id=run.id,
        profile=settings.profile,
        pipeline=settings.name,
        state="failed" if run.error else "complete",
        error=explain(run.error) if run.error else None,
        data=_property(run.output("PowerExampleGen", "examples"), DATA_SUMMARY_PROPERTY),
        warnings=_property(run.output("DataGate", "approval"), FINDINGS_PROPERTY),
        hyperparameters=_metadata(model).hyperparameters if model else None,
        nodes=tuple(
            NodeSummary(
                id=node.id,
                state=node.state,
                seconds=round(node.seconds, 3),
                peak_rss_bytes=node.peak_rss_bytes,
            )
            for node in run.nodes
        ),
        total_seconds=round(run.total_seconds, 3),
        peak_rss_bytes=run.peak_rss_bytes,
        evaluation=read_evaluation(evaluation.uri) if evaluation else None,
        serving_check=_serving_report(checked) if checked else None,
        pushed_version=pushed.get_string_custom_property("pushed_version") if pushed else None,
        serving_dir=str(settings.serving_dir),
    )


def _property(artifact: Artifact | None, name: str) -> Any:
    return json.loads(artifact.get_string_custom_property(name)) if artifact else None


def _serving_report(blessing: Artifact) -> ServingReport:
    return ServingReport.model_validate_json((Path(blessing.uri) / REPORT_FILE).read_bytes())


def _metadata(model: Artifact) -> ModelMetadata:
    folder = Path(path_utils.serving_model_path(model.uri))
    return ModelMetadata.model_validate_json((folder / METADATA_FILE).read_bytes())
