"""A real S3 server on this machine (moto's), and buckets in it."""

import pytest
from tfx.dsl.io import fileio
from tfx_kubeflow.storage import object_store


@pytest.fixture(scope="session")
def endpoint():
    """Address of the server."""
    moto = pytest.importorskip("moto.server", reason="needs the dev dependency moto")
    server = moto.ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(params=["minio", "s3"])
def bucket(request, endpoint, monkeypatch):
    """Address of an empty bucket, once for each of the schemes."""
    import requests

    if request.param == "minio":
        monkeypatch.setenv("MINIO_ENDPOINT", endpoint)
        monkeypatch.setenv("MINIO_ACCESS_KEY", "key")
        monkeypatch.setenv("MINIO_SECRET_KEY", "secret")  # pragma: allowlist secret
    else:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")  # pragma: allowlist secret
        monkeypatch.setenv("AWS_REGION", "us-east-1")
    name = f"{request.param}-{request.node.name.split('[')[0].replace('_', '-')}"[:60].lower()
    requests.put(f"{endpoint}/{name}", timeout=10).raise_for_status()
    object_store.register()
    return f"{request.param}://{name}"


def write(bucket, **contents):
    """Writes texts into a bucket; `__` in a name stands for `/`."""
    for name, text in contents.items():
        with fileio.open(f"{bucket}/{name.replace('__', '/')}", "w") as file:
            file.write(text)


def put_raw(endpoint, bucket, key, text="x"):
    """Puts an object of any name into a bucket, as a client without manners can."""
    import boto3

    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="key",
        aws_secret_access_key="secret",  # pragma: allowlist secret
    )
    client.put_object(Bucket=bucket.split("://")[1], Key=key, Body=text.encode())
