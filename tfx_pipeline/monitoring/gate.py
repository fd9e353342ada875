"""What is known of a served version from before it was pushed: the gate's figures, the data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tfx_kubeflow.storage import push_records

from tfx_pipeline.evaluation.results import SCORES_PROPERTY, Scores, StepScores
from tfx_pipeline.report.summary import SUMMARY_FILE, RunSummary, read_summary

ARTIFACTS = "artifacts"
STATISTICS = "ExampleStatistics"
STATISTICS_FILE = "Split-train/FeatureStats.pb"


@dataclass(frozen=True)
class Before:
    """What is known of a version.

    Attributes:
        scores: Of the Evaluator; None where they are not known.
        per_step: The same by step ahead; may be empty.
        statistics: File with the statistics of the training data; None where it is not here.
    """

    scores: Scores | None = None
    per_step: tuple[StepScores, ...] = ()
    statistics: Path | None = None


def before(outputs: Path, serving_dir: Path, version: str) -> Before:
    """Looks for the run that pushed a version, and for the record of the push.

    Args:
        outputs: Folder of everything that runs write.
        serving_dir: Folder of the served versions.
        version: The version.
    """
    for folder, summary in _runs_that_pushed(outputs, version):
        if found := summary.evaluation:
            return Before(found, found.per_step, _statistics(folder, summary))
    record = push_records.read(str(serving_dir), version)
    blessings = record.blessings.values() if record else ()
    scores = (one[SCORES_PROPERTY] for one in blessings if SCORES_PROPERTY in one)
    return Before(next(map(Scores.model_validate, scores), None))


def _runs_that_pushed(outputs: Path, version: str) -> Iterator[tuple[Path, RunSummary]]:
    """Folders and summaries of runs, the newest first."""
    for path in sorted(outputs.glob(f"*/runs/*/{SUMMARY_FILE}"), reverse=True):
        try:
            if json.loads(path.read_bytes()).get("pushed_version") == version:
                yield path.parent, read_summary(path.parent)
        except (ValueError, AttributeError):  # of another release, or none
            continue


def _statistics(folder: Path, summary: RunSummary) -> Path | None:
    for output in (one for node in summary.nodes for one in node.outputs):
        if output.type == STATISTICS:
            # The folder of all runs may have been moved since.
            path = folder.parents[1] / ARTIFACTS / output.uri.partition(f"/{ARTIFACTS}/")[2]
            if (path / STATISTICS_FILE).is_file():
                return path / STATISTICS_FILE
    return None
