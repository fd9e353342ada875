"""A real server of MLflow, as `make mlflow` starts it: what it shows, and what its death costs.

It has an environment of its own, which `make mlflow` installs; without it these tests skip, and
test_tracking.py shows the same on a file.
"""

import contextlib
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests
from tfx_kubeflow.storage import served_versions

from tests.support.mlflow_store import content, empty_store, job_of
from tests.support.model import save_model
from tests.support.settings import WINDOWING
from tests.support.tracking import NAME, pending_run, tracked
from tfx_pipeline.tracking.log import log
from tfx_pipeline.tracking.track import CALM, replay
from tools.mlflow.server import FOLDER, serve

MLFLOW = FOLDER / "bin/mlflow"
VERSION = "1700000000"
BROWSER = shutil.which("chromium")

pytestmark = [
    pytest.mark.integration,
    pytest.mark.slow,
    pytest.mark.skipif(not MLFLOW.exists(), reason="`make mlflow` has not installed the server"),
]


@pytest.fixture(autouse=True)
def _calm(monkeypatch):
    for name, value in CALM.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    return empty_store(tmp_path_factory.mktemp("store"))


@pytest.fixture
def file(empty, tmp_path):
    (tmp_path / "store").mkdir()
    return Path(shutil.copy(empty, tmp_path / "store"))


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("serving")
    model = save_model(folder / "model", WINDOWING, pull=0.3)
    served_versions.publish(model, str(folder / NAME), clock=lambda: int(VERSION))
    return folder / NAME


@contextlib.contextmanager
def server(file):
    """The server on a file; gives its URI and its process when it answers."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    uri = f"http://127.0.0.1:{port}"
    with serve(MLFLOW, file, port) as process:
        wait_until_it_answers(uri)
        yield uri, process


def wait_until_it_answers(uri: str) -> None:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        with contextlib.suppress(requests.RequestException):
            if requests.get(f"{uri}/health", timeout=5).ok:
                return
        time.sleep(0.2)
    raise AssertionError(f"{uri} does not answer")


def ask(uri: str, path: str, **query: object) -> dict:
    answer = requests.get(f"{uri}/api/2.0/mlflow/{path}", params=query, timeout=30)
    answer.raise_for_status()
    return answer.json()


def test_a_server_shows_the_runs_and_the_version(file, served, tmp_path):
    summary = tracked(pushed_version=VERSION, serving_dir=str(served))
    folder = pending_run(tmp_path / "run", summary)
    with server(file) as (uri, _):
        log(job_of(folder, uri, served, VERSION))
        experiment = ask(uri, "experiments/get-by-name", experiment_name=NAME)["experiment"]
        query = {"experiment_ids": [experiment["experiment_id"]]}
        found = requests.post(f"{uri}/api/2.0/mlflow/runs/search", json=query, timeout=30).json()
        runs = {run["info"]["run_name"]: run for run in found["runs"]}
        assert set(runs) == {summary.run_id, "trial 1", "trial 2", "fit"}
        parent = runs[summary.run_id]["info"]["run_id"]
        for name in ("trial 1", "trial 2", "fit"):
            tags = {one["key"]: one["value"] for one in runs[name]["data"]["tags"]}
            assert tags["mlflow.parentRunId"] == parent
        alias = {"name": NAME, "alias": "champion"}
        version = ask(uri, "registered-models/alias", **alias)["model_version"]
        assert version["run_id"] == parent
        assert {"key": "household_power.version", "value": VERSION} in version["tags"]
        if BROWSER:
            runs_page = f"{uri}/#/experiments/{experiment['experiment_id']}/runs"
            assert summary.run_id in shown(runs_page, tmp_path)
            assert "champion" in shown(f"{uri}/#/models/{NAME}", tmp_path)


def shown(page: str, folder: Path) -> str:
    """What a browser makes of a page."""
    options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}/browser"]
    options += ["--window-size=1600,1200", "--virtual-time-budget=60000", "--dump-dom"]
    done = subprocess.run(
        [str(BROWSER), *options, page], capture_output=True, text=True, timeout=120, check=True
    )
    return done.stdout


def test_a_server_that_is_killed_in_between_and_replays_leave_each_run_once(
    file, empty, served, tmp_path
):
    summary = tracked(pushed_version=VERSION, serving_dir=str(served))
    undisturbed = f"sqlite:///{shutil.copy(empty, tmp_path)}"
    log(job_of(pending_run(tmp_path / "undisturbed", summary), undisturbed, served, VERSION))
    folder = pending_run(tmp_path / "run", summary)
    with server(file) as (uri, process):
        logging = subprocess.Popen(
            [sys.executable, "-m", "tfx_pipeline.tracking"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | CALM,
        )
        logging.stdin.write(job_of(folder, uri, served, VERSION).model_dump_json().encode())
        logging.stdin.close()
        wait_for_runs(file, 2)
        os.killpg(process.pid, signal.SIGKILL)
        assert logging.wait(timeout=60) == 1
    with server(file) as (uri, _):
        assert replay(folder, uri) is None
        assert content(uri) == content(undisturbed)


def wait_for_runs(file: Path, count: int) -> None:
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as database:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            [[found]] = database.execute("select count(*) from runs")
            if found >= count:
                return
    raise AssertionError("nothing was logged")
