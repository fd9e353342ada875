"""Versions come, go, break and are relabelled under requests; answers go on."""

import gc
import random
import shutil
import threading
import time
from pathlib import Path

import httpx
import pytest
from tfx_kubeflow.storage import labels, served_versions

from tests.support.saved_models import push_version, write_half_plus, write_version
from tests.support.server import eventually, serving
from tfx_pipeline.model_contract import WARM_UP_FILE
from tfx_pipeline.server.loaded import LoadedVersion

NAME = "power"
PREDICT = f"/v1/models/{NAME}:predict"
X = {"inputs": [1.0]}


def add(folder, version, b):
    """A version whose answer to `X` is 0.5 + b; appears at once."""
    scratch = write_half_plus(folder.parent / "scratch", version, b)
    (folder / NAME).mkdir(parents=True, exist_ok=True)
    scratch.rename(folder / NAME / str(version))
    return folder / NAME / str(version)


def label(folder, stable, canary=None, percent=10, previous=None):
    base = str(folder / NAME)

    def one(version):
        uri = f"{base}/{version}"
        return {"version": str(version), "digest": served_versions.digest(uri), "since": 1}

    wanted = labels.Labels(
        stable=one(stable),
        canary=one(canary) | {"percent": percent} if canary else None,
        previous=one(previous) if previous else None,
    )
    labels.change(base, lambda found: wanted)


@pytest.fixture
def folder(tmp_path):
    add(tmp_path / "models", 1, 1.0)
    return tmp_path / "models"


def answer(running, path=PREDICT, **options):
    response = running.post(path, X, **options)
    assert response.status_code == 200, response.text
    [value] = response.json()["outputs"]
    return value, response.headers["X-Model-Version"], response.headers.get("X-Model-Label")


def statuses(running):
    found = running.get(f"/v1/models/{NAME}").json()["model_version_status"]
    return {one["version"]: (one["state"], one["status"]["error_message"]) for one in found}


def test_without_labels_the_newest_serves(folder):
    with serving(folder) as running:
        assert answer(running) == (1.5, "1", "stable")
        add(folder, 2, 2.0)
        eventually(lambda: answer(running) == (2.5, "2", "stable"))
        eventually(lambda: statuses(running)["1"][0] == "END")
        assert running.post(f"/v1/models/{NAME}/versions/1:predict", X).status_code == 404
        served_versions.remove(str(folder / NAME), "2")
        eventually(lambda: answer(running) == (1.5, "1", "stable"))
        shutil.rmtree(folder / NAME / "1")
        eventually(lambda: "any more" in running.get("/readyz").json()["models"][NAME]["problem"])
        assert answer(running) == (1.5, "1", "stable")


def test_labels_decide_and_a_push_moves_nothing(folder):
    add(folder, 2, 2.0)
    label(folder, stable=1)
    with serving(folder) as running:
        assert answer(running) == (1.5, "1", "stable")
        add(folder, 3, 3.0)
        label(folder, stable=1, canary=3, percent=50)
        eventually(lambda: running.versions(NAME) == {"stable": 1, "canary": 3})
        assert answer(running, f"/v1/models/{NAME}/labels/canary:predict") == (3.5, "3", "canary")
        assert answer(running, f"/v1/models/{NAME}/versions/3:predict") == (3.5, "3", "canary")
        assert answer(running, f"/v1/models/{NAME}/labels/stable:predict") == (1.5, "1", "stable")
        assert "2" not in statuses(running)
        label(folder, stable=3, previous=1)
        eventually(lambda: running.versions(NAME) == {"stable": 3})
        assert answer(running) == (3.5, "3", "stable")
        label(folder, stable=1, previous=3)
        eventually(lambda: answer(running) == (1.5, "1", "stable"))


def test_the_canary_gets_its_part_of_the_requests(folder):
    add(folder, 2, 2.0)
    label(folder, stable=1, canary=2, percent=20)
    random.seed(1)
    with serving(folder) as running:
        routing = running.server.plane.models[NAME].routing
        chosen = [routing.chosen(NAME, None, None, None).number for _ in range(5000)]
        ids = [routing.chosen(NAME, None, None, f"id-{i}").number for i in range(5000)]
        # 20 % of 5,000, and four standard deviations.
        assert abs(chosen.count(2) - 1000) < 115
        assert abs(ids.count(2) - 1000) < 115
        for number in range(20):
            headers = {"X-Request-Id": f"id-{number}"}
            assert {answer(running, headers=headers)[1] for _ in range(3)} == {str(ids[number])}


BROKEN = {
    "half-written": lambda path: shutil.rmtree(path / "variables"),
    "truncated": lambda path: (path / "saved_model.pb").write_bytes(
        (path / "saved_model.pb").read_bytes()[:100]
    ),
    "garbage": lambda path: (path / "saved_model.pb").write_bytes(b"\x00garbage" * 99),
    "empty": lambda path: (path / "saved_model.pb").write_bytes(b""),
    "weights cut off": lambda path: (path / "variables/variables.data-00000-of-00001").write_bytes(
        b"\x00"
    ),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_version_is_refused_and_the_last_good_one_stays(folder, how):
    with serving(folder) as running:
        path = write_half_plus(folder.parent / "scratch", 2, 2.0)
        BROKEN[how](path)
        path.rename(folder / NAME / "2")
        eventually(lambda: statuses(running).get("2", ("",))[0] == "END")
        assert statuses(running)["2"][1]
        assert answer(running) == (1.5, "1", "stable")
        text = running.get("/metrics").text
        assert f'model_server_load_failures_total{{model="{NAME}"}} 1.0' in text
        assert f'model_server_shortfall{{model="{NAME}"}} 1.0' in text
        assert running.get("/readyz").status_code == 200
        # It is not tried again and again, but is once its files change.
        time.sleep(0.3)
        assert running.server.plane.models[NAME].failures == 1
        shutil.rmtree(folder / NAME / "2")
        add(folder, 2, 2.0)
        eventually(lambda: answer(running) == (2.5, "2", "stable"))
        assert f'model_server_shortfall{{model="{NAME}"}} 0.0' in running.get("/metrics").text


def test_a_version_without_its_model_file_is_not_there_yet(folder):
    with serving(folder) as running:
        path = write_half_plus(folder.parent / "scratch", 2, 2.0)
        (path / "saved_model.pb").rename(folder.parent / "kept")
        path.rename(folder / NAME / "2")
        time.sleep(0.3)
        assert "2" not in statuses(running)
        (folder.parent / "kept").rename(folder / NAME / "2" / "saved_model.pb")
        eventually(lambda: answer(running) == (2.5, "2", "stable"))


def test_files_that_are_not_those_that_were_pushed_are_not_loaded(tmp_path):
    base = tmp_path / "models" / NAME
    push_version(base, tmp_path / "one", 1, 1.0)
    with serving(tmp_path / "models") as running:
        version = push_version(base, tmp_path / "two", 2, 2.0)
        eventually(lambda: running.versions(NAME) == {"stable": 2})
        weights = base / version / "variables/variables.data-00000-of-00001"
        whole = weights.read_bytes()
        weights.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        # What is in memory is what was pushed.
        eventually(lambda: "not those that were pushed" in statuses(running)["2"][1])
        assert running.versions(NAME) == {"stable": 2}
        assert statuses(running)["2"][0] == "AVAILABLE"
    with serving(tmp_path / "models") as running:
        assert running.versions(NAME) == {"stable": 1}
        assert "cannot be served; 1 answers" in running.get("/readyz").text
        weights.write_bytes(whole)
        eventually(lambda: running.versions(NAME) == {"stable": 2})


def test_a_failing_warm_up_keeps_a_version_out(tmp_path):
    base = tmp_path / "models" / NAME
    write_version(base, 1)
    with serving(tmp_path / "models") as running:
        scratch = tmp_path / "scratch"
        version = write_version(scratch, 2)
        (version / WARM_UP_FILE).write_bytes(b"no TFRecord")
        version.rename(base / "2")
        eventually(lambda: statuses(running).get("2", ("",))[0] == "END")
        assert running.versions(NAME) == {"stable": 1}


def test_broken_labels_change_nothing(folder):
    with serving(folder) as running:
        (folder / NAME / labels.FILE).write_text("{")
        eventually(lambda: "labels.json" in running.get("/readyz").text)
        assert answer(running) == (1.5, "1", "stable")
        add(folder, 2, 2.0)
        label_file = folder / NAME / labels.FILE
        label_file.unlink()
        eventually(lambda: answer(running) == (2.5, "2", "stable"))


def test_a_server_without_a_good_version_lives_and_says_why(tmp_path):
    models = tmp_path / "models"
    models.mkdir()
    with serving(models) as running:
        assert running.get("/healthz").status_code == 200
        assert running.get("/readyz").status_code == 503
        assert "holds no model" in running.get("/readyz").json()["problem"]
        (models / NAME / "1").mkdir(parents=True)
        (models / NAME / "1" / "saved_model.pb").write_bytes(b"broken")
        eventually(lambda: NAME in running.get("/readyz").json()["models"])
        eventually(lambda: statuses(running).get("1", ("",))[0] == "END")
        assert running.get("/readyz").status_code == 503
        assert running.post(PREDICT, X).status_code == 503
        add(models, 2, 2.0)
        eventually(lambda: running.get("/readyz").status_code == 200)
        assert answer(running) == (2.5, "2", "stable")


def test_the_layouts_of_kserve_serve(tmp_path, folder):
    with serving(folder / NAME, name="mine") as running:
        assert running.post("/v1/models/mine:predict", X).json() == {"outputs": [1.5]}
    with serving(folder / NAME / "1", name="mine", version=42) as running:
        assert running.post("/v1/models/mine/versions/42:predict", X).json() == {"outputs": [1.5]}
    with serving(folder, name="none") as running:
        assert running.get("/readyz").json()["models"]["none"]["problem"] == "holds no version"


def test_a_folder_that_is_filled_later_serves_whatever_its_layout(tmp_path, folder):
    for number, layout in enumerate((f"{NAME}/1", "1", ".")):
        late = tmp_path / f"late-{number}"
        late.mkdir()
        with serving(late, name=NAME) as running:
            assert running.get("/readyz").status_code == 503
            shutil.copytree(folder / NAME / "1", late / layout, dirs_exist_ok=True)
            eventually(lambda: running.get("/readyz").status_code == 200)
            assert answer(running) == (1.5, "1", "stable")


def test_no_request_fails_while_versions_are_swapped_and_memory_comes_back(folder):
    """Every answer is of one version, and of one that was stable or canary at the time."""
    faults, seen, ended = [], set(), threading.Event()

    def ask(running, number):
        with httpx.Client(base_url=running.rest, timeout=60) as client:
            while not ended.is_set():
                rows = 1 + number
                response = client.post(PREDICT, json={"inputs": [1.0] * rows})
                version = response.headers.get("X-Model-Version")
                expected = [0.5 + int(version or 0)] * rows
                if response.status_code != 200 or response.json()["outputs"] != expected:
                    faults.append((response.status_code, version, response.text[:200]))
                seen.add(version)

    with serving(folder) as running:
        threads = [threading.Thread(target=ask, args=(running, n)) for n in range(4)]
        for thread in threads:
            thread.start()
        levels = []
        for version in range(2, 32):
            add(folder, version, float(version))
            if version % 5 == 0:
                label(folder, stable=version, canary=version - 1, percent=50)
            elif version > 5:
                label(folder, stable=version)
            eventually(lambda v=version: running.versions(NAME)["stable"] == v)
            shutil.rmtree(folder / NAME / str(version - 3), ignore_errors=True)
            levels.append(_resident())
        ended.set()
        for thread in threads:
            thread.join()
        assert faults == []
        assert len(seen) > 20
        eventually(lambda: len(_loaded_versions()) == 1)
    assert levels[-1] - levels[9] < 40, levels


def _resident():
    """MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 >> 20


def _loaded_versions():
    gc.collect()
    return [one for one in gc.get_objects() if isinstance(one, LoadedVersion)]
