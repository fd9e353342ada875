"""What a recorded run made, from ML Metadata behind gRPC, and its files from a store."""

import json

import pytest
from kubeflow_cases.buckets import write
from kubeflow_cases.metadata_service import served
from kubeflow_cases.recorded_runs import RecordedRun
from tfx_kubeflow.client import artifacts as module
from tfx_kubeflow.client.artifacts import FILE, artifacts, as_json, download
from tfx_kubeflow.client.connection import ServerError
from tfx_kubeflow.errors import StepError
from tfx_kubeflow.metadata.run_artifacts import RunArtifact
from tfx_kubeflow.storage import files

RUN = RecordedRun("rejected")


@pytest.fixture
def found(store, monkeypatch):
    RUN.put_into(store)
    with served(store, failures=0) as client:
        monkeypatch.setattr(module, "metadata_store", lambda: client)
        yield artifacts(RUN.id)


def one(found, task, name):
    (artifact,) = [item for item in found if (item.task, item.name) == (task, name)]
    return artifact


def test_a_run_has_what_its_tasks_made_and_what_came_from_the_cache(found):
    assert len(found) == 14
    statistics = one(found, "statistics-gen", "statistics")
    assert statistics.type == "tfx.ExampleStatistics"
    assert statistics.uri.startswith(f"minio://mlpipeline/v2/artifacts/e2e-60baf431/{RUN.id}/")
    assert statistics.properties["split_names"] == '["train", "eval", "test"]'
    assert statistics.properties["sample_rate_by_split"].startswith("{")  # its kind is JSON
    assert not {"store_session_info", "tfx_kubeflow_kinds"} & statistics.properties.keys()
    assert not statistics.cached
    cached = one(found, "curated-schema", "schema")
    assert cached.cached
    assert RUN.id not in cached.uri
    assert {item.task for item in found if item.name == "artifact"} == {
        "previous-statistics-previous-importer"
    }


def test_a_failed_task_has_its_log_at_least(found):
    assert [item.name for item in found if item.task == "data-gate"] == ["executor-logs"]


def test_an_unknown_run_made_nothing(store, monkeypatch):
    monkeypatch.setattr(module, "metadata_store", lambda: store)
    assert artifacts("none") == []


def test_without_ml_metadata_the_message_says_how_to_name_it(monkeypatch):
    monkeypatch.delenv("METADATA_GRPC_SERVICE_HOST", raising=False)
    with pytest.raises(ServerError, match=r"METADATA_GRPC_SERVICE_HOST.*port-forward"):
        artifacts("r")


def test_without_a_store_the_message_says_how_to_name_it(found, tmp_path, monkeypatch):
    monkeypatch.delenv("MINIO_ENDPOINT", raising=False)
    with pytest.raises(ServerError, match=r"MINIO_ENDPOINT.*port-forward"):
        list(download(RUN.id, found, tmp_path))


def made(uri, task="trainer", name="model", number=1):
    return RunArtifact(task, name, "tfx.Model", uri, cached=False, id=number, properties={})


def test_copies_are_whole_and_go_on_where_they_broke_off(bucket, tmp_path, monkeypatch):
    names = ["a", "b/c", "d"]
    write(bucket, model__a="one", model__b__c="two", model__d="three", report="<html>")
    given = [made(f"{bucket}/model"), made(f"{bucket}/report", "run-report", "report", 2)]
    read, opened = files.download, []

    def breaks(uri, path):
        opened.append(uri)
        if uri.endswith("/b/c") and len(opened) == 2:
            raise OSError(28, "No space left on device")
        read(uri, path)

    monkeypatch.setattr(files, "download", breaks)
    with pytest.raises(ServerError, match=r"cannot be copied.*No space left"):
        list(download("r", given, tmp_path))
    there = sorted(path.name for path in tmp_path.rglob("*") if path.is_file())
    assert there == ["a", FILE]
    assert [count for _, count in download("r", given, tmp_path)] == [3, 1]
    assert opened == [f"{bucket}/model/{name}" for name in ["a", "b/c", "b/c", "d"]] + [
        f"{bucket}/report"
    ]
    texts = [(tmp_path / "trainer/model" / name).read_text() for name in names]
    assert texts == ["one", "two", "three"]
    assert (tmp_path / "run-report/report/report").read_text() == "<html>"


def test_a_file_of_another_size_is_copied_again(tmp_path):
    source, target = tmp_path / "store", tmp_path / "copies"
    source.mkdir()
    (source / "file").write_text("whole")
    given = [made(str(source))]
    list(download("r", given, target))
    (target / "trainer/model/file").write_text("half")
    list(download("r", given, target))
    assert (target / "trainer/model/file").read_text() == "whole"


def test_an_artifact_whose_files_are_gone_is_no_error(tmp_path):
    ((_, count),) = download("r", [made(str(tmp_path / "gone"))], tmp_path / "copies")
    assert count == 0


def test_a_folder_is_one_runs(tmp_path):
    list(download("r", [], tmp_path))
    with pytest.raises(ServerError, match="holds copies of another run"):
        list(download("other", [], tmp_path))


def test_outputs_of_one_name_do_not_overwrite_each_other(tmp_path):
    given = []
    for number in (1, 2):
        (tmp_path / f"{number}").mkdir()
        (tmp_path / f"{number}/file").write_text(str(number))
        given.append(made(str(tmp_path / f"{number}"), number=number))
    list(download("r", given, tmp_path / "copies"))
    folders = sorted(path.name for path in (tmp_path / "copies/trainer").iterdir())
    assert folders == ["model-1", "model-2"]


def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path):
    with pytest.raises(StepError, match="which is no name of a file"):
        list(download("r", [made(str(tmp_path), name="../../x")], tmp_path / "copies"))


def test_json_is_what_programs_get(found):
    listed = json.loads(as_json(RUN.id, found))
    assert listed["run_id"] == RUN.id
    assert len(listed["artifacts"]) == len(found)
    assert listed["artifacts"][0].keys() == {
        *("task", "name", "type", "uri", "cached", "id", "properties")
    }
