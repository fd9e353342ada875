"""Versions to promote; nothing loads them."""

from __future__ import annotations

from pathlib import Path

import pytest
from tfx_kubeflow.storage.push_records import Origin
from tfx_kubeflow.storage.served_versions import publish

FIGURES = {"mse_ratio": 0.674, "mae_ratio": 0.811, "coverage_p10_p90": 0.789}


def push(folder: Path, base: str, number: int) -> str:
    """Pushes a model that no other version is of; returns its version, which is the number."""
    model = folder / f"model {number}"
    (model / "variables").mkdir(parents=True, exist_ok=True)
    (model / "saved_model.pb").write_text(f"graph {number}")
    (model / "variables/data").write_text("w")
    origin = Origin(
        pipeline="power",
        run=f"run-{number}",
        model=str(model),
        pushed_model=str(model),
        blessings={"model_blessing": {"blessed": True}},
        figures=FIGURES,
    )
    return publish(model, base, lambda: number, origin).version


@pytest.fixture
def base(tmp_path: Path) -> str:
    """A folder with the versions 1, 2 and 3."""
    found = str(tmp_path / "serving/power")
    for number in (1, 2, 3):
        push(tmp_path, found, number)
    return found
