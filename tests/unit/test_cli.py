"""household-power: each verb, its exit codes, and its words."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.support.series import household, write_uci
from tests.support.summary import run_summary
from tfx_pipeline.cli import main
from tfx_pipeline.report.summary import RunSummary, write_summary

PROJECT = Path(__file__).parent.parent.parent


@pytest.fixture(autouse=True)
def _project_settings(monkeypatch):
    monkeypatch.chdir(PROJECT)
    for name in ("POWER_SETTINGS", "POWER_PROFILE"):
        monkeypatch.delenv(name, raising=False)


def test_settings_in_force(capsys):
    assert main(["settings", "--", "--profile=article", "--data.rows=1999"]) == 0
    shown = yaml.safe_load(capsys.readouterr().out)
    assert shown["name"] == "household-power-article"
    assert shown["data"]["rows"] == 1999


def test_json_schema_refuses_unknown_keys(capsys):
    assert main(["settings", "--json-schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert schema["additionalProperties"] is False
    assert "kW" not in schema["$defs"]["DataSettings"]["properties"]["rows"]["description"]
    assert schema["$defs"]["WindowingSettings"]["properties"]["window"]["description"]


def test_data_that_passes_is_summarized(tmp_path, capsys):
    file = write_uci(tmp_path / "house.txt", household(2000))
    assert main(["data", "--", f"--data.path={file}"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == 2000


def test_data_that_breaks_a_rule_is_an_error(tmp_path, capsys):
    file = tmp_path / "house.txt"
    file.write_text("a;b\n1;2\n")
    assert main(["data", "--", f"--data.path={file}"]) == 1
    assert "house.txt" in capsys.readouterr().err


def test_refresh_without_a_run_says_what_to_do(tmp_path, capsys):
    assert main(["schema", "refresh", "--", f"--outputs={tmp_path}"]) == 1
    assert "run the pipeline once" in capsys.readouterr().err


def test_the_latest_summary_is_printed_for_people_and_for_programs(tmp_path, capsys):
    (tmp_path / "latest").mkdir()
    write_summary(run_summary(), tmp_path / "latest")
    outputs = f"--outputs={tmp_path}"
    assert main(["summary", "--", outputs]) == 0
    assert "coverage is off: failed" in capsys.readouterr().out
    assert main(["summary", "--json", "--", outputs]) == 0
    assert RunSummary.model_validate_json(capsys.readouterr().out) == run_summary()


def test_no_summary_is_an_error(tmp_path, capsys):
    assert main(["summary", "--", f"--outputs={tmp_path}"]) == 1
    assert "a run that ends writes it" in capsys.readouterr().err


def test_the_summary_has_a_json_schema(capsys):
    assert main(["summary", "--json-schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert schema["properties"]["schema_version"]["const"] == 2
    assert schema["$defs"]["Evaluation"]["properties"]["mse_ratio"]["description"]


@pytest.mark.parametrize("verb", [[], ["schema", "refresh"], ["summary"]])
def test_help_comes_without_the_heavy_imports(verb):
    code = (
        "import atexit, sys; from tfx_pipeline.cli import main;"
        "atexit.register(lambda: print('\\nloaded', *sys.modules)); main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *verb, "--help"], capture_output=True, text=True, check=True
    )
    text, _, loaded = done.stdout.partition("\nloaded ")
    assert text.startswith("usage: household-power")
    assert not {"tfx", "kfp", "tensorflow", "kfp_server_api"} & set(loaded.split())


@pytest.mark.parametrize("arguments", [[], ["schema"], ["nothing"]])
def test_wrong_usage(arguments):
    with pytest.raises(SystemExit) as refusal:
        main(arguments)
    assert refusal.value.code == 2
