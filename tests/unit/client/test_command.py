"""household-power forecast: what it prints, and its exit codes."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.series import household, write_iso
from tests.support.settings import SERIES, WINDOWING
from tests.support.web import Reply, tensorflow_serving, web
from tests.support.windows import model as described
from tfx_pipeline.cli import main
from tfx_pipeline.model_contract import METADATA_FILE

PROJECT = Path(__file__).parents[3]
UCI = described(SERIES, WINDOWING)


@pytest.fixture(autouse=True)
def _project_settings(monkeypatch, tmp_path):
    monkeypatch.chdir(PROJECT)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("POWER_SERVING__BASE", str(tmp_path / "serving"))
    for name in ("POWER_SETTINGS", "POWER_PROFILE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def house(tmp_path):
    """Two and a half hours of a household, 2023-01-01 00:00 to 02:29."""
    return write_iso(tmp_path / "house.csv", household(150, "2023-01-01 00:00"))


@pytest.fixture
def server():
    with web(tensorflow_serving(UCI)) as found:
        yield found


def forecast(*arguments, capsys, code=0):
    """What the command prints on standard output and error."""
    assert main(["forecast", *map(str, arguments)]) == code
    return capsys.readouterr()


def test_a_table_for_people(house, server, capsys):
    out, err = forecast(house, "--server", server.url, capsys=capsys)
    title, header, *rows = out.splitlines()
    assert title == "Global_active_power, kW, by household-power, version 3"
    assert header.split() == ["from", "mean", "P10", "P50", "P90"]
    assert [row[:16] for row in rows[:5]] == [f"2023-01-01 02:3{minute}" for minute in range(5)]
    assert "│" in rows[-1]
    assert err == ""


def test_a_line_of_json_for_each_forecast(house, server, capsys):
    out, _ = forecast(house, "--server", server.url, "--json", "--last=2", capsys=capsys)
    first, second = map(json.loads, out.splitlines())
    assert first["origin"] == "2023-01-01T02:28:00"
    assert [step["time"][11:16] for step in second["steps"]] == [
        f"02:3{minute}" for minute in range(5)
    ]
    assert [step["came"] is None for step in first["steps"]] == [False, True, True, True, True]
    assert (second["unit"], second["version"], second["observed_steps"]) == ("kW", "3", 120)
    last = server.requests[-1].json["inputs"]["Global_active_power"][1][-1]
    assert second["steps"][0]["mean"] == pytest.approx(last)


def test_a_row_of_csv_for_each_step(house, server, capsys):
    out, _ = forecast(
        house, "--server", server.url, "--csv", "--at=2023-01-01 01:00", capsys=capsys
    )
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [row["time"] for row in rows] == [f"2023-01-01T01:0{minute}:00" for minute in range(5)]
    assert all(float(row["came"]) >= 0 for row in rows)


def test_missing_steps_are_noted(house, server, capsys):
    rows = house.read_text().splitlines()
    house.write_text("\n".join(rows[:1] + rows[50:]) + "\n")
    _, err = forecast(house, "--server", server.url, capsys=capsys)
    assert "looks back 120 steps; 101 of those up to 2023-01-01 02:29 have a value" in err


def test_what_any_of_several_meters_lacks_is_noted(tmp_path, server, capsys):
    # The server is not told of meters: it knows but one model.
    north = household(150, "2023-01-01 00:00", meter="[north]")
    south = household(150, "2023-01-01 00:00", meter="[/]").without_values(slice(30, 150))
    west = household(120, "2023-01-01 00:00", meter="west")
    file = write_iso(tmp_path / "houses.csv", north, south, west)
    out, err = forecast(file, "--server", server.url, "--last=200", "--csv", capsys=capsys)
    assert "[north]:" not in err
    assert "note: [/]: the model looks back 120 steps; 0 of those up to" in err
    assert "note: west: ends at 2023-01-01 01:59, 30 steps before others" in err
    assert "of the 420 windows have nothing to forecast from" not in err
    assert len(list(csv.DictReader(io.StringIO(out)))) == 420 * 5
    out, _ = forecast(file, "--server", server.url, capsys=capsys)
    assert "[north]" in out
    assert "[/]" in out


def test_notes_are_few_where_meters_are_many(tmp_path, server, capsys):
    houses = [household(50, "2023-01-01 00:00", meter=f"m{number}") for number in range(30)]
    file = write_iso(tmp_path / "houses.csv", *houses)
    _, err = forecast(file, "--server", server.url, "--last=2", capsys=capsys)
    assert err.count("note: ") == 9
    assert "note: and 22 more notes" in err


def test_nothing_to_forecast_from_is_refused(tmp_path, server, capsys):
    minutes = household(150, "2023-01-01 00:00").without_values(slice(20, 150))
    house = write_iso(tmp_path / "house.csv", minutes)
    _, err = forecast(house, "--server", server.url, capsys=capsys, code=1)
    assert "Global_active_power has no value from 2023-01-01 00:30 to 2023-01-01 02:29" in err


def test_the_description_beside_the_model_is_the_one_that_counts(house, server, capsys, tmp_path):
    file = tmp_path / "serving/household-power/3" / METADATA_FILE
    file.parent.mkdir(parents=True)
    file.write_text(UCI.model_dump_json())
    forecast(house, "--server", server.url, "--windowing.window=30", capsys=capsys)
    file.unlink()
    _, err = forecast(house, "--server", server.url, "--windowing.window=30", capsys=capsys, code=1)
    assert "Voltage: float32 [batch, 120], by the settings float32 [batch, 30]" in err
    assert "--windowing.window" in err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--last=0"], "--last: at least 1"),
        (["--timeout=0"], "--timeout: more than 0 seconds"),
        (["--follow", "--at=2023-01-01"], "--at, --last and --plot are of what is there"),
        (["--follow"], "name a file that is written to"),
    ],
    ids=["last", "timeout", "follow-at", "follow"],
)
def test_wrong_usage(options, said, capsys):
    _, err = forecast(*options, capsys=capsys, code=2)
    assert said in err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["nowhere.csv"], "error: nowhere.csv: there is no"),
        (["{house}", "--at=noon"], "--at: 'noon' is no time"),
        (
            ["{house}", "--at=2023-01-01 00:00Z"],
            "--at: 2023-01-01 00:00Z: the series has no time zone",
        ),
        (["{house}", "--meter=mine"], "the file names no meters"),
        (["{house}", "--server=ftp://x"], "expected http://host:port"),
        (
            ["{house}", "--server=grpc://127.0.0.1:1", "--version=x"],
            "'x' is no number of a version",
        ),
        (["{house}", "--server=grpc://127.0.0.1:1", f"--version={2**63}"], "is no number of a"),
    ],
    ids=["file", "time", "offset", "meter", "address", "version", "high version"],
)
def test_what_cannot_be_done(options, said, house, server, capsys):
    options = [option.format(house=house) for option in options]
    _, err = forecast(f"--server={server.url}", *options, capsys=capsys, code=1)
    assert said in err
    assert "Traceback" not in err


def test_a_server_that_is_away(house, capsys):
    with web(lambda _: Reply({})) as server:
        pass
    _, err = forecast(house, "--server", server.url, "--timeout=1", capsys=capsys, code=1)
    assert "nobody answers there" in err


def test_a_data_error_names_file_and_line(house, server, capsys):
    rows = house.read_text().splitlines()
    rows[40] = rows[40].replace(",", ",x", 1)
    house.write_text("\n".join(rows) + "\n")
    _, err = forecast(house, "--server", server.url, capsys=capsys, code=1)
    assert f"{house}, line 41, column" in err
    _, err = forecast(house, "--server", server.url, "--data.max_bad_rows=1", capsys=capsys)
    assert "left out: " in err


@pytest.mark.parametrize("form", [[], ["--csv"], ["--json"]], ids=["table", "csv", "json"])
def test_a_reader_may_have_enough(form, house, server):
    command = [sys.executable, "-m", "tfx_pipeline.cli", "forecast", str(house), "--last=2000"]
    read, write = os.pipe()
    os.close(read)
    options = [f"--server={server.url}", *form]
    done = subprocess.run([*command, *options], stdout=write, stderr=subprocess.PIPE, cwd=PROJECT)
    os.close(write)
    assert done.returncode == 141
    assert b"Error" not in done.stderr


def test_the_local_server_is_asked_unless_another_is_named(house, server, capsys):
    out, _ = forecast(house, f"--serving.rest_port={server.url.rpartition(':')[2]}", capsys=capsys)
    assert "version 3" in out
