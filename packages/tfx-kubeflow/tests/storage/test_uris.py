"""URIs of artifacts, and where the launcher mounts them."""

from tfx_kubeflow.storage import uris


def test_addresses_and_mounts_are_each_others_inverse():
    for remote, local in (
        ("gs://b/k/x", "/gcs/b/k/x"),
        ("s3://b/k", "/s3/b/k"),
        ("minio://mlpipeline/v2/a", "/minio/mlpipeline/v2/a"),
        ("/data/x", "/data/x"),
    ):
        assert uris.to_local(remote) == local
        assert uris.to_remote(local) == remote


def test_the_place_of_nothing_is_below_the_pipelines_folder():
    address = uris.null("/minio/b/root/pipe/run/task/try/out.json", "model")
    assert address == "minio://b/root/pipe/__none__/model"
    assert uris.is_null(address)


def test_addresses_are_replaced_wherever_they_stand():
    found = uris.mapped(
        {"a": '{"x": "/m/model/1"}', "b": ["/m/model_run", 1.0], "c": None},
        {"/m/model": "s3://b/model", "/m/model_run": "s3://b/run"},
    )
    assert found == {"a": '{"x": "s3://b/model/1"}', "b": ["s3://b/run", 1.0], "c": None}


def test_an_output_file_names_pipeline_and_run():
    found = uris.pipeline_and_run("/minio/b/root/pipe/run-1/task/try/out.json")
    assert found == ("pipe", "run-1")
