"""Small files that several writers change, in a folder and in object stores."""

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from tfx_kubeflow.storage import documents
from tfx_kubeflow.storage.documents import Conflict, Document
from tfx_kubeflow.storage.retries import is_transient


@pytest.fixture
def place(bucket):
    return f"{bucket}/power/labels.json"


def test_what_is_not_there_is_read_as_such(place, tmp_path):
    for path in (place, str(tmp_path / "labels.json"), f"file://{tmp_path}/labels.json"):
        assert documents.read(path) == Document(None)


def test_what_was_written_is_read(place, tmp_path):
    for path in (place, str(tmp_path / "labels.json"), f"file://{tmp_path}/other.json"):
        documents.replace(path, b"one", documents.read(path))
        documents.replace(path, b"two", documents.read(path))
        assert documents.read(path).content == b"two"


def test_a_store_refuses_what_was_written_for_another_state(place):
    nothing = documents.read(place)
    documents.replace(place, b"one", nothing)
    with pytest.raises(Conflict):
        documents.replace(place, b"late", nothing)
    one = documents.read(place)
    documents.replace(place, b"two", one)
    with pytest.raises(Conflict):
        documents.replace(place, b"late", one)
    assert documents.read(place).content == b"two"


def test_behind_tensorflow_the_file_is_read_again(tmp_path):
    uri = f"file://{tmp_path}/labels.json"
    nothing = documents.read(uri)
    documents.replace(uri, b"one", nothing)
    with pytest.raises(Conflict):
        documents.replace(uri, b"late", nothing)


class WithoutConditions(BaseHTTPRequestHandler):
    """A store that answers 501 to a conditional write, as some do."""

    protocol_version = "HTTP/1.1"
    objects: dict[str, bytes] = {}
    meanwhile: bytes | None = None

    def do_GET(self):
        content = self.objects.get(self.path)
        if content is None:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        else:
            self._answer(200, content)

    def do_PUT(self):
        content = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["If-Match"] or self.headers["If-None-Match"]:
            return self._answer(501, b"<Error><Code>NotImplemented</Code></Error>")
        self.objects[self.path] = self.meanwhile or content
        return self._answer(200, b"")

    def _answer(self, status, content):
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", f'"{hash(content)}"')
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture
def without_conditions(monkeypatch):
    handler = type("Handler", (WithoutConditions,), {"objects": {}})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")  # pragma: allowlist secret
        monkeypatch.setenv("AWS_REGION", "us-east-1")
        yield handler
        server.shutdown()


def test_a_store_without_conditional_writes_is_read_back(without_conditions):
    uri = "s3://bucket/labels.json"
    nothing = documents.read(uri)
    documents.replace(uri, b"one", nothing)
    with pytest.raises(Conflict):
        documents.replace(uri, b"late", nothing)
    without_conditions.meanwhile = b"another's"
    with pytest.raises(Conflict):
        documents.replace(uri, b"two", documents.read(uri))


def test_a_store_that_is_away_is_named(monkeypatch, place):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("MINIO_ENDPOINT", "http://127.0.0.1:1")
    with pytest.raises(OSError, match=f"{place}: .*127.0.0.1:1"):
        documents.read(place)


def test_a_refusal_is_no_reason_to_try_again_and_a_silent_store_is(place, monkeypatch):
    with pytest.raises(OSError, match="NoSuchBucket") as refused:
        documents.read(place.replace("://", "://no-"))
    assert not is_transient(refused.value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("MINIO_ENDPOINT", "http://127.0.0.1:1")
    with pytest.raises(OSError, match="connect") as silent:
        documents.read(place)
    assert is_transient(silent.value)


def test_a_link_a_pipe_and_a_large_file_are_refused(tmp_path):
    (tmp_path / "dear").write_text("dear")
    (tmp_path / "link").symlink_to(tmp_path / "dear")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(b"x" * (documents.MOST_BYTES + 1))
    for name in ("link", "pipe", "large"):
        with pytest.raises(OSError, match="remove it"):
            documents.read(str(tmp_path / name))


def test_a_full_disk_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "labels.json"
    path.write_text("old")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        documents.replace(str(path), b"new", documents.read(str(path)))
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("labels.json", "old")]


def test_others_may_read_it(tmp_path):
    path = tmp_path / "labels.json"
    documents.replace(str(path), b"x", Document(None))
    assert path.stat().st_mode & 0o044 == 0o044


def test_neither_tfx_nor_tensorflow_is_imported_for_a_folder_or_a_bucket():
    code = (
        "import json, sys\n"
        "from tfx_kubeflow.storage import labels\n"
        "labels.read('/nowhere')\n"
        "print(json.dumps(sorted({'tfx', 'tensorflow', 'boto3'} & set(sys.modules))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


def test_what_a_killed_writer_left_and_a_link_in_its_place_do_no_harm(tmp_path):
    (tmp_path / "dear").write_text("dear")
    (tmp_path / ".pushing-labels.json").symlink_to(tmp_path / "dear")
    documents.replace(str(tmp_path / "labels.json"), b"new", Document(None))
    assert (tmp_path / "dear").read_text() == "dear"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dear", "labels.json"]
