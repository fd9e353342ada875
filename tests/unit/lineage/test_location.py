"""Where records may be, and what is refused without showing a password."""

import subprocess
import sys
from pathlib import Path

import pytest

from tfx_pipeline.cli import main
from tfx_pipeline.lineage.location import (
    GRPC_PORT,
    MYSQL_PORT,
    PASSWORD_VARIABLE,
    connection,
    open_records,
)
from tfx_pipeline.lineage.records import LineageError


def test_a_password_comes_from_the_environment_alone(monkeypatch):
    monkeypatch.setenv(PASSWORD_VARIABLE, "hidden")
    source = connection("mysql://user@host/db").mysql
    assert (source.host, source.port, source.user) == ("host", MYSQL_PORT, "user")
    assert (source.database, source.password) == ("db", "hidden")
    with pytest.raises(LineageError, match=PASSWORD_VARIABLE) as refusal:
        connection("mysql://user:hidden@host/db")  # pragma: allowlist secret
    assert "hidden" not in str(refusal.value)


def test_a_metadata_service_is_named_by_host_and_port():
    assert connection("grpc://host:1234").port == 1234
    assert connection("grpc://host").port == GRPC_PORT


@pytest.mark.parametrize(
    "store", ["http://host", "mysql://host/db", "mysql://user@host", "grpc://"]
)
def test_what_names_no_store_is_refused(store):
    with pytest.raises(LineageError, match="want a path, mysql://user@host/database or grpc://"):
        connection(store)


def test_a_missing_file_is_called_so(tmp_path, capsys):
    assert main(["lineage", "history", f"--outputs={tmp_path}"]) == 1
    assert "no such file; a run of the pipeline makes it" in capsys.readouterr().err


def test_a_damaged_file_is_called_so(tmp_path):
    (tmp_path / "m.sqlite").write_text("nonsense")
    with pytest.raises(LineageError, match=r"m\.sqlite: not readable"):
        open_records(None, tmp_path / "m.sqlite", "any")


def test_a_service_that_is_not_there_is_called_so(monkeypatch):
    monkeypatch.setattr("tfx_pipeline.lineage.location.TIMEOUT", 0.5)
    with pytest.raises(LineageError, match=r"grpc://127\.0\.0\.1:1: not readable"):
        open_records("grpc://127.0.0.1:1", Path("unused"), "any")


def test_a_database_that_refuses_is_called_so_without_the_password(monkeypatch):
    monkeypatch.setenv(PASSWORD_VARIABLE, "hidden")
    with pytest.raises(LineageError, match=r"user@127\.0\.0\.1:1/db: .* no login there") as refusal:
        open_records("mysql://user@127.0.0.1:1/db", Path("unused"), "any")
    assert "hidden" not in str(refusal.value)


def test_asking_loads_nothing_heavy():
    code = "import sys, tfx_pipeline.lineage.command; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "ml_metadata" in loaded
    assert not {"tfx", "kfp", "tensorflow", "apache_beam", "pandas"} & loaded
