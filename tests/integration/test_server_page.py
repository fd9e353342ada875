"""What the page of a real server tells: versions, labels, requests, forecasts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tfx_kubeflow.storage import promotion, push_records

from tests.support.saved_models import push_version, write_half_plus
from tests.support.server import Running, eventually, serving
from tfx_pipeline.model_contract import METADATA_FILE, TIMESTAMP, ModelMetadata

pytestmark = pytest.mark.integration

NAME, NOON = "power", 1_171_411_200
FIGURES = {"mse_ratio": 0.674, "mae_ratio": 0.811, "coverage_p10_p90": 0.789}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three pushed versions of a model of the contract, and one of another kind."""
    folder = tmp_path_factory.mktemp("models")
    base = folder / NAME
    for version in (100, 200, 300):
        push_version(base, folder.parent / f"scratch-{version}", version, offset=version / 100)
    known = {"version": "200", "digest": "0" * 64, "pushed_at": 1_700_000_000, "run": "run-2"}
    push_records.write(str(base), push_records.PushRecord(**known, figures=FIGURES))
    promotion.promote(str(base), "100")
    promotion.promote(str(base), "200")
    write_half_plus(folder / "half_plus_two")
    return folder


def state(running: Running, query: str = "") -> dict[str, Any]:
    answer = running.get(f"/state.json{query}")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def ask(running: Running, models: Path, instances: int = 1, steps: int = 0) -> None:
    file = models / NAME / "200" / METADATA_FILE
    metadata = ModelMetadata.model_validate_json(file.read_bytes())
    row = {name: [2.0] * one.shape[0] for name, one in metadata.inputs.items() if one.shape}
    row[TIMESTAMP] = NOON + 60 * steps
    answer = running.post(f"/v1/models/{NAME}:predict", {"instances": [row] * instances})
    assert answer.status_code == 200


def test_it_tells_versions_with_labels_and_figures(models: Path) -> None:
    with serving(models) as running:
        promotion.canary(str(models / NAME), "300", 20)
        eventually(lambda: running.versions(NAME).get("canary"))
        found = state(running, f"?model={NAME}")
        rows = [[one[of] for of in ("version", "label", "state")] for one in found["versions"]]
        assert rows == [
            ["300", "canary", "serving"],
            ["200", "stable", "serving"],
            ["100", "previous", "not loaded"],
        ]
        canary, stable, _ = found["versions"]
        assert canary["percent"] == 20
        assert canary["record"] is None, "an older push told nothing"
        assert stable["record"] == {"pushed_at": 1_700_000_000, "run": "run-2", **FIGURES}
        assert stable["labelled"] <= found["now"]
        assert found["started"] <= stable["since"] <= found["now"]
        promotion.end_canary(str(models / NAME))


def test_a_version_that_cannot_be_served_is_told_with_the_reason(models: Path) -> None:
    damaged = models / NAME / "300" / "saved_model.pb"
    with serving(models) as running:
        promotion.canary(str(models / NAME), "300", 20)
        eventually(lambda: running.versions(NAME).get("canary"))
        promotion.end_canary(str(models / NAME))
        whole = damaged.read_bytes()
        eventually(lambda: "canary" not in running.versions(NAME))
        promotion.canary(str(models / NAME), "300", 20)
        damaged.write_bytes(whole + b"!")
        told = eventually(
            lambda: [one for one in state(running, f"?model={NAME}")["versions"] if one["reason"]]
        )
        assert told[0]["version"] == "300"
        assert "not those that were pushed" in told[0]["reason"]
        damaged.write_bytes(whole)
        promotion.end_canary(str(models / NAME))


def test_forecasts_and_requests_are_told(models: Path) -> None:
    with serving(models) as running:
        ask(running, models)
        ask(running, models, instances=3, steps=1)
        assert running.post(f"/v1/models/{NAME}:predict", {"instances": []}).status_code == 400
        found = state(running, f"?model={NAME}")
        assert [one["batch"] for one in found["answers"]] == [3, 1]
        assert found["answers"][0]["outputs"] == "mean, p10, p50, p90 [3, 5]"
        assert found["answers"][0]["inputs"].endswith("[3, 50]; timestamp [3]")
        assert (found["traffic"]["requests"], found["traffic"]["errors"]) == (3, 1)
        assert 0 < found["traffic"]["p50"] <= found["traffic"]["p99"] < 60
        chart = found["chart"]
        assert (chart["origin"], chart["forecasts"]) == (NOON + 60, 4)
        assert np.unique(chart["p50"][-5:]) == pytest.approx([4.0]), "the last value + 2"


def test_other_models_have_requests_and_no_chart(models: Path) -> None:
    with serving(models) as running:
        assert state(running)["models"] == ["half_plus_two", NAME]
        running.post("/v1/models/half_plus_two:predict", {"instances": [1.0, 2.0]})
        found = state(running, "?model=half_plus_two")
        assert found["chart"] is None
        assert found["answers"][0]["inputs"] == "x [2]"
        assert state(running, f"?model={NAME}")["answers"] == []


def test_it_can_be_switched_off_and_leaves_the_api_alone(models: Path) -> None:
    with serving(models, page=False) as running:
        ask(running, models)
        assert running.get("/").status_code == 404
        assert running.get("/state.json").status_code == 404
    with serving(models) as running:
        assert "text/html" in running.get("/").headers["Content-Type"]
        assert running.get(f"/v1/models/{NAME}").status_code == 200
        assert running.get("/v1").status_code == 404


def test_a_folder_without_a_model_is_told(tmp_path: Path) -> None:
    with serving(tmp_path) as running:
        found = state(running)
        assert found["versions"] == []
        assert found["problems"] == ["the folder holds no model"]
