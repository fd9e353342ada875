"""The files that Examples were read of: few as a property, many as a list beside them."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from kubeflow_cases.buckets import bucket, endpoint, write  # noqa: F401, fixtures

from tfx_pipeline.data.summary import DATA_FILES_FILE, DATA_FILES_PROPERTY, DataFile, FileList
from tfx_pipeline.lineage.answers import Data, Reach
from tfx_pipeline.lineage.difference import _data
from tfx_pipeline.lineage.files import files_of
from tfx_pipeline.lineage.mermaid import MOST_FILES, picture
from tfx_pipeline.lineage.records import Artifact, LineageError

FILES = tuple(
    DataFile(path=f"/data/day-{day}.csv", size=day, sha256=f"{day:064x}") for day in range(1000)
)


def examples(uri: str, recorded: object) -> Artifact:
    properties = {DATA_FILES_PROPERTY: json.dumps(recorded)}
    return Artifact(7, "Examples", uri, datetime.now(UTC), properties)


@pytest.fixture
def many(tmp_path: Path) -> Artifact:
    """Of a thousand files, listed beside them."""
    content = json.dumps([file.model_dump() for file in FILES]).encode()
    (tmp_path / DATA_FILES_FILE).write_bytes(content)
    recorded = FileList(count=len(FILES), sha256=hashlib.sha256(content).hexdigest())
    return examples(str(tmp_path), recorded.model_dump())


def test_few_files_are_in_the_property():
    found = files_of(examples("/nowhere", [file.model_dump() for file in FILES[:3]]))
    assert found == FILES[:3]


def test_an_older_release_recorded_none():
    assert files_of(Artifact(7, "Examples", "/nowhere", datetime.now(UTC), {})) == ()


def test_many_are_in_the_list_beside_the_examples(many: Artifact):
    assert files_of(many) == FILES


def test_many_are_read_from_a_bucket(many: Artifact, bucket: str):  # noqa: F811
    write(bucket, **{f"examples__{DATA_FILES_FILE}": Path(many.uri, DATA_FILES_FILE).read_text()})
    assert files_of(replace(many, uri=f"{bucket}/examples")) == FILES


def test_a_list_that_is_not_here_is_named(many: Artifact):
    with pytest.raises(LineageError, match=r"1,000 files, whose list is /nowhere/data_files\.json"):
        files_of(replace(many, uri="/nowhere"))


def test_a_list_that_was_changed_is_not_believed(many: Artifact):
    Path(many.uri, DATA_FILES_FILE).write_text("[]")
    with pytest.raises(LineageError, match="somebody has changed it"):
        files_of(many)


def test_runs_are_compared_where_the_list_is_not_here(many: Artifact):
    class Runs:
        def made(self, run: str, kind: str) -> tuple[str, Artifact]:
            return run, replace(many, uri=many.uri if run == "here" else "/nowhere")

    assert _data(Runs(), "here")["/data/day-7.csv"] == f"sha256:{7:064x}"
    assert _data(Runs(), "gone") == {
        "span": 0,
        "files": many.properties[DATA_FILES_PROPERTY],
    }


def test_a_drawing_names_the_first_of_many_files():
    made = {"id": 7, "kind": "Examples", "uri": "/", "created": datetime.now(UTC), "run": "one"}
    data = Data(
        **made, component=None, span=0, first="1", last="2", rows=3, files=FILES, fingerprint=None
    )
    drawn = picture(Reach(data=(data,), models=()))
    assert drawn.count(".csv") == MOST_FILES
    assert f"and {len(FILES) - MOST_FILES} more files" in drawn
