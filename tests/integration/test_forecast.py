"""The client beside our server: REST and gRPC, several meters, what is known ahead, a restart."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tfx_kubeflow.storage import labels, served_versions

from tests.support.model import save_model
from tests.support.saved_models import WINDOWING, push_version, write_version
from tests.support.series import household, write_iso
from tests.support.server import serving
from tfx_pipeline.cli import main
from tfx_pipeline.client.errors import NotFoundError, ServerError
from tfx_pipeline.client.files import read_windows
from tfx_pipeline.client.forecaster import Forecaster
from tfx_pipeline.data.contract import Windowing
from tfx_pipeline.model_contract import (
    DEFAULT_SIGNATURE,
    METADATA_FILE,
    OUTPUTS,
    ModelMetadata,
)
from tfx_pipeline.series.spec import SeriesSpec

NAME = "household-power"
PROJECT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "tfx_pipeline.cli", "forecast"]

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    write_version(folder / NAME, 7, offset=0.25)
    return folder


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    minutes = household(200, "2023-01-01 00:00").without_values(slice(150, 155))
    minutes = minutes.without_rows(slice(170, 173))
    return write_iso(tmp_path_factory.mktemp("house") / "house.csv", minutes)


def url(running, protocol):
    return f"grpc://{running.grpc}" if protocol == "grpc" else running.rest


def described(folder):
    return ModelMetadata.model_validate_json((folder / METADATA_FILE).read_bytes())


def same_as_saved_model(forecast, folder):
    """To the last bit."""
    signature = tf.saved_model.load(str(folder)).signatures[DEFAULT_SIGNATURE]
    inputs = {
        name: tf.constant(values.tolist(), signature.structured_input_signature[1][name].dtype)
        for name, values in forecast.windows.inputs.items()
    }
    answer = signature(**inputs)
    for name in OUTPUTS:
        np.testing.assert_array_equal(getattr(forecast, name), answer[name].numpy())


@pytest.mark.parametrize("protocol", ["rest", "grpc", "oip"])
def test_answers_are_those_of_the_saved_model(protocol, running, folder, house):
    model = folder / NAME / "7"
    with Forecaster(url(running, protocol), NAME, protocol=protocol) as forecaster:
        served = forecaster.served()
        assert served.inputs == described(model).inputs
        windows = read_windows([str(house)], described(model), last=120)
        forecast = forecaster.forecast(windows)
    assert (served.version, forecast.version) == ("7", "7")
    assert np.isnan(windows.inputs["Voltage"]).any()
    same_as_saved_model(forecast, model)


@pytest.mark.parametrize("protocol", ["rest", "grpc", "oip"])
def test_several_meters_and_what_is_known_ahead(protocol, tmp_path):
    series = SeriesSpec.model_validate(
        {
            "layouts": [{"timestamp": "time"}],
            "zone": "Europe/Paris",
            "cadence": "PT1H",
            "meter": "meter",
            "target": {"name": "energy", "unit": "kWh", "aggregate": "sum"},
            "known_ahead": [{"name": "temperature", "unit": "degC"}],
        }
    )
    shape = Windowing(window=12, horizon=4, origins=6)
    (tmp_path / "models/town").mkdir(parents=True)
    model = save_model(tmp_path / "models/town/3", shape, series, meters=2)
    start = datetime(2023, 10, 28, 12, tzinfo=UTC)  # an hour will come twice
    rows = [
        f"{(start + timedelta(hours=hour)).isoformat()},{meter},"
        f"{hour / 10 if hour < 30 else ''},{hour}"
        for hour in range(33)
        for meter in ("flat", "café")
    ]
    file = tmp_path / "town.csv"
    file.write_text("time,meter,energy,temperature\n" + "\n".join(rows) + "\n")
    windows = read_windows([str(file)], described(model))
    assert windows.meters == ("café", "flat")
    assert np.isnan(windows.inputs["temperature"]).sum(axis=1).tolist() == [1, 1]
    with (
        serving(tmp_path / "models") as running,
        Forecaster(url(running, protocol), "town", protocol=protocol) as forecaster,
    ):
        assert forecaster.served().inputs == described(model).inputs
        forecast = forecaster.forecast(windows)
    same_as_saved_model(forecast, model)


def labelled(base, stable, canary):
    """Names the stable version and the canary."""
    one, two = (
        {"version": version, "digest": served_versions.digest(str(base / version)), "since": 1}
        for version in (stable, canary)
    )
    wanted = labels.Labels(stable=labels.Label(**one), canary=labels.Canary(**two, percent=10))
    labels.change(str(base), lambda _: wanted)


@pytest.mark.parametrize("protocol", ["rest", "grpc"])
def test_versions_and_labels_are_asked_for(protocol, tmp_path, house):
    base = tmp_path / "models" / NAME
    stable = push_version(base, tmp_path / "one", 11, offset=1.0)
    canary = push_version(base, tmp_path / "two", 12, offset=2.0)
    labelled(base, stable, canary)
    windows = read_windows([str(house)], described(base / stable))
    last = windows.target[0, -1]
    with serving(tmp_path / "models") as running:
        for which, version, offset in (
            ({"label": "canary"}, canary, 2.0),
            ({"label": "stable"}, stable, 1.0),
            ({"version": canary}, canary, 2.0),
        ):
            with Forecaster(url(running, protocol), NAME, **which) as forecaster:
                assert forecaster.served().version == version
                forecast = forecaster.forecast(windows)
            assert forecast.version == version
            assert forecast.mean[0, 0] == pytest.approx(last + offset, abs=1e-6)
        for which, said in (({"version": 99}, f"it has .*{stable}"), ({"label": "x"}, "label: x")):
            with (
                Forecaster(url(running, protocol), NAME, **which) as forecaster,
                pytest.raises(ServerError, match=said),
            ):
                forecaster.served()


@pytest.mark.parametrize("protocol", ["rest", "grpc"])
def test_what_the_server_refuses_is_said(protocol, running, folder, house):
    model = described(folder / NAME / "7")
    windows = read_windows([str(house)], model)
    with (
        Forecaster(url(running, protocol), "other") as forecaster,
        pytest.raises(NotFoundError, match=r"there is household-power; .*see --name"),
    ):
        forecaster.served()
    windows.inputs["Voltage"] = windows.inputs["Voltage"][:, :40]
    with (
        Forecaster(url(running, protocol), NAME) as forecaster,
        pytest.raises(ServerError, match=r"Voltage.*40"),
    ):
        forecaster.forecast(windows)


@pytest.mark.parametrize(
    ("spoken", "port", "said"),
    [("http", "grpc", "port of gRPC"), ("grpc", "rest", "port of REST")],
)
def test_the_other_port_is_told(spoken, port, said, running):
    host = running.grpc if port == "grpc" else running.rest.removeprefix("http://")
    with (
        Forecaster(f"{spoken}://{host}", NAME, timeout=5) as forecaster,
        pytest.raises(ServerError, match=said),
    ):
        forecaster.served()


def test_the_command_by_both_protocols(running, folder, house, capsys):
    found = []
    for server in (running.rest, f"grpc://{running.grpc}"):
        arguments = [str(house), "--csv", "--last=3", f"--serving.base={folder}"]
        assert main(["forecast", "--server", server, *arguments]) == 0
        found.append(capsys.readouterr())
    by_rest, by_grpc = (one.out.splitlines() for one in found)
    assert len(by_rest) == 1 + 3 * WINDOWING.horizon
    # gRPC's messages have no place for the label of the version that answered.
    assert [row.removesuffix("stable") for row in by_rest[1:]] == by_grpc[1:]
    assert "42 of those up to 2023-01-01 03:19 have a value" in found[0].err


def test_rows_may_be_piped_in(running, folder, house, capsys):
    options = ["--server", running.rest, "--json", f"--serving.base={folder}"]
    assert main(["forecast", str(house), *options]) == 0
    piped = subprocess.run(
        [*COMMAND, "-", *options], cwd=PROJECT, input=house.read_bytes(), stdout=subprocess.PIPE
    )
    assert piped.stdout.decode() == capsys.readouterr().out
    assert piped.returncode == 0


def test_grpc_needs_no_tensorflow():
    code = (
        "import sys\n"
        "from tfx_pipeline.client.forecaster import Forecaster\n"
        "from tfx_pipeline.client.files import read_windows\n"
        "Forecaster('grpc://127.0.0.1:1')\n"
        "heavy = {'tensorflow', 'tfx', 'tensorflow_serving', 'apache_beam'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=True)


@contextmanager
def following(file, server, folder):
    """The command as it follows a file, and what it has printed."""
    own = f"--serving.base={folder}"
    process = subprocess.Popen(
        [*COMMAND, str(file), "--follow", "--json", "--timeout=1", f"--server={server}", own],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_file_is_followed_over_a_restart_of_the_server(folder, tmp_path):
    head, *rows = (
        write_iso(tmp_path / "whole.csv", household(70, "2023-01-01 00:00"))
        .read_text()
        .splitlines(keepends=True)
    )
    file = tmp_path / "house.csv"
    file.write_text(head + "".join(rows[:60]))

    def written(text):
        with file.open("a") as stream:
            stream.write(text)

    with ExitStack() as first_server:
        first = first_server.enter_context(serving(folder))
        port = int(first.rest.rpartition(":")[2])
        with following(file, first.rest, folder) as process:
            assert '"origin": "2023-01-01T00:59:00"' in process.stdout.readline()
            written(rows[60] + rows[61][:20])
            assert '"origin": "2023-01-01T01:00:00"' in process.stdout.readline()
            written(rows[61][20:])
            assert '"origin": "2023-01-01T01:01:00"' in process.stdout.readline()
            first_server.close()
            written("".join(rows[62:64]))
            assert "forecasts go on when it answers" in process.stderr.readline()
            with serving(folder, port=port):
                assert "the server answers again" in process.stderr.readline()
                for minute in (2, 3):
                    assert f'"origin": "2023-01-01T01:0{minute}:00"' in process.stdout.readline()
                process.send_signal(signal.SIGINT)
                assert process.wait(30) == 130
                assert process.stderr.read() == "interrupted\n"
