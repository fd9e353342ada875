"""The description that travels with a model: read back, versioned, and light to read."""

import json
import subprocess
import sys

import pytest

from tfx_pipeline.data.contract import MEASUREMENTS
from tfx_pipeline.model_contract import ModelMetadata

WRITTEN_BY_0_1_0 = {
    "measurements": list(MEASUREMENTS),
    "window": 50,
    "horizon": 5,
    "origins": 60,
    "family": "mlp",
    "hyperparameters": {"units": 256, "layers": 2, "dropout": 0.05, "learning_rate": 0.004},
}


def _metadata(**values: object) -> ModelMetadata:
    return ModelMetadata.model_validate_json(json.dumps(WRITTEN_BY_0_1_0 | values))


def test_what_the_first_release_wrote_is_read() -> None:
    metadata = _metadata()
    assert metadata.schema_version == 1
    assert metadata.measurements == MEASUREMENTS
    assert metadata.hyperparameters == WRITTEN_BY_0_1_0["hyperparameters"]
    assert isinstance(metadata.hyperparameters["units"], int)
    assert ModelMetadata.model_validate_json(metadata.model_dump_json()) == metadata


def test_fields_of_later_releases_are_ignored_but_another_version_is_refused() -> None:
    assert _metadata(later="field") == _metadata()
    with pytest.raises(ValueError, match="schema_version"):
        _metadata(schema_version=2)


def test_models_of_the_same_examples_are_comparable_whatever_their_network() -> None:
    assert _metadata().comparable_with(_metadata(family="lstm", hyperparameters={"units": 40}))
    for name in ("window", "horizon", "origins"):
        assert not _metadata().comparable_with(_metadata(**{name: 7}))
    assert not _metadata().comparable_with(_metadata(measurements=["power"]))


def test_it_imports_nothing_heavy() -> None:
    code = "import sys, tfx_pipeline.model_contract; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"tensorflow", "tfx", "apache_beam", "numpy"} & set(done.stdout.split())
