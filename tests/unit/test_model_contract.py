"""The description that travels with a model: read back, versioned, and light to read."""

import json
import subprocess
import sys

import pytest

from tfx_pipeline.model_contract import Input, ModelMetadata
from tfx_pipeline.series.files import UCI_HOUSEHOLD, read_series

UCI = read_series(UCI_HOUSEHOLD)
WRITTEN_BY_0_1_0 = {
    "measurements": [
        "Global_active_power",
        "Global_reactive_power",
        "Voltage",
        "Global_intensity",
        "Sub_metering_1",
        "Sub_metering_2",
        "Sub_metering_3",
    ],
    "window": 50,
    "horizon": 5,
    "origins": 60,
    "family": "mlp",
    "hyperparameters": {"units": 256, "layers": 2, "dropout": 0.05, "learning_rate": 0.004},
}
DAY_AHEAD = {
    "layouts": [{"timestamp": "time"}],
    "zone": "Europe/Paris",
    "meter": "id",
    "cadence": "PT30M",
    "target": {"name": "load", "unit": "kWh", "aggregate": "sum"},
    "known_ahead": [{"name": "temperature", "unit": "degC"}],
}


def _metadata(**values: object) -> ModelMetadata:
    return ModelMetadata.model_validate_json(json.dumps(WRITTEN_BY_0_1_0 | values))


def _today(**values: object) -> ModelMetadata:
    fields = {"series": DAY_AHEAD, "window": 336, "horizon": 48, "origins": 48}
    return ModelMetadata.model_validate(
        fields | {"family": "mlp", "hyperparameters": {}} | values,
    )


@pytest.mark.parametrize("version", [{}, {"schema_version": 1}])
def test_what_the_first_release_wrote_is_read_as_the_uci_household(version: dict) -> None:
    metadata = _metadata(**version)
    assert metadata.schema_version == 2
    assert metadata.series == UCI
    assert metadata.hyperparameters == WRITTEN_BY_0_1_0["hyperparameters"]
    assert isinstance(metadata.hyperparameters["units"], int)
    assert list(metadata.inputs) == [*WRITTEN_BY_0_1_0["measurements"], "timestamp"]


@pytest.mark.parametrize("metadata", [_metadata(), _today(meters=3)])
def test_what_is_written_is_read(metadata: ModelMetadata) -> None:
    assert ModelMetadata.model_validate_json(metadata.model_dump_json()) == metadata


def test_fields_of_later_releases_are_ignored_but_another_version_is_refused() -> None:
    assert _metadata(later="field") == _metadata()
    assert _today(later="field") == _today()
    with pytest.raises(ValueError, match="schema_version"):
        _today(schema_version=3)


def test_version_1_knew_the_uci_household_alone() -> None:
    with pytest.raises(ValueError, match="of version 1 they are Global_active_power, "):
        _metadata(measurements=["power"])


def test_inputs_are_the_descriptions() -> None:
    assert _today().inputs == {
        "load": Input((336,), "float32"),
        "temperature": Input((336 + 48,), "float32"),
        "timestamp": Input((), "int64"),
    }


def test_requests_name_their_meter_where_there_are_several() -> None:
    assert _today(meters=2).inputs["meter"] == Input((), "string")


def test_models_of_the_same_examples_can_be_compared_whatever_their_network_and_files() -> None:
    assert not _metadata().differences(_metadata(family="lstm", hyperparameters={"units": 40}))
    assert not _metadata().differences(
        _today(series=UCI.model_copy(update={"ignored": ("id",)}), window=50, horizon=5, origins=60)
    )


@pytest.mark.parametrize("name", ["window", "horizon", "origins"])
def test_a_difference_is_a_phrase(name: str) -> None:
    value = WRITTEN_BY_0_1_0[name]
    assert _metadata().differences(_metadata(**{name: 7})) == (f"{name} 7, not {value}",)


def test_what_an_example_must_agree_with_is_named() -> None:
    assert _today().differences(_today(series=DAY_AHEAD | {"known_ahead": []})) == (
        "known ahead none, not temperature (degC)",
    )
    other = {"zone": None, "cadence": "PT1H", "target": {"name": "load", "unit": "Wh"}}
    assert _today().differences(_today(series=DAY_AHEAD | other)) == (
        "target load (Wh), not load (kWh)",
        "cadence 1:00:00, not 0:30:00",
        "zone none, not Europe/Paris",
    )


def test_it_imports_nothing_heavy() -> None:
    code = "import sys, tfx_pipeline.model_contract; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"tensorflow", "tfx", "apache_beam", "numpy"} & set(done.stdout.split())
