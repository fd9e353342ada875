"""An InferenceService follows the labels; the API server is a stand-in (tests/support)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import kubernetes
import pytest
from kubernetes.config import kube_config
from tfx_kubeflow.storage import labels

from tests.support.fake_kserve import FakeKServe, serving
from tfx_pipeline import cli
from tfx_pipeline.versions import kserve

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeKServe]:
    made = FakeKServe("pvc://models/power", "3")
    monkeypatch.setattr(kserve, "POLL", 0.01)
    with serving(made, tmp_path) as config:
        use(config, monkeypatch)
        yield made


def use(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (kubernetes.config, kube_config):  # they read $KUBECONFIG once
        monkeypatch.setattr(module, "KUBE_CONFIG_DEFAULT_LOCATION", str(config))


@pytest.fixture
def call(base: str, fake: FakeKServe, capsys: pytest.CaptureFixture[str]) -> Call:
    def run(*arguments: str, name: str = "house/power") -> tuple[int, str, str]:
        given = ["--base", base, "--kserve", name, "--patience", "0.2"]
        code = cli.main(["versions", *arguments, *given])
        out, err = capsys.readouterr()
        return code, out, err

    return run


def stable(fake: FakeKServe) -> tuple[str, str]:
    predictor = fake.service["spec"]["predictor"]
    return predictor["name"], predictor["model"]["storageUri"]


def test_a_canary_and_its_promotion_as_kserve_has_them(call: Call, fake: FakeKServe) -> None:
    assert call("promote", "3")[0] == 0
    assert fake.history == [], "it was so already"
    code, out, _ = call("canary", "2", "--percent", "10")
    assert code == 0
    assert fake.service["spec"]["canary"] == [
        {
            "trafficPercent": 10,
            "predictor": {
                "name": "v2",
                "model": {
                    "modelFormat": {"name": "tensorflow"},
                    "runtime": "household-power",
                    "storageUri": "pvc://models/power/2/",
                },
            },
        }
    ]
    assert "serves version 3 as stable with 3 pods, and 2 as the canary with 1: it answers " in out
    assert "about 25% of the requests to a Service that selects both (10 % were asked for" in out
    fake.history.clear()
    assert call("promote")[0] == 0
    before, after = fake.history
    assert [one["predictor"]["minReplicas"] for one in before["canary"]] == [4], "all pods first"
    assert before["predictor"]["name"] == "v3"
    assert "canary" not in after
    assert stable(fake) == ("v2", "pvc://models/power/2/")


def test_a_rollback_brings_the_pods_before_it_takes_any_away(call: Call, fake: FakeKServe) -> None:
    call("promote", "3")
    call("promote", "2")
    call("canary", "1")
    fake.history.clear()
    assert call("rollback")[0] == 0
    before, after = fake.history
    [entry] = before["canary"]
    assert (entry["predictor"]["name"], entry["trafficPercent"]) == ("v3", 0)
    assert entry["predictor"]["minReplicas"] == 4
    assert stable(fake) == ("v3", "pvc://models/power/3/")
    assert "canary" not in after
    fake.history.clear()
    assert call("rollback")[0] == 0
    assert fake.history == []


def test_a_canary_ends(call: Call, fake: FakeKServe) -> None:
    call("promote", "3")
    call("canary", "2")
    assert call("canary", "none")[0] == 0
    assert "canary" not in fake.service["spec"]


def test_pods_that_do_not_get_ready_leave_stable_alone_and_the_verb_goes_on_later(
    call: Call, fake: FakeKServe, base: str
) -> None:
    call("promote", "3")
    fake.unready = {"v2"}
    condition = {"type": "PredictorReady", "status": "False", "message": "no image"}
    fake.service["status"]["conditions"] = [condition]
    code, _, err = call("promote", "2")
    assert code == 1
    assert "house/power-v2-predictor: 0 of 4 pods are ready after 0.2 s" in err
    assert "(PredictorReady: no image); the labels are changed, what was stable goes on" in err
    assert stable(fake)[0] == "v3"
    found = labels.read(base)
    assert found
    assert found.stable.version == "2"
    fake.unready = set()
    assert call("promote", "2")[0] == 0
    assert stable(fake)[0] == "v2"


def test_what_others_change_meanwhile_is_kept(call: Call, fake: FakeKServe) -> None:
    call("promote", "3")
    fake.conflicts = 3
    assert call("canary", "2")[0] == 0
    fake.conflicts = kserve.ATTEMPTS
    code, _, err = call("canary", "1")
    assert code == 1
    assert "house/power: others change it all the time; try again" in err


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda fake: fake.service["spec"]["predictor"].update(canaryTrafficPercent=10),
            "spec.predictor.canaryTrafficPercent does nothing in Standard mode; remove it",
        ),
        (
            lambda fake: fake.service["metadata"].update(
                annotations={"serving.kserve.io/deploymentMode": "Knative"}
            ),
            "is in deployment mode Knative, and spec.canary works in Standard mode alone",
        ),
        (
            lambda fake: fake.service["spec"]["predictor"]["model"].pop("storageUri"),
            "spec.predictor.model.storageUri is missing",
        ),
    ],
    ids=["canary-traffic-percent", "knative", "no-storage-uri"],
)
def test_what_the_verbs_cannot_change_is_refused_before_anything_is(
    call: Call, fake: FakeKServe, base: str, change: Callable, words: str
) -> None:
    change(fake)
    code, _, err = call("canary", "2")
    assert code == 1
    assert words in err
    assert (labels.read(base), fake.history) == (None, [])


def test_what_the_cluster_answers_is_told_in_words(
    call: Call, fake: FakeKServe, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert (
        "house/other: not there, or KServe is not installed"
        in call("promote", "2", name="house/other")[2]
    )
    fake.refusal = 403, "inferenceservices is forbidden: User cannot update"
    assert "house/power: not allowed: inferenceservices is forbidden" in call("promote", "2")[2]
    fake.refusal = 400, 'admission webhook "x" denied the request: no'
    assert "refuses it (400): admission webhook" in call("promote", "2")[2]
    config = tmp_path / "kubeconfig"
    text = config.read_text()
    config.write_text(text.replace("127.0.0.1:", "127.0.0.1:1/"))
    assert "the cluster's API server does not answer: " in call("promote", "2")[2]
    use(tmp_path / "none", monkeypatch)
    assert "no cluster is configured ($KUBECONFIG)" in call("promote", "2")[2]


def test_an_object_stores_base_is_the_place_that_kserve_loads_from(
    fake: FakeKServe,
) -> None:
    from tfx_kubeflow.errors import StepError

    from tfx_pipeline.versions.inference_service import prefix

    model = fake.service["spec"]["predictor"]["model"]
    model["storageUri"] = "s3://b/power/3"
    assert prefix(fake.service, "minio://b/power") == "s3://b/power"
    with pytest.raises(StepError, match="serves from s3://b/power, and the labels are those of s3"):
        prefix(fake.service, "s3://b/other")


@pytest.mark.parametrize("name", ["power", "/power", "house/"])
def test_a_name_needs_its_namespace(name: str) -> None:
    with pytest.raises(SystemExit):
        cli.main(["versions", "rollback", "--kserve", name])
