"""The summary as JSON: written atomically, read back, and described by its schema."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.summary import evaluation, run_summary
from tfx_pipeline.report.summary import RunSummary, read_summary, write_summary

DATA = Path(__file__).parents[3] / "tests/data"


def test_it_is_written_and_read_back(tmp_path):
    summary = run_summary()
    write_summary(summary, tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["summary.json"]
    assert read_summary(tmp_path) == summary
    values = json.loads((tmp_path / "summary.json").read_text())
    assert values["schema_version"] == 2
    assert values["blessed"] is False
    assert values["reasons"] == ["MSE is fine: passed", "coverage is off: failed"]
    assert values["evaluation"]["per_step"][0]["coverage_p10_p90"] is None


def test_what_a_failed_run_did_not_reach_is_null():
    summary = run_summary(evaluation=None)
    assert summary.blessed is False
    assert summary.reasons == ()


@pytest.mark.parametrize("text", ["", "{", "{}", "[]", '{"schema_version": 2}'])
def test_another_file_is_named(tmp_path, text):
    (tmp_path / "summary.json").write_text(text)
    with pytest.raises(ValueError, match=r"summary\.json"):
        read_summary(tmp_path)


def test_a_summary_of_another_release_is_called_so(tmp_path):
    (tmp_path / "summary.json").write_text('{"schema_version": 1}')
    with pytest.raises(ValueError, match="a summary of version 1, of another release"):
        read_summary(tmp_path)


def test_a_recorded_summary_of_the_release_before_is_called_so(tmp_path):
    shutil.copy(DATA / "summary_1.json", tmp_path / "summary.json")
    with pytest.raises(ValueError, match="a summary of version 1, of another release"):
        read_summary(tmp_path)


def test_the_first_summary_of_this_version_is_read(tmp_path):
    """Fields that came later have defaults."""
    shutil.copy(DATA / "summary_2.json", tmp_path / "summary.json")
    found = read_summary(tmp_path)
    assert found.data is not None
    assert found.data.rows == 40_000
    assert found.evaluation is not None


def test_no_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"summary\.json: no such summary"):
        read_summary(tmp_path)


def test_every_field_of_the_schema_is_described():
    schema = RunSummary.model_json_schema(mode="serialization")
    assert {"blessed", "reasons", "evaluation", "schema_version"} <= set(schema["properties"])
    parts = [schema, *(schema["$defs"][name] for name in ("Evaluation", "Verdict", "NodeSummary"))]
    for part in parts:
        undescribed = {
            name
            for name, field in part["properties"].items()
            if "description" not in field and "$ref" not in field
        }
        assert not undescribed, part["title"]


def test_reading_one_imports_nothing_heavy():
    code = (
        "import sys, tfx_pipeline.report.summary, tfx_pipeline.report.tables; print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"tensorflow", "tfx", "apache_beam"} & set(done.stdout.split())


def test_an_evaluation_says_why():
    assert evaluation().reasons == ("MSE is fine: passed", "coverage is off: failed")
