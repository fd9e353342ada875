"""Which failures of a store are tried again, and for how long."""

import errno
import http.server
import threading

import pyarrow.fs as pafs
import pytest
from tfx.dsl.io import filesystem
from tfx_kubeflow.errors import StepError
from tfx_kubeflow.storage import files, retries
from tfx_kubeflow.storage.retries import is_transient, retried


@pytest.fixture(autouse=True)
def no_waits(monkeypatch):
    monkeypatch.setattr(retries, "FIRST_WAIT", 0.0)
    monkeypatch.setattr(retries, "LONGEST_WAIT", 0.0)


class Answers(http.server.BaseHTTPRequestHandler):
    """An S3 store that refuses everything in one way."""

    def do_GET(self):
        status, code = self.server.answer
        body = f"<Error><Code>{code}</Code><Message>words</Message></Error>".encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_PUT = do_POST = do_GET  # noqa: N815

    def log_message(self, *arguments):
        """Says nothing."""


@pytest.fixture
def server():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


def errors_of(host, scheme="http"):
    """What pyarrow raises for each kind of request."""
    store = pafs.S3FileSystem(
        endpoint_override=host,
        scheme=scheme,
        region="us-east-1",
        access_key="key",
        secret_key="secret",  # pragma: allowlist secret
        retry_strategy=pafs.AwsStandardS3RetryStrategy(max_attempts=1),
    )
    calls = (
        lambda: store.get_file_info("bucket/x"),
        lambda: store.get_file_info(pafs.FileSelector("bucket/x")),
        lambda: store.open_input_file("bucket/x"),
        lambda: store.open_output_stream("bucket/x"),
    )
    found = []
    for call in calls:
        with pytest.raises(OSError) as caught:
            call()
        found.append(caught.value)
    return found


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (403, "AccessDenied"),
        (403, "InvalidAccessKeyId"),
        (403, "SignatureDoesNotMatch"),
        (401, "Unauthorized"),
        (400, "ExpiredToken"),
        (400, "AuthorizationHeaderMalformed"),
        (301, "PermanentRedirect"),
        (405, "MethodNotAllowed"),
        (507, "XMinioStorageFull"),
    ],
)
def test_what_a_store_refuses_for_good_is_not_tried_again(server, status, code):
    server.answer = (status, code)
    assert not any(map(is_transient, errors_of(f"127.0.0.1:{server.server_port}")))


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (503, "SlowDown"),
        (503, "ServiceUnavailable"),
        (500, "InternalError"),
        (502, "BadGateway"),
        (504, "GatewayTimeout"),
        (429, "TooManyRequests"),
    ],
)
def test_a_store_that_is_busy_is_tried_again(server, status, code):
    server.answer = (status, code)
    assert all(map(is_transient, errors_of(f"127.0.0.1:{server.server_port}")))


def test_a_store_that_is_down_is_tried_again_and_one_that_does_not_exist_is_not(server):
    server.server_close()
    assert all(map(is_transient, errors_of("127.0.0.1:1")))
    assert not any(map(is_transient, errors_of("no-such-host.invalid:9000")))


def test_a_bucket_that_does_not_exist_is_not_waited_for(bucket, tmp_path, caplog):
    (tmp_path / "x").write_text("x")
    scheme = bucket.split("://")[0]
    with pytest.raises(OSError, match="NO_SUCH_BUCKET"):
        files.upload(tmp_path / "x", f"{scheme}://no-such-bucket-here/x")
    assert "Retrying" not in caplog.text


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (errno.ENOSPC, False),
        (errno.ENOENT, False),
        (errno.EACCES, False),
        (errno.ENAMETOOLONG, False),
        (errno.EISDIR, False),
        (errno.ECONNRESET, True),
        (errno.ESTALE, True),
        (errno.ETIMEDOUT, True),
    ],
)
def test_of_a_file_systems_errors_those_of_connections_are_tried_again(number, expected):
    assert is_transient(OSError(number, "words")) is expected


def test_what_is_not_there_is_not_waited_for():
    assert not is_transient(filesystem.NotFoundError("s3://b/x"))
    assert not is_transient(FileNotFoundError("x"))


def test_a_call_is_repeated_until_it_succeeds():
    tries = []

    @retried(is_transient)
    def call(word):
        tries.append(word)
        if len(tries) < 3:
            raise OSError("busy")
        return word

    assert call("done") == "done"
    assert tries == ["done"] * 3


def test_what_does_not_recover_ends_at_the_deadline_with_one_sentence(monkeypatch):
    monkeypatch.setattr(retries, "DEADLINE", 0.05)

    @retried(is_transient)
    def call():
        raise OSError("down")

    with pytest.raises(
        StepError, match=r"no success in \d+ attempts within 0 s, .*: down"
    ) as caught:
        call()
    assert isinstance(caught.value.__cause__, OSError)


def test_an_error_of_another_kind_is_raised_at_once():
    tries = []

    @retried(is_transient)
    def call():
        tries.append(1)
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        call()
    assert len(tries) == 1
