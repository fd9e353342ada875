"""Lookups: what a resolver finds in ML Metadata and at the push destination."""

import json
import posixpath
import tempfile
from pathlib import Path

import pytest
from kubeflow_cases.buckets import put_raw, write
from kubeflow_cases.metadata_service import served
from kubeflow_cases.records import BLESSED, LATEST, MODELS, Recorded, looked_up
from kubeflow_cases.steps import MODEL, TYPES
from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.components.common.resolver import ResolverStrategy
from tfx_kubeflow.errors import StepError
from tfx_kubeflow.metadata.lineage import Lineage, metadata_store
from tfx_kubeflow.storage import retries, uris


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


def serve(base, version):
    place = base / version
    place.mkdir(parents=True)
    (place / "saved_model.pb").write_text(version)
    return str(place)


@pytest.mark.parametrize("strategy", [BLESSED, "kubeflow_cases.records.Reads"])
def test_the_baseline_is_the_model_that_is_serving_now(store, tmp_path, strategy):
    base = tmp_path / "serving"
    destination = json.dumps({"filesystem": {"base_directory": str(base)}})
    arguments = (store, tmp_path, strategy, MODELS, {"model": False})
    records = Recorded(store)
    records.run(serve(base, "1"), "minio://b/first")
    rolled_back = serve(base, "2")
    records.run(rolled_back, "minio://b/second")
    (Path(rolled_back) / "saved_model.pb").unlink()
    found = looked_up(*arguments, push_destination=destination)
    assert found["model_uri"] == "minio://b/first"


def test_a_candidate_that_is_serving_already_meets_the_one_it_replaced(store, tmp_path):
    base = tmp_path / "serving"
    destination = json.dumps({"filesystem": {"base_directory": str(base)}})
    records = Recorded(store)
    arguments = (store, tmp_path, BLESSED, MODELS, {"model": False})

    def baseline(candidate):
        inputs = {"_candidate": candidate}
        found = looked_up(*arguments, inputs=inputs, push_destination=destination)
        return found["model_uri"]

    records.run(serve(base, "1"), "minio://b/first")
    assert uris.is_null(baseline("minio://b/first")), "as at its first run"
    assert baseline("minio://b/second") == "minio://b/first"
    records.run(serve(base, "2"), "minio://b/second")
    assert baseline("minio://b/second") == "minio://b/first", "as before, so from the cache"


def test_nothing_serving_no_baseline(store, tmp_path):
    Recorded(store).run("/elsewhere/1", "minio://b/first")
    destination = json.dumps({"filesystem": {"base_directory": str(tmp_path / "serving")}})
    arguments = (store, tmp_path, BLESSED, MODELS, {"model": False})
    assert uris.is_null(looked_up(*arguments, push_destination=destination)["model_uri"])
    assert looked_up(*arguments)["model_uri"] == "minio://b/first", "no folder to look into"


def test_a_serving_model_of_unknown_origin_stops_the_run(store, tmp_path):
    base = tmp_path / "serving"
    place = serve(base, "1")
    destination = json.dumps({"filesystem": {"base_directory": str(base)}})
    arguments = (store, tmp_path, BLESSED, MODELS, {"model": False})
    with pytest.raises(StepError, match=f"{place} is serving, but"):
        looked_up(*arguments, push_destination=destination)
    records = Recorded(store)
    made = records.artifact("tfx.PushedModel", "minio://b/p", pushed_destination=place)
    records.execution([], [made])
    with pytest.raises(StepError, match="does not know which run pushed it"):
        looked_up(*arguments, push_destination=destination)


def test_without_ml_metadata_nothing_is_found(monkeypatch):
    monkeypatch.delenv("METADATA_GRPC_SERVICE_HOST", raising=False)
    assert Lineage(metadata_store(), "power").artifacts(MODEL) == []
    monkeypatch.setenv("METADATA_GRPC_SERVICE_HOST", "localhost")
    assert metadata_store() is not None


def test_the_baseline_is_found_in_a_bucket(store, bucket, tmp_path):
    base = f"{bucket}/serving"
    write(bucket, **{"serving__1__saved_model.pb": "1"})
    recorded = Recorded(store)
    recorded.run(posixpath.join(base, "1"), f"{bucket}/first")
    destination = json.dumps({"filesystem": {"base_directory": base}})
    found = looked_up(
        *(
            store,
            tmp_path,
            "kubeflow_cases.records.Reads",
            MODELS,
            {"model": False},
        ),
        push_destination=destination,
    )
    assert found["model_uri"] == f"{bucket}/first"


def test_a_served_model_places_no_file_elsewhere(store, endpoint, bucket, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    base = f"{bucket}/serving"
    put_raw(endpoint, bucket, "serving/1/saved_model.pb", "1")
    put_raw(endpoint, bucket, "serving/1/../../evil.py", "is listed")
    put_raw(endpoint, bucket, "evil.py", "is read in its place")
    Recorded(store).run(f"{base}/1", f"{bucket}/first")
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
