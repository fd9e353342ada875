"""Lookups: what a resolver finds in ML Metadata and at the push destination."""

import json
import os
import tempfile
from pathlib import Path

import pytest
from kubeflow_cases.buckets import put_raw
from kubeflow_cases.metadata_service import served
from kubeflow_cases.records import BLESSED, LATEST, MODELS, Recorded, looked_up
from kubeflow_cases.steps import MODEL, TYPES
from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.components.common.resolver import ResolverStrategy
from tfx_kubeflow.errors import StepError
from tfx_kubeflow.metadata.lineage import Lineage, metadata_store
from tfx_kubeflow.storage import files, retries, served_versions, uris


def test_the_latest_artifact_with_what_is_known_of_it(store, tmp_path):
    records = Recorded(store)
    records.artifact("tfx.ExampleStatistics", "minio://b/1", split_names='["a"]')
    records.artifact("tfx.ExampleStatistics", "minio://b/2", split_names='["b"]', x={"list": 1})
    records.artifact("tfx.ExampleStatistics", "minio://b/__none__/s")
    found = looked_up(store, tmp_path, LATEST, {"s": f"{TYPES}ExampleStatistics"}, {"s": False})
    assert found["s_uri"] == "minio://b/2"
    assert json.loads(found["s_metadata"])["split_names"] == '["b"]'


def test_what_an_earlier_lookup_imported_is_no_newer_artifact(store, tmp_path):
    recorded = Recorded(store)
    for number in (1, 2):
        recorded.artifact("tfx.Schema", f"minio://b/{number}", author=f"{number}")
    recorded.artifact("tfx.Schema", "minio://b/1")  # the second run's importer
    found = looked_up(store, tmp_path, LATEST, {"s": f"{TYPES}Schema"}, {"s": True})
    assert found["s_uri"] == "minio://b/2"
    assert json.loads(found["s_metadata"]) == {"author": "2"}


def test_no_earlier_artifact(store, tmp_path):
    classes = {"s": f"{TYPES}ExampleStatistics"}
    found = looked_up(store, tmp_path, LATEST, classes, {"s": False})
    assert uris.is_null(found["s_uri"])
    with pytest.raises(StepError, match="Lookup found no earlier artifact for 's'"):
        looked_up(store, tmp_path, LATEST, classes, {"s": True})


class Newer(ResolverStrategy):
    """Everything but what is connected."""

    def resolve_artifacts(self, store, input_dict):
        mine = {artifact.uri for artifact in input_dict["mine"]}
        return {"all": [item for item in input_dict["all"] if item.uri not in mine]}


def test_strategies_of_ones_own_see_connected_artifacts(store, tmp_path):
    records = Recorded(store)
    for name in ("1", "2"):
        records.artifact("tfx.Model", str(tmp_path / name))
    classes = {"mine": MODEL, "all": MODEL}
    strategy = f"{__name__}.Newer"
    arguments = (store, tmp_path, strategy, classes, {"all": False})
    found = looked_up(*arguments, connected=["mine"], inputs={"mine": tmp_path / "2"})
    assert found["all_uri"] == str(tmp_path / "1")
    with pytest.raises(StepError, match="found 2 artifacts for 'all'"):
        looked_up(*arguments, connected=["mine"])


READS = "kubeflow_cases.records.Reads"


def servable(folder, text):
    """A model whose graph is a text."""
    (folder / "Format-Serving").mkdir(parents=True)
    (folder / "Format-Serving/saved_model.pb").write_text(text)
    return folder


@pytest.fixture
def serving(store, tmp_path):
    return Serving(store, tmp_path)


class Serving:
    """A push destination, what was pushed there, and the baseline that is found."""

    def __init__(self, store, folder, base=None):
        self.folder = folder
        self.base = base or str(folder / "serving")
        self._store, self.records = store, Recorded(store)

    def push(self, text, known=True):
        """Trains and serves a model; returns its URI and the version."""
        made = servable(self.folder / "trained" / text, text)
        published = served_versions.publish(made / "Format-Serving", self.base)
        uri = f"minio://b/{text}"
        if known:
            self.records.run(uri, served_versions.digest(published.uri))
        return uri, published.version

    def baseline(self, strategy=BLESSED, **inputs):
        destination = json.dumps({"filesystem": {"base_directory": self.base}})
        arguments = (self._store, self.folder, strategy, MODELS, {"model": False})
        return looked_up(*arguments, inputs=inputs, push_destination=destination)["model_uri"]


@pytest.mark.parametrize("strategy", [BLESSED, READS])
def test_the_baseline_is_the_model_that_is_serving_now(serving, strategy):
    first, _ = serving.push("1")
    _, bad = serving.push("2")
    served_versions.remove(serving.base, bad)
    assert serving.baseline(strategy) == first


def test_a_candidate_that_is_serving_already_meets_the_one_it_replaced(serving):
    first, _ = serving.push("1")
    candidates = [serving.folder / "trained" / text for text in ("1", "2")]
    assert uris.is_null(serving.baseline(_candidate=candidates[0])), "as at its first run"
    second = servable(serving.folder / "second", "2")
    assert serving.baseline(_candidate=second) == first
    serving.push("2")
    assert serving.baseline(_candidate=candidates[1]) == first, "as before, so from the cache"


def test_a_damaged_version_is_no_baseline(serving, caplog):
    first, _ = serving.push("1")
    _, version = serving.push("2 of some length")
    os.truncate(f"{serving.base}/{version}/saved_model.pb", 10)
    assert serving.baseline() == first
    assert f"{version} is damaged: its files are not those that were pushed" in caplog.text
    candidate = serving.folder / "trained/2 of some length"
    assert serving.baseline(_candidate=candidate) == first, "as before it was damaged"


def test_nothing_serving_no_baseline(store, serving, tmp_path):
    serving.records.run("minio://b/first", "0" * 64)
    assert uris.is_null(serving.baseline())
    arguments = (store, tmp_path, BLESSED, MODELS, {"model": False})
    assert looked_up(*arguments)["model_uri"] == "minio://b/first", "no folder to look into"


@pytest.mark.parametrize("strategy", [BLESSED, READS])
def test_a_serving_model_of_unknown_origin_is_copied(serving, strategy):
    serving.push("1", known=False)
    found = serving.baseline(strategy)
    assert found.startswith(f"{serving.folder}/pipeline/__served__/")
    assert (Path(found) / "Format-Serving/saved_model.pb").read_text() == "1"
    written = Path(found).stat().st_mtime_ns
    assert serving.baseline(strategy) == found
    assert Path(found).stat().st_mtime_ns == written, "once"


def test_a_serving_model_of_unknown_origin_is_the_baseline_without_ml_metadata(serving):
    serving.push("1", known=False)
    destination = json.dumps({"filesystem": {"base_directory": serving.base}})
    arguments = (None, serving.folder, BLESSED, MODELS, {"model": False})
    assert "__served__" in looked_up(*arguments, push_destination=destination)["model_uri"]


def test_a_serving_model_that_cannot_be_copied_is_named(serving, monkeypatch):
    serving.push("1", known=False)
    monkeypatch.setattr(files, "copy_folder", lambda *_: (_ for _ in ()).throw(OSError("denied")))
    with pytest.raises(StepError, match=r"is serving, ML Metadata does not know .*: denied; let"):
        serving.baseline()


def test_without_ml_metadata_nothing_is_found(monkeypatch):
    monkeypatch.delenv("METADATA_GRPC_SERVICE_HOST", raising=False)
    assert Lineage(metadata_store(), "power").artifacts(MODEL) == []
    monkeypatch.setenv("METADATA_GRPC_SERVICE_HOST", "localhost")
    assert metadata_store() is not None


def test_the_baseline_is_found_in_a_bucket(store, bucket, tmp_path):
    serving = Serving(store, tmp_path, f"{bucket}/{tmp_path.name}")
    first, _ = serving.push("1")
    assert serving.baseline(READS) == first


def test_a_copy_is_made_in_the_bucket_of_the_pipeline(store, bucket, tmp_path, monkeypatch):
    serving = Serving(store, tmp_path)
    serving.push("1", known=False)
    root = f"{bucket}/{tmp_path.name}"
    monkeypatch.setattr(uris, "pipeline_folder", lambda _: root)
    found = serving.baseline()
    assert found.startswith(f"{root}/__served__/")
    assert files.exists(f"{found}/Format-Serving/saved_model.pb")
    assert serving.baseline() == found


def test_a_served_model_places_no_file_elsewhere(store, endpoint, bucket, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    base = f"{bucket}/serving"
    put_raw(endpoint, bucket, "serving/1/saved_model.pb", "1")
    put_raw(endpoint, bucket, "serving/1/../../evil.py", "is listed")
    put_raw(endpoint, bucket, "evil.py", "is read in its place")
    destination = json.dumps({"filesystem": {"base_directory": base}})
    arguments = (store, tmp_path, BLESSED, MODELS, {"model": False})
    with pytest.raises(StepError, match=r"holds '\.\./\.\./evil\.py', which is no name"):
        looked_up(*arguments, push_destination=destination)
    assert not list(tmp_path.rglob("evil.py"))


def test_what_is_no_longer_live_is_not_found(store, tmp_path):
    recorded = Recorded(store)
    states = metadata_store_pb2.Artifact.State
    for name, state in states.items():
        if state != metadata_store_pb2.Artifact.LIVE:
            recorded.artifact("tfx.Schema", f"minio://b/{name}", state=state)
    arguments = (store, tmp_path, LATEST, {"s": f"{TYPES}Schema"}, {"s": False})
    assert uris.is_null(looked_up(*arguments)["s_uri"])
    recorded.artifact("tfx.Schema", "minio://b/live")
    recorded.artifact("tfx.Schema", "minio://b/late", state=metadata_store_pb2.Artifact.DELETED)
    assert looked_up(*arguments)["s_uri"] == "minio://b/live"


@pytest.mark.parametrize("failures", [1, 3])
def test_a_restart_of_ml_metadata_costs_a_resolver_nothing_but_time(store, tmp_path, failures):
    Recorded(store).artifact("tfx.Schema", "minio://b/1")
    arguments = (tmp_path, LATEST, {"s": f"{TYPES}Schema"}, {"s": True})
    with served(store, failures) as client:
        assert looked_up(client, *arguments)["s_uri"] == "minio://b/1"


def test_a_resolver_without_ml_metadata_fails_with_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(retries, "DEADLINE", 1.0)
    monkeypatch.setenv("METADATA_GRPC_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("METADATA_GRPC_SERVICE_PORT", "1")
    arguments = (tmp_path, LATEST, {"s": f"{TYPES}Schema"}, {"s": True})
    with pytest.raises(StepError, match=r"no success in \d+ attempts within 1 s, try again later:"):
        looked_up(metadata_store(), *arguments)
