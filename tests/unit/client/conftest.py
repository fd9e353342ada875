"""A model of a few steps, windows for it, and an environment that names no credentials."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.windows import model as described
from tfx_pipeline.client.windows import History, Windows
from tfx_pipeline.data.contract import Windowing
from tfx_pipeline.data.raw.rows import Rows
from tfx_pipeline.model_contract import ModelMetadata
from tfx_pipeline.series.spec import SeriesSpec


@pytest.fixture(autouse=True)
def _no_credentials(monkeypatch):
    for name in ("FORECAST_TOKEN", "FORECAST_TOKEN_FILE", "FORECAST_CA_FILE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def model() -> ModelMetadata:
    """Of two measurements and several meters, by quarters of an hour in Berlin."""
    series = SeriesSpec.model_validate(
        {
            "layouts": [{"timestamp": "time"}],
            "zone": "Europe/Berlin",
            "cadence": "PT15M",
            "meter": "meter",
            "target": {"name": "power", "unit": "kW"},
            "covariates": [{"name": "voltage", "unit": "V"}],
        }
    )
    return described(series, Windowing(window=4, horizon=2, origins=3), meters=2)


@pytest.fixture
def windows(model) -> Windows:
    """Two windows of one meter, the second one with a gap in it."""
    steps = 1_858_368 + np.arange(5)
    values = np.array([[1, 2, 3, np.nan, 5], [230, 231, 232, 233, 234]], np.float32)
    history = History(model, 10)
    history.add(Rows("home", steps, values, "file", steps))
    return history.windows([("home", int(steps[2])), ("home", int(steps[4]))])
