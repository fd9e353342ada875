"""What is known of a served version from before it was pushed."""

from pathlib import Path

from tfx_kubeflow.storage import push_records
from tfx_kubeflow.storage.push_records import PushRecord

from tests.support.summary import evaluation, run_summary
from tfx_pipeline.evaluation.results import Scores
from tfx_pipeline.monitoring.gate import STATISTICS_FILE, Before, before
from tfx_pipeline.report.summary import ArtifactSummary, NodeSummary, write_summary


def run(outputs: Path, name: str, version: str | None) -> Path:
    """The folder of a run that pushed a version."""
    folder = outputs / "household-power/runs" / name
    folder.mkdir(parents=True)
    # Where it was when the run wrote it; the folder has been moved since.
    uri = "/elsewhere/household-power/artifacts/StatisticsGen/statistics/3"
    made = ArtifactSummary(key="statistics", id=3, type="ExampleStatistics", uri=uri)
    node = NodeSummary(
        id="StatisticsGen", state="complete", seconds=1, peak_rss_bytes=1, outputs=(made,)
    )
    summary = run_summary(nodes=(node,), evaluation=evaluation(), pushed_version=version)
    write_summary(summary, folder)
    return folder


def test_the_run_that_pushed_it_tells(tmp_path):
    run(tmp_path, "2026-01-01", "16")
    run(tmp_path, "2026-01-02", "17")
    run(tmp_path, "2026-01-03", None)
    statistics = tmp_path / "household-power/artifacts/StatisticsGen/statistics/3" / STATISTICS_FILE
    found = before(tmp_path, tmp_path / "serving", "17")
    assert found.scores is not None
    assert (found.scores.mse_ratio, len(found.per_step), found.statistics) == (0.8, 2, None)
    statistics.parent.mkdir(parents=True)
    statistics.touch()
    assert before(tmp_path, tmp_path / "serving", "17").statistics == statistics


def test_else_the_record_of_the_push(tmp_path):
    scores = Scores(**dict.fromkeys(Scores.model_fields) | {"mse_ratio": 0.7})
    record = PushRecord(
        version="17",
        digest="0" * 64,
        pushed_at=1,
        blessings={"infra_blessing": {}, "model_blessing": {"scores": scores.model_dump()}},
    )
    push_records.write(str(tmp_path), record)
    assert before(tmp_path, tmp_path, "17") == Before(scores)


def test_else_nothing(tmp_path):
    folder = run(tmp_path, "2026-01-01", "17")
    (folder / "summary.json").write_text('{"pushed_version": "17", "schema_version": 99}')
    assert before(tmp_path, tmp_path / "serving", "17") == Before()
