"""From a described file to the data gate's approval, without a curated schema."""

import json
from pathlib import Path

import pytest
import yaml
from ml_metadata.metadata_store import MetadataStore
from tfx.orchestration import metadata
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.orchestration.pipeline import RunOptions

from tests.support.houses import DESCRIPTION, write_houses
from tfx_pipeline.components.data_gate.findings import DataRejectedError
from tfx_pipeline.components.data_gate.settings import FINDINGS_PROPERTY
from tfx_pipeline.data.raw.location import locate
from tfx_pipeline.pipeline import create_pipeline
from tfx_pipeline.settings import load_settings

pytestmark = pytest.mark.integration


def run(folder: Path, *options: str) -> MetadataStore:
    """Runs the pipeline up to the gate."""
    (folder / "houses.yaml").write_text(yaml.safe_dump({"files": "houses.csv", **DESCRIPTION}))
    settings = load_settings(
        [
            f"--series={folder / 'houses.yaml'}",
            f"--outputs={folder / 'outputs'}",
            "--windowing.window=P1D",
            "--windowing.horizon=PT1H",
            "--windowing.origins=48",
            *options,
        ]
    )
    connection = metadata.sqlite_metadata_connection_config(str(folder / "metadata.db"))
    pipeline = create_pipeline(
        settings,
        locate(settings.data_path),
        str(folder / "artifacts"),
        serving_dir=str(folder / "serving"),
        metadata_connection_config=connection,
    )
    LocalDagRunner().run(pipeline, RunOptions(to_nodes=["DataGate"]))
    return MetadataStore(connection)


@pytest.mark.parametrize("days", [6, 30])  # less than a week: nothing has a week before it
def test_half_hours_of_two_houses_are_approved(days, tmp_path):
    write_houses(tmp_path / "houses.csv", days)
    store = run(tmp_path, "--windowing.window=PT4H", "--data.max_gap=PT2H")
    [approval] = store.get_artifacts_by_type("DataApproval")
    assert json.loads(approval.custom_properties[FINDINGS_PROPERTY].string_value) == []


def test_a_stuck_meter_of_the_two_is_named(tmp_path, monkeypatch):
    write_houses(tmp_path / "houses.csv")
    file = tmp_path / "houses.csv"
    lines = file.read_text().splitlines()
    stuck = [line.rpartition(";")[0] + ";0,777" if ";b;" in line else line for line in lines[:301]]
    file.write_text("\n".join([*stuck, *lines[301:]]) + "\n")
    monkeypatch.setitem(DESCRIPTION, "target", {**DESCRIPTION["target"], "restless": True})
    with pytest.raises(DataRejectedError, match=r"0.777 kWh of meter b for 3 days 3 h .* 1 day"):
        run(tmp_path)
