"""PowerExampleGen in a real pipeline: LocalDagRunner, SQLite metadata, spans and the cache."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import tensorflow as tf
from ml_metadata import MetadataStore
from ml_metadata.proto import metadata_store_pb2
from tfx.orchestration import metadata
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.orchestration.pipeline import Pipeline

from tests.support.series import household, write_iso
from tests.support.settings import data_options
from tfx_pipeline.components.example_gen.component import PowerExampleGen
from tfx_pipeline.data.options import DataOptions
from tfx_pipeline.data.raw.errors import DataError
from tfx_pipeline.data.summary import DATA_SUMMARY_FILE, DataSummary

pytestmark = pytest.mark.integration

UCI_SLICE = Path(__file__).parents[1] / "data" / "uci_first_2000_rows.txt"


class Project:
    """A pipeline of one component, and what its metadata store remembers."""

    def __init__(self, root: Path) -> None:
        self.raw = root / "raw"
        self.root = root / "artifacts"
        self.connection = metadata.sqlite_metadata_connection_config(str(root / "metadata.db"))

    def run(self, pattern: str, options: DataOptions | None = None) -> None:
        component = PowerExampleGen(str(self.raw), pattern, options or data_options())
        LocalDagRunner().run(
            Pipeline(
                pipeline_name="data",
                pipeline_root=str(self.root),
                components=[component],
                enable_cache=True,
                metadata_connection_config=self.connection,
                beam_pipeline_args=[
                    "--direct_running_mode=in_memory",
                    "--sdk_container_image=none",
                ],
            )
        )

    def examples(self) -> list[metadata_store_pb2.Artifact]:
        store = MetadataStore(self.connection)
        live = metadata_store_pb2.Artifact.LIVE
        return [one for one in store.get_artifacts_by_type("Examples") if one.state == live]

    def states(self) -> list[int]:
        return [one.last_known_state for one in MetadataStore(self.connection).get_executions()]


def summary_of(artifact: metadata_store_pb2.Artifact) -> DataSummary:
    return DataSummary.model_validate_json(Path(artifact.uri, DATA_SUMMARY_FILE).read_bytes())


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_the_original_slice_becomes_examples_once(project: Project) -> None:
    project.raw.mkdir()
    shutil.copy(UCI_SLICE, project.raw)

    project.run("*")
    project.run("*")

    (artifact,) = project.examples()
    summary = summary_of(artifact)
    assert (summary.rows, summary.first, summary.last) == (
        2000,
        "2006-12-16 17:24",
        "2006-12-18 02:43",
    )
    assert artifact.properties["split_names"].string_value == '["train", "eval", "test"]'
    for split, expected in summary.splits.items():
        paths = sorted(Path(artifact.uri).glob(f"Split-{split}/data_tfrecord-*-of-00016.gz"))
        records = tf.data.TFRecordDataset([str(path) for path in paths], "GZIP")
        assert len(paths) == 16
        assert len(list(records)) == expected.examples
    cached, complete = metadata_store_pb2.Execution.CACHED, metadata_store_pb2.Execution.COMPLETE
    assert project.states() == [complete, cached]


def test_the_newest_span_is_taken(project: Project) -> None:
    for span, start in ((1, "2007-01-01"), (2, "2007-02-01")):
        folder = project.raw / f"span-{span}"
        folder.mkdir(parents=True)
        write_iso(folder / "house.csv", household(1500, f"{start} 00:00"))

    project.run("span-{SPAN}/*")

    (artifact,) = project.examples()
    assert artifact.custom_properties["span"].int_value == 2
    assert summary_of(artifact).first == "2007-02-01 00:00"


def test_a_span_is_found_as_it_is_written_and_an_empty_one_is_refused(project: Project) -> None:
    for span in ("span-08", "span-09"):
        (project.raw / span).mkdir(parents=True)
        write_iso(project.raw / span / "house[1].csv", household(1500))
    project.run("span-{SPAN}/*")
    project.run("span-{SPAN}/*")

    (artifact,) = project.examples()
    assert artifact.custom_properties["span"].int_value == 9
    cached, complete = metadata_store_pb2.Execution.CACHED, metadata_store_pb2.Execution.COMPLETE
    assert project.states() == [complete, cached]
    (project.raw / "span-10").mkdir()
    with pytest.raises(DataError, match="span-10: the newest folder holds no file"):
        project.run("span-{SPAN}/*")


def test_bad_data_fails_the_run_with_the_rule_and_leaves_no_examples(project: Project) -> None:
    project.raw.mkdir()
    text = UCI_SLICE.read_text().replace("5.374", "high", 1)
    (project.raw / "house.txt").write_text(text)

    with pytest.raises(Exception, match="line 4, column Global_active_power: 'high'"):
        project.run("*")

    assert project.examples() == []
    assert project.states() == [metadata_store_pb2.Execution.FAILED]

    project.run("*", data_options(max_bad_rows=1))
    (artifact,) = project.examples()
    assert summary_of(artifact).bad_rows == {"number": 1}
