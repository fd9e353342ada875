"""Runs in a real store of MLflow: complete, once, in time, and with the model that serves."""

import http.server
import shutil
import socket
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient
from tfx_kubeflow.storage import promotion, served_versions

from tests.support.mlflow_store import content, empty_store, job_of
from tests.support.model import save_model
from tests.support.settings import WINDOWING
from tests.support.tracking import BEGAN, NAME, pending_run, tracked
from tfx_pipeline.cli import main
from tfx_pipeline.model_contract import REQUESTS_FILE
from tfx_pipeline.serving.requests import read_requests
from tfx_pipeline.settings import TrackingSettings
from tfx_pipeline.tracking import store
from tfx_pipeline.tracking.job import PENDING_FILE, Pending, mark
from tfx_pipeline.tracking.log import log
from tfx_pipeline.tracking.registry import CHAMPION
from tfx_pipeline.tracking.track import CALM, pending_folders, track

pytestmark = [pytest.mark.integration]


@pytest.fixture(autouse=True, scope="module")
def _calm():
    with pytest.MonkeyPatch.context() as patch:
        for name, value in CALM.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    return empty_store(tmp_path_factory.mktemp("store"))


@pytest.fixture
def uri(empty, tmp_path):
    return copy(empty, tmp_path / "store")


def copy(empty: Path, folder: Path) -> str:
    folder.mkdir()
    return f"sqlite:///{shutil.copy(empty, folder)}"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A folder of served versions with one in it."""
    folder = tmp_path_factory.mktemp("serving")
    model = save_model(folder / "model", WINDOWING, pull=0.3)
    base = folder / NAME
    served_versions.publish(model, str(base), clock=lambda: 1_700_000_000)
    return base


@pytest.fixture
def summary(served):
    return tracked(pushed_version="1700000000", serving_dir=str(served))


@pytest.fixture(scope="module")
def undisturbed(empty, served, tmp_path_factory):
    """What a store holds after a run that nothing disturbed."""
    folder = tmp_path_factory.mktemp("undisturbed")
    uri = copy(empty, folder / "store")
    summary = tracked(pushed_version="1700000000", serving_dir=str(served))
    log(job_of(pending_run(folder / "run", summary), uri, served))
    return content(uri)


def test_a_run_has_its_fits_below_it(undisturbed, summary):
    runs = undisturbed["runs"]
    key = f"{NAME}/{summary.run_id}"
    assert set(runs) == {key, f"{key}/trial 1", f"{key}/trial 2", f"{key}/fit"}
    assert {one["parent"] for name, one in runs.items() if name != key} == {summary.run_id}
    assert {one["experiment"] for one in runs.values()} == {NAME}
    assert {one["info"][1] for one in runs.values()} == {"FINISHED"}
    whole = runs[key]
    assert whole["parent"] is None
    assert [one[:2] for one in whole["metrics"]["ahead/mse"]] == [(1, 0.04), (2, 0.04)]
    assert {"summary.json", "report.html", "model/MLmodel"} <= set(whole["files"])
    assert [one[0] for one in runs[f"{key}/fit"]["metrics"]["loss"]] == [10, 20]


def test_a_pushed_model_is_a_registered_version(undisturbed, served, summary):
    [(name, version, tags, run)] = undisturbed["models"]
    assert (name, version, run) == (NAME, 1, summary.run_id)
    assert undisturbed["aliases"] == {(NAME, CHAMPION): 1}
    digest = served_versions.digest(str(served / "1700000000"))
    assert tags == {"household_power.version": "1700000000", "household_power.sha256": digest}


def test_a_registered_version_answers_and_holds_no_pickle(
    uri, served, summary, tmp_path, monkeypatch
):
    log(job_of(pending_run(tmp_path / "run", summary), uri, served))
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI"):
        monkeypatch.setenv(name, uri)
    place = f"models:/{NAME}@{CHAMPION}"
    loaded = mlflow.pyfunc.load_model(place)
    request = read_requests(served / "1700000000" / REQUESTS_FILE)[0]
    answers = loaded.predict(dict(request.inputs))
    for name, value in request.outputs.items():
        np.testing.assert_allclose(answers[name], value, rtol=1e-5)
    assert loaded.input_example is not None
    assert {one.name for one in loaded.metadata.signature.inputs} == set(request.inputs)
    folder = Path(mlflow.artifacts.download_artifacts(place))
    names = [path.name for path in folder.rglob("*") if path.is_file()]
    assert "saved_model.pb" in names
    assert not [name for name in names if name.endswith((".pkl", ".pickle", "uv.lock"))]


def test_logged_again_nothing_changes(uri, undisturbed, served, summary, tmp_path):
    for name in ("once", "twice"):
        log(job_of(pending_run(tmp_path / name, summary), uri, served))
        assert not (tmp_path / name / PENDING_FILE).exists()
    assert content(uri) == undisturbed
    log(job_of(tmp_path / "once", uri, served))  # has no mark any more
    assert content(uri) == undisturbed


def test_an_attempt_that_began_at_another_time_leaves_the_figures_as_they_are(
    uri, undisturbed, served, summary, tmp_path
):
    log(job_of(pending_run(tmp_path / "first", summary), uri, served))
    second = pending_run(tmp_path / "second", summary)
    mark(second, Pending(began=BEGAN + 7, parent=None, experiment=None))
    log(job_of(second, uri, served))
    assert content(uri) == undisturbed


class BreaksOff:
    """A client whose server answers so many requests, and loses the answer to the next."""

    def __init__(self, client: MlflowClient, requests: int) -> None:
        self._client = client
        self.left = requests

    def __getattr__(self, name):
        method = getattr(self._client, name)

        def call(*arguments, **options):
            answer = method(*arguments, **options)
            self.left -= 1
            if self.left < 0:
                raise ConnectionError(name)
            return answer

        return call


def test_wherever_it_breaks_off_a_replay_completes_it(
    empty, undisturbed, served, summary, tmp_path, monkeypatch
):
    connect = store.connect
    requests, complete = 0, False
    while not complete:
        folder = tmp_path / str(requests)
        uri = copy(empty, folder)
        todo = job_of(pending_run(folder / "run", summary), uri, served)
        with monkeypatch.context() as patch:
            client = BreaksOff(connect(uri), requests)
            patch.setattr(store, "connect", lambda _, client=client: client)
            try:
                log(todo)
                complete = True
            except ConnectionError:
                pass
        log(todo)
        log(todo)
        assert content(uri) == undisturbed, f"after {requests} requests"
        shutil.rmtree(folder)
        requests += 3
    assert requests > 15


def test_a_request_that_was_answered_too_late_leaves_no_second_run(
    uri, undisturbed, served, summary, tmp_path
):
    client = store.connect(uri)
    experiment = store.experiment(client, uri, NAME)
    key = f"{NAME}/{summary.run_id}"
    for _ in range(2):
        tags = {"household_power.key": key}
        client.create_run(experiment, int(BEGAN * 1000), tags, summary.run_id)
    log(job_of(pending_run(tmp_path / "run", summary), uri, served))
    assert content(uri) == undisturbed


def test_ours_is_nested_below_the_run_that_kubeflow_has_made(uri, summary, tmp_path, monkeypatch):
    client = store.connect(uri)
    experiment = client.create_experiment("of-kubeflow", (tmp_path / "files").as_uri())
    theirs = client.create_run(experiment).info.run_id
    monkeypatch.setenv("MLFLOW_RUN_ID", theirs)
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", experiment)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    folder = tmp_path / "run"
    folder.mkdir()
    pending_run(folder / "inner", summary)
    line = track(summary, folder / "inner", TrackingSettings(uri="http://127.0.0.1:9", timeout=6))
    assert line == f"logged to {uri}"
    [ours] = client.search_runs([experiment], f"tags.mlflow.parentRunId = '{theirs}'")
    assert ours.info.run_name == summary.run_id
    assert len(client.search_runs([experiment], f"tags.mlflow.parentRunId = '{ours.info.run_id}'"))
    joined = client.get_run(theirs)
    assert (joined.info.status, joined.data.params, joined.data.metrics) == ("RUNNING", {}, {})


def test_the_alias_follows_what_serves(uri, served, tmp_path):
    base = tmp_path / "serving" / NAME
    shutil.copytree(served.parent, base.parent)
    client = store.connect(uri)

    def run(number: int) -> None:
        model = save_model(tmp_path / f"model-{number}", WINDOWING, offset=number / 100)
        version = served_versions.publish(model, str(base)).version
        folder = pending_run(tmp_path / f"{number}", tracked(run_id=f"{number}"))
        log(job_of(folder, uri, base, version))

    def champion() -> str:
        version = client.get_model_version_by_alias(NAME, CHAMPION)
        return version.tags["household_power.version"]

    run(1)
    first = champion()
    run(2)
    assert champion() != first
    served_versions.remove(str(base), champion())
    options = [f"--outputs={tmp_path}", f"--serving.base={base.parent}", f"--tracking.uri={uri}"]
    assert main(["tracking", "replay", *options]) == 0
    assert champion() == first
    promotion.promote(str(base), first)
    run(3)
    assert main(["tracking", "replay", *options]) == 0
    assert champion() == first, "the newest is not stable"
    promotion.promote(str(base), served_versions.versions(str(base))[0])
    assert main(["tracking", "replay", *options]) == 0
    assert champion() != first


@contextmanager
def closed():
    """A server that is down."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    yield port


@contextmanager
def silent():
    """A server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as server:
        yield server.getsockname()[1]


@contextmanager
def broken():
    """A server that answers with errors."""

    class Errors(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_error(500)

        do_POST = do_GET  # noqa: N815, http.server's name

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Errors) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def late(server, folder, summary, timeout: float = 60) -> tuple[str, float]:
    """Tracks a run at a server that is away; returns why it is pending, and the seconds."""
    with server() as port:
        settings = TrackingSettings(uri=f"http://127.0.0.1:{port}", timeout=timeout)
        start = time.monotonic()
        line = track(summary, folder, settings)
        seconds = time.monotonic() - start
    assert (folder / PENDING_FILE).exists()
    assert line.startswith(f"not logged to {settings.uri}: ")
    assert line.endswith("`household-power tracking replay` logs it later")
    return line, seconds


def test_a_server_that_fails_leaves_the_run_pending(summary, tmp_path):
    line, _ = late(broken, pending_run(tmp_path / "run", summary), summary)
    assert "500" in line


def test_a_server_that_is_silent_is_waited_for_and_no_longer_and_the_run_replayed(
    uri, undisturbed, summary, tmp_path, capsys, monkeypatch
):
    line, imports = late(closed, pending_run(tmp_path / "run", summary), summary)
    assert "refused" in line
    folder = pending_run(tmp_path / NAME / "runs" / summary.run_id, summary)
    monkeypatch.setattr(time, "time", lambda: BEGAN + summary.total_seconds)
    line, seconds = late(silent, folder, summary, timeout=6)
    monkeypatch.undo()
    assert "it took more than 6 s" in line
    # On an idle machine that is ten seconds, of which the process takes two to start.
    assert seconds < 6 + max(2 * imports, 4)
    options = [f"--outputs={tmp_path}", f"--tracking.uri={uri}", "--name=another"]
    assert main(["tracking", "replay", *options]) == 0
    assert capsys.readouterr().out == f"{folder}: logged\n"
    assert content(uri) == undisturbed
    assert pending_folders(tmp_path) == []


def test_with_tracking_off_nothing_is_written(tmp_path):
    assert track(tracked(), tmp_path, TrackingSettings(uri=None, timeout=6)) is None
    assert list(tmp_path.iterdir()) == []
