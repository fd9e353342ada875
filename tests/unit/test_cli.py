"""household-power: each verb, its exit codes, and its words."""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.support.series import household, write_uci
from tests.support.summary import run_summary
from tfx_pipeline.cli import _parser, main
from tfx_pipeline.report.summary import RunSummary, write_summary
from tfx_pipeline.series.files import read_series
from tfx_pipeline.settings import Settings, setting_names

PROJECT = Path(__file__).parent.parent.parent


@pytest.fixture(autouse=True)
def _project_settings(monkeypatch):
    monkeypatch.chdir(PROJECT)
    for name in ("POWER_SETTINGS", "POWER_PROFILE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("before", [[], ["--"]])
def test_settings_in_force(before, capsys):
    assert main(["settings", *before, "--profile", "article", "--data.rows=1999"]) == 0
    shown = yaml.safe_load(capsys.readouterr().out)
    assert shown["name"] == "household-power-article"
    assert shown["data"]["rows"] == 1999


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["settings", "--data.row=5"], "--data.row: no such setting; did you mean --data.rows?"),
        (["schema", "refresh", "--writes"], "--writes: no such setting"),
        (["data", "describe", "house.csv", "--data.rows=5"], "unrecognized arguments: --data.rows"),
    ],
)
def test_unknown_options_are_refused(arguments, said, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert said in str(stopped.value) + capsys.readouterr().err


def test_json_schema_refuses_unknown_keys(capsys):
    assert main(["settings", "--json-schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert schema["additionalProperties"] is False
    assert "kW" not in schema["$defs"]["DataSettings"]["properties"]["rows"]["description"]
    assert schema["$defs"]["WindowingSettings"]["properties"]["window"]["description"]


def options_of(parser):
    for action in parser._actions:  # noqa: SLF001, there is no other way
        yield from action.option_strings
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for verb in action.choices.values():
                yield from options_of(verb)


def test_no_option_has_the_name_of_a_setting():
    options = {one.removeprefix("--") for one in options_of(_parser())}
    settings = {part for name in setting_names(Settings) for part in (name, name.split(".")[0])}
    assert "json-schema" in options
    assert not options & settings


def test_data_that_passes_is_summarized(tmp_path, capsys):
    file = write_uci(tmp_path / "house.txt", household(2000))
    assert main(["data", f"--data.path={file}"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == 2000


def test_data_that_breaks_a_rule_is_an_error(tmp_path, capsys):
    file = tmp_path / "house.txt"
    file.write_text("a;b\n1;2\n")
    assert main(["data", f"--data.path={file}"]) == 1
    assert "house.txt" in capsys.readouterr().err


def own_file(folder):
    file = folder / "my house.csv"
    rows = (f"2023-01-{1 + n // 24:02} {n % 24:02}:00,{n % 7 + 0.5}\n" for n in range(240))
    file.write_text("time,use (kWh)\n" + "".join(rows))
    return file


def test_a_file_is_described(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["data", "describe", str(own_file(tmp_path))]) == 0
    shown = capsys.readouterr().out
    assert "target: energy" in shown
    assert "--series='my house.yaml'" in shown
    spec = read_series(tmp_path / "my house.yaml")
    assert (spec.target.column, spec.step) == ("use (kWh)", 3600)


def test_a_description_is_replaced_on_request_alone(tmp_path, capsys):
    output = tmp_path / "house.yaml"
    output.write_text("corrected: by hand\n")
    command = ["data", "describe", str(own_file(tmp_path)), f"--output={output}"]
    assert main(command) == 1
    assert "--overwrite" in capsys.readouterr().err
    assert output.read_text() == "corrected: by hand\n"
    assert main([*command, "--overwrite"]) == 0
    assert read_series(output)


def test_the_data_are_never_replaced(tmp_path, capsys):
    file = own_file(tmp_path)
    before = file.read_bytes()
    assert main(["data", "describe", str(file), f"--output={file}", "--overwrite"]) == 1
    assert "these are the data" in capsys.readouterr().err
    assert file.read_bytes() == before


def test_a_name_that_cannot_be_written_is_refused(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = own_file(tmp_path).rename(tmp_path / os.fsdecode(b"h\xffuse.csv"))
    assert main(["data", "describe", str(file)]) == 1
    assert "not UTF-8" in capsys.readouterr().err
    assert [*tmp_path.iterdir()] == [file]


def test_a_file_that_cannot_be_described_is_an_error(tmp_path, capsys):
    file = tmp_path / "house.csv"
    file.write_text("")
    assert main(["data", "describe", str(file), f"--output={tmp_path / 'x.yaml'}"]) == 1
    assert "house.csv: empty" in capsys.readouterr().err
    assert main(["data", "describe", str(own_file(tmp_path)), "--output=/nowhere/x.yaml"]) == 1
    assert "/nowhere/x.yaml: not written" in capsys.readouterr().err


def test_describing_loads_nothing_heavy(tmp_path):
    code = (
        "import sys; from tfx_pipeline.cli import main; main(sys.argv[1:]);"
        "print('loaded', *sys.modules)"
    )
    command = ["data", "describe", str(own_file(tmp_path)), f"--output={tmp_path / 'x.yaml'}"]
    done = subprocess.run(
        [sys.executable, "-c", code, *command], capture_output=True, text=True, check=True
    )
    loaded = done.stdout.partition("\nloaded ")[2].split()
    assert loaded
    assert not {"tfx", "kfp", "tensorflow", "apache_beam"} & set(loaded)


def test_refresh_without_a_run_says_what_to_do(tmp_path, capsys):
    assert main(["schema", "refresh", f"--outputs={tmp_path}"]) == 1
    assert "run the pipeline once" in capsys.readouterr().err


def test_the_latest_summary_is_printed_for_people_and_for_programs(tmp_path, capsys):
    (tmp_path / "latest").mkdir()
    write_summary(run_summary(), tmp_path / "latest")
    outputs = f"--outputs={tmp_path}"
    assert main(["summary", outputs]) == 0
    assert "coverage is off: failed" in capsys.readouterr().out
    assert main(["summary", "--json", outputs]) == 0
    assert RunSummary.model_validate_json(capsys.readouterr().out) == run_summary()


def test_no_summary_is_an_error(tmp_path, capsys):
    assert main(["summary", f"--outputs={tmp_path}"]) == 1
    assert "a run that ends writes it" in capsys.readouterr().err


def test_the_summary_has_a_json_schema(capsys):
    assert main(["summary", "--json-schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert schema["properties"]["schema_version"]["const"] == 2
    assert schema["$defs"]["Evaluation"]["properties"]["mse_ratio"]["description"]


@pytest.mark.parametrize(
    "verb",
    [[], ["data"], ["data", "describe"], ["lineage", "model"], ["schema", "refresh"], ["summary"]],
)
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


@pytest.mark.parametrize("arguments", [[], ["schema"], ["data", "describe"], ["nothing"]])
def test_wrong_usage(arguments):
    with pytest.raises(SystemExit) as refusal:
        main(arguments)
    assert refusal.value.code == 2


@pytest.fixture
def latest(tmp_path):
    folder = tmp_path / "latest"
    folder.mkdir()
    write_summary(run_summary(), folder)
    return folder


def test_the_report_of_the_latest_run_is_made_and_named(latest, capsys, monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr("webbrowser.open", lambda _: pytest.fail("there is no screen"))
    assert main(["report", "--open", f"--outputs={latest.parent}"]) == 0
    assert capsys.readouterr().out == f"{latest}/report.html\n"
    assert (latest / "report.html").read_text().startswith("<!doctype html>")


def test_the_report_is_opened_where_there_is_a_screen(latest, monkeypatch):
    opened = []
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr("webbrowser.open", opened.append)
    assert main(["report", "--open", f"--outputs={latest.parent}"]) == 0
    assert opened == [f"file://{latest}/report.html"]


@pytest.mark.parametrize(
    "options",
    [
        ["--profile", "sample"],
        ["--", "--profile", "sample"],
        ["--gate", '{"margin": 0.1}'],
        ["--data.path=my house.csv"],
    ],
    ids=["option", "after-dashes", "section", "with-a-space"],
)
def test_the_value_of_a_setting_is_not_the_name_of_a_run(options, latest, capsys):
    assert main(["report", f"--outputs={latest.parent}", *options]) == 0
    assert capsys.readouterr().out == f"{latest}/report.html\n"


def test_the_value_of_a_setting_is_no_folder_to_replay(tmp_path, capsys):
    options = ["--tracking.uri", f"sqlite:///{tmp_path}/mlflow.sqlite", "--outputs", str(tmp_path)]
    assert main(["tracking", "replay", *options, str(tmp_path / "run")]) == 1
    shown = capsys.readouterr().out
    assert [line.partition(": ")[0] for line in shown.splitlines()] == [str(tmp_path / "run")]


def test_a_report_of_no_run_is_an_error(tmp_path, capsys):
    assert main(["report", "yesterday", f"--outputs={tmp_path}"]) == 1
    assert "no run yesterday" in capsys.readouterr().err


def test_nothing_is_replayed_where_tracking_is_off(capsys):
    assert main(["tracking", "replay"]) == 2
    assert "tracking.uri is null" in capsys.readouterr().err


def test_a_run_that_is_not_there_stays_pending(tmp_path, capsys):
    options = [f"--outputs={tmp_path}", f"--tracking.uri=sqlite:///{tmp_path}/mlflow.sqlite"]
    assert main(["tracking", "replay", str(tmp_path / "run"), *options]) == 1
    assert "no such summary" in capsys.readouterr().err


@pytest.mark.parametrize(
    "command", ["settings --json-schema", "summary", "versions list"], ids=lambda one: one[:8]
)
def test_a_reader_that_has_enough_is_no_error(command: str, tmp_path: Path) -> None:
    (tmp_path / "latest").mkdir()
    write_summary(run_summary(), tmp_path / "latest")
    process = subprocess.Popen(
        [sys.executable, "-m", "tfx_pipeline.cli", *command.split(), f"--outputs={tmp_path}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == 141
