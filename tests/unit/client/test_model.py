"""The description of the served model, and whether the server agrees with it."""

from __future__ import annotations

import pytest
import yaml

from tests.support.settings import SERIES, WINDOWING, defaults
from tests.support.windows import model as described
from tfx_pipeline.client.errors import ForecastError
from tfx_pipeline.client.model import model_of
from tfx_pipeline.client.transport import Served
from tfx_pipeline.data.contract import METER
from tfx_pipeline.model_contract import METADATA_FILE, Input
from tfx_pipeline.series.files import PRESETS
from tfx_pipeline.settings import load_settings

UCI = described(SERIES, WINDOWING)
SERVED = Served("3", UCI.inputs)


@pytest.fixture
def settings(tmp_path, monkeypatch):
    monkeypatch.delenv("POWER_SETTINGS", raising=False)
    return lambda *more: load_settings([f"--serving.base={tmp_path}", *more])


@pytest.fixture
def beside(tmp_path):
    """Puts a description beside a version of the model."""

    def put(model, version="3"):
        folder = tmp_path / "household-power" / version
        (folder / METADATA_FILE).parent.mkdir(parents=True)
        (folder / METADATA_FILE).write_text(model.model_dump_json())
        (folder / "saved_model.pb").touch()
        return folder / METADATA_FILE

    return put


def test_the_description_beside_the_version_that_answers(settings, beside):
    beside(described(SERIES, WINDOWING.model_copy(update={"window": 30})), "2")
    beside(UCI)
    assert model_of(SERVED, settings("--windowing.window=24")) == UCI


def test_without_a_version_that_of_the_newest_one(settings, beside):
    beside(UCI, "2")
    beside(described(SERIES, WINDOWING.model_copy(update={"horizon": 7})), "10")
    assert model_of(Served(None, None), settings()).horizon == 7
    assert model_of(Served(None, None), settings(), version="2").horizon == 5


def test_without_a_folder_that_of_the_settings(settings):
    found = model_of(SERVED, settings())
    assert (found.inputs, found.series) == (UCI.inputs, defaults().spec)
    several = Served("3", UCI.inputs | {METER: Input((), "string")})
    assert METER in model_of(several, settings()).inputs


def test_a_server_that_does_not_agree(settings, beside):
    file = beside(UCI)
    other = dict(UCI.inputs) | {"Voltage": Input((24,), "float32"), "humidity": Input((), "int64")}
    del other["timestamp"]
    with pytest.raises(ForecastError) as caught:
        model_of(Served("3", other), settings())
    assert f"Voltage: float32 [batch, 24], by {file} float32 [batch, 120]" in str(caught.value)
    assert f"humidity: int64 [batch], by {file} not there" in str(caught.value)
    assert f"timestamp: not there, by {file} int64 [batch]" in str(caught.value)
    assert "Global_active_power" not in str(caught.value)


def test_a_description_that_is_none(settings, beside):
    file = beside(UCI)
    file.write_text('{"schema_version": 9}')
    with pytest.raises(ForecastError, match=r"forecast\.json: "):
        model_of(SERVED, settings())


def test_files_may_be_written_otherwise_than_those_of_the_training(settings, beside, tmp_path):
    beside(UCI)
    values = yaml.safe_load((PRESETS / "uci-household.yaml").read_text())
    values["layouts"] = [{"timestamp": "when", "format": "seconds"}]
    mine = tmp_path / "mine.yaml"
    mine.write_text(yaml.safe_dump(values))
    found = model_of(SERVED, settings(f"--series={mine}"), own_series=True)
    assert found.series.layouts[0].timestamp == ("when",)
    values["target"]["unit"] = "W"
    mine.write_text(yaml.safe_dump(values))
    with pytest.raises(ForecastError, match=r"mine\.yaml is not the model's: target .*\(W\)"):
        model_of(SERVED, settings(f"--series={mine}"), own_series=True)


def test_a_server_may_leave_a_length_open(settings, beside):
    beside(UCI)
    open_ended = dict(UCI.inputs) | {"Voltage": Input((-1,), "float32")}
    assert model_of(Served("3", open_ended), settings()) == UCI
