"""Refreshing the curated schema: shown first, written when asked, then in agreement."""

import shutil
from pathlib import Path

import pytest
import tensorflow as tf
import tensorflow_data_validation as tfdv
from ml_metadata.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2

from tests.support.model import segments
from tests.support.settings import WINDOWING
from tfx_pipeline.data.contract import SPLITS
from tfx_pipeline.local.metadata_store import connection_config
from tfx_pipeline.local.schema_refresh import refresh
from tfx_pipeline.settings import load_settings

PROJECT = Path(__file__).parent.parent.parent.parent


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """A pipeline whose newest statistics have voltages that the schema does not know."""
    monkeypatch.chdir(PROJECT)
    schema = shutil.copy(PROJECT / "schema" / "uci-household.pbtxt", tmp_path / "mine.pbtxt")
    settings = load_settings([f"--outputs={tmp_path}", f"--validation.schema_file={schema}"])
    folder = tmp_path / "statistics"
    examples = segments(4, WINDOWING)
    examples[0].features.feature["Voltage"].float_list.value[7] = 9000.0
    with tf.io.TFRecordWriter(str(tmp_path / "examples")) as writer:
        for example in examples:
            writer.write(example.SerializeToString())
    found = tfdv.generate_statistics_from_tfrecord(str(tmp_path / "examples"))
    for split in SPLITS:
        (folder / f"Split-{split}").mkdir(parents=True)
        (folder / f"Split-{split}" / "FeatureStats.pb").write_bytes(found.SerializeToString())
    store = MetadataStore(connection_config(settings.root / "metadata.sqlite"))
    kind = store.put_artifact_type(metadata_store_pb2.ArtifactType(name="ExampleStatistics"))
    store.put_artifacts(
        [
            metadata_store_pb2.Artifact(
                type_id=kind, uri=str(folder), state=metadata_store_pb2.Artifact.LIVE
            )
        ]
    )
    return settings


def test_the_change_is_shown_and_nothing_is_written(settings, capsys):
    before = settings.schema_file.read_text()
    assert refresh(settings, write=False) == 1
    shown = capsys.readouterr().out
    assert "-    max: 280.0" in shown
    assert "+    max: 9000.0" in shown
    assert settings.schema_file.read_text() == before


def test_what_is_written_agrees_and_keeps_the_header(settings, capsys):
    assert refresh(settings, write=True) == 0
    assert settings.schema_file.read_text().startswith("# Curated schema")
    assert refresh(settings, write=False) == 0
    assert "agrees" in capsys.readouterr().out
