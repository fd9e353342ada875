"""What changed since the last run whose model was blessed and pushed."""

import pytest

from tests.support.summary import DATA, evaluation, made_of, run_summary
from tfx_pipeline.report.changes import changes, last_pushed
from tfx_pipeline.report.summary import write_summary


def written(tmp_path, name, **values):
    folder = tmp_path / name
    folder.mkdir()
    write_summary(run_summary(run_id=name, **values), folder)
    return folder


BLESSED = {"evaluation": evaluation(blessed=True), "pushed_version": "1"}


def test_the_last_pushed_run_is_the_newest_before_this_one(tmp_path):
    written(tmp_path, "2026-01-01", **BLESSED)
    written(tmp_path, "2026-01-02", **BLESSED)
    written(tmp_path, "2026-01-03", evaluation=evaluation(blessed=True))
    written(tmp_path, "2026-01-04")
    (tmp_path / "2026-01-05").mkdir()  # killed
    (tmp_path / "2026-01-06").mkdir()
    (tmp_path / "2026-01-06/summary.json").write_text('{"schema_version": 1}')
    written(tmp_path, "2026-01-08", **BLESSED)
    found = last_pushed(tmp_path / "2026-01-07")
    assert found is not None
    assert found.run_id == "2026-01-02"
    assert last_pushed(tmp_path / "2026-01-01") is None


def test_changes_are_named_by_what_they_belong_to():
    before = run_summary(run_id="before", provenance=made_of())
    after = run_summary(
        data=DATA.model_copy(update={"rows": 90_000}),
        provenance=made_of(
            settings={"seed": 1, "data.rows": None, "tuner.enabled": True},
            commit="def",
            data_fingerprint="files:2",
        ),
        evaluation=evaluation(mse=0.03),
    )
    found = changes(before, after)
    assert found.run_id == "before"
    assert [tuple(one.model_dump().values()) for one in found.changes] == [
        ("data", "rows", 86_400, 90_000),
        ("data", "SHA-256", "files:1", "files:2"),
        ("settings", "data.max_gap", 15, None),
        ("settings", "tuner.enabled", None, True),
        ("code", "commit", "abc", "def"),
        ("metrics", "mse", 0.04, 0.03),
    ]


@pytest.mark.parametrize("provenance", [None, made_of()])
def test_the_same_run_again_changes_nothing(provenance):
    summary = run_summary(provenance=provenance)
    assert changes(summary, summary).changes == ()
