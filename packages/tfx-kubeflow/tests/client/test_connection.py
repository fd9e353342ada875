"""Servers behind TLS and proxies, and servers that restart."""

import logging
import time

import pytest
from kfp_server_api import Configuration
from kubeflow_cases.certificates import authority
from kubeflow_cases.failed_runs import detail, explained, failed_run
from kubeflow_cases.fake_server import FakeServer
from tfx_kubeflow.client import connection as module
from tfx_kubeflow.client.connection import Connection, ServerError
from tfx_kubeflow.client.pipelines import Pipelines
from tfx_kubeflow.client.runs import Runs

TOKEN, COOKIE = "secret-token", "session=mine"
CAUSE = "Trainer failed: ValueError: loss is NaN"


@pytest.fixture(scope="module")
def own_authority(tmp_path_factory):
    return authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def guarded(own_authority):
    """A server with a certificate of its own authority, which wants a token and a cookie."""
    server = FakeServer(tls=own_authority.server, Authorization=f"Bearer {TOKEN}", Cookie=COOKIE)
    server.logs["pod"] = f"{CAUSE}\n"
    failed_run(server, [detail("trainer", "FAILED", "pod")])
    yield server
    server.close()


def test_the_cause_of_a_failure_is_read_with_all_that_the_client_sends(guarded, own_authority):
    ca = own_authority.certificate
    connection = Connection(guarded.url, existing_token=TOKEN, cookies=COOKIE, ssl_ca_cert=ca)
    assert explained(connection)[0].cause == CAUSE


def test_the_tfx_command_takes_them_from_the_environment(guarded, own_authority, monkeypatch):
    monkeypatch.setenv("KFP_TOKEN", TOKEN)
    monkeypatch.setenv("KFP_COOKIES", COOKIE)
    monkeypatch.setenv("KFP_CA_CERT", own_authority.certificate)
    assert explained(Connection(guarded.url))[0].cause == CAUSE


class Credentials:
    """Gives a token whenever it is asked, as those of a service account do."""

    def refresh_api_key_hook(self, configuration: Configuration) -> None:
        configuration.api_key["authorization"] = TOKEN


def test_credentials_are_asked_at_each_request(guarded, own_authority):
    ca = own_authority.certificate
    given = {"credentials": Credentials(), "cookies": COOKIE, "ssl_ca_cert": ca}
    assert explained(Connection(guarded.url, **given))[0].cause == CAUSE


def test_a_certificate_that_shall_not_be_checked_is_not(guarded):
    given = {"existing_token": TOKEN, "cookies": COOKIE, "verify_ssl": False}
    assert explained(Connection(guarded.url, **given))[0].cause == CAUSE


def test_a_proxy_is_used_for_logs_too(server):
    server.logs["pod"] = f"{CAUSE}\n"
    failed_run(server, [detail("trainer", "FAILED", "pod")])
    connection = Connection("http://kfp.example", proxy=server.url)
    assert explained(connection)[0].cause == CAUSE


def test_an_authority_that_is_not_known_says_how_to_name_it(guarded):
    with pytest.raises(ServerError, match=r"127.0.0.1:\d+ is not trusted.*KFP_CA_CERT"):
        Connection(guarded.url, existing_token=TOKEN)


def test_a_wrong_token_is_refused_at_once_and_in_one_sentence(guarded, own_authority, caplog):
    started = time.monotonic()
    with pytest.raises(ServerError, match="refused: 401 Unauthorized"):
        Connection(guarded.url, existing_token="wrong", ssl_ca_cert=own_authority.certificate)
    assert time.monotonic() - started < 3
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_a_server_that_is_down_says_how_to_name_another(monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 0.0)
    monkeypatch.setenv("KFP_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(ServerError, match=r"127\.0\.0\.1:9.*--endpoint"):
        Connection(None)


def test_a_name_that_is_wrong_is_not_tried_again():
    started = time.monotonic()
    with pytest.raises(ServerError, match=r"no Kubeflow Pipelines at http://nowhere.invalid"):
        Connection("http://nowhere.invalid")
    assert time.monotonic() - started < 20


# A server that restarts


def reads(server, connection, run_id):
    pipelines, runs = Pipelines(connection), Runs(connection)
    return {
        "pipelines": pipelines.all,
        "versions": lambda: pipelines.newest(pipelines.id("small")),
        "runs": lambda: runs.of("small"),
        "run": lambda: runs.get(run_id),
        "spec": lambda: runs.version_spec(pipelines.id("small")),
        "health": lambda: Connection(server.url),
    }


@pytest.mark.parametrize("fault", ["502", "503", "504", "reset", "lost"])
def test_what_only_reads_is_tried_again(server, connection, package, fault):
    Pipelines(connection).create("small", package)
    run = Runs(connection).create("small", {})
    for read in reads(server, connection, run.run_id).values():
        server.faults = [fault, fault]
        assert read()
        assert not server.faults


@pytest.mark.parametrize("fault", ["400", "401", "404", "500"])
def test_a_refusal_is_not_tried_again(server, connection, fault):
    server.faults = [fault, "400"]
    with pytest.raises(ServerError):
        Pipelines(connection).all()
    assert server.faults == ["400"]


def test_a_server_that_stays_away_is_given_up(server, connection, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 0.5)
    server.faults = ["503"] * 50
    with pytest.raises(ServerError, match="refused: away"):
        Pipelines(connection).all()


@pytest.mark.parametrize("fault", ["503", "lost"])
def test_nothing_is_made_twice(server, connection, package, fault):
    pipelines, runs = Pipelines(connection), Runs(connection)
    pipelines.create("small", package)
    runs.create("small", {})
    answer, posts = server.answer, []

    def faulty(method, path, query, body):
        if method == "POST":
            posts.append(path)
            server.faults = [fault]
        return answer(method, path, query, body)

    server.answer = faulty
    for write in (
        lambda: runs.create("small", {}),
        lambda: pipelines.update("small", package),
        lambda: pipelines.create("other", package),
    ):
        with pytest.raises(ServerError):
            write()
    assert len(posts) == 3
    made = 1 if fault == "lost" else 0
    assert len(server.runs) == 1 + made
    assert len(server.pipelines) == 1 + made
    assert len(server.versions) == 1 + 2 * made
