"""What a run was made of: no secret in it, and a commit only where there is one."""

import subprocess

import pytest

from tests.support.settings import defaults
from tfx_pipeline.report import provenance
from tfx_pipeline.settings import load_settings


def test_settings_have_dotted_names_and_plain_values():
    found = provenance.in_force(load_settings(["--data.rows=5000", "--beam.options=[]"]))
    assert found["data.rows"] == 5000
    assert found["gate.min_time"] == "P7D"
    assert found["beam.options"] == "[]"
    assert found["beam.nodes"] == "{}"
    assert all(isinstance(value, bool | int | float | str | None) for value in found.values())


def test_a_password_in_a_setting_is_not_repeated():
    url = "s3://me:pw@bucket/rows.csv"  # pragma: allowlist secret
    found = provenance.in_force(load_settings([f"--data.path={url}"]))
    assert "pw@" not in str(found)
    assert found["data.path"] == "***"


@pytest.fixture
def repository(tmp_path, monkeypatch):
    for arguments in (
        ["init", "-q"],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "x"],
    ):
        subprocess.run(["git", "-C", str(tmp_path), *arguments], check=True)
    monkeypatch.setattr(provenance, "__file__", str(tmp_path / "provenance.py"))
    (tmp_path / "provenance.py").write_text("")
    return tmp_path


def test_the_commit_is_that_of_the_repository_that_has_the_code(repository):
    assert provenance.commit() is None, "an environment inside of somebody's repository"
    subprocess.run(["git", "-C", str(repository), "add", "provenance.py"], check=True)
    found = provenance.commit()
    assert found is not None
    assert len(found) == 41
    assert found.endswith("+")


def test_an_image_names_its_commit(monkeypatch):
    monkeypatch.setenv(provenance.REVISION_VARIABLE, "abc")
    assert provenance.commit() == "abc"


def test_without_git_there_is_none(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert provenance.commit() is None


def test_the_code_of_every_node_counts(monkeypatch, tmp_path):
    from tfx_pipeline.report.run import Run

    named = []
    monkeypatch.setattr(provenance, "fingerprint", lambda *names: named.extend(names) or "f")
    found = provenance.provenance(defaults(), Run("2026-01-01", tmp_path, []))
    assert found.code == "f"
    assert {"modules.trainer", "modules.families.mlp", "tfx_pipeline.pipeline"} <= set(named)
    assert (found.data_fingerprint, found.schema_digest, found.model_digest) == (None, None, None)
    assert found.packages["tfx"] == "1.21.0"
