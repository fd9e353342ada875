"""Runs are found by name, whatever the pipeline."""

import pytest

from tfx_pipeline.report.runs import run_folder


def test_a_run_is_found_by_name(tmp_path):
    for name in ("base/runs/2026-01-01T00-00-00.000", "sample/runs/2026-01-02T00-00-00.000"):
        (tmp_path / name).mkdir(parents=True)
    found = run_folder(tmp_path, "2026-01-02T00-00-00.000")
    assert found == tmp_path / "sample/runs/2026-01-02T00-00-00.000"
    with pytest.raises(FileNotFoundError, match=r"did you mean 2026-01-01T00"):
        run_folder(tmp_path, "2026-01-01T00-00")
    with pytest.raises(FileNotFoundError, match=r"there are 2, see .*/\*/runs"):
        run_folder(tmp_path, "x")


def test_the_latest_is_where_the_link_points(tmp_path):
    with pytest.raises(FileNotFoundError, match="no run has ended there"):
        run_folder(tmp_path)
    (tmp_path / "latest").mkdir()
    assert run_folder(tmp_path) == tmp_path / "latest"
