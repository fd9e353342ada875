"""From a model and its blessing to the serving folder, with the stock Pusher."""

import dataclasses
import os
import shutil
import signal
from pathlib import Path

import pytest
from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.orchestration import metadata
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.orchestration.pipeline import Pipeline
from tfx.proto import pusher_pb2
from tfx.types.standard_artifacts import Model, ModelBlessing
from tfx_kubeflow.errors import StepError
from tfx_kubeflow.metadata import blessings
from tfx_kubeflow.storage import push_records
from tfx_kubeflow.storage.served_versions import digest, versions

from tests.support.model import save_model
from tfx_pipeline.components.pusher.component import Pusher
from tfx_pipeline.components.serving_check import component as serving_check
from tfx_pipeline.components.serving_check.component import ServingCheck, ask_in_fresh_process
from tfx_pipeline.data.contract import Windowing
from tfx_pipeline.model_contract import REQUESTS_FILE
from tfx_pipeline.serving.report import ServingReport
from tfx_pipeline.serving.requests import read_requests, write_requests

pytestmark = pytest.mark.integration

WINDOWING = Windowing(window=10, horizon=3, origins=4)


@component
def Train(  # noqa: N802
    source: Parameter[str], attempt: Parameter[int], model: OutputArtifact[Model]
) -> None:
    """Takes a SavedModel that is already there."""
    shutil.copytree(source, Path(model.uri) / "Format-Serving")


@component
def Judge(  # noqa: N802
    bless: Parameter[int],
    swap: Parameter[int],
    model: InputArtifact[Model],
    blessing: OutputArtifact[ModelBlessing],
) -> None:
    """Blesses as told, like the Evaluator; then perhaps someone swaps the model."""
    blessing.set_int_custom_property("blessed", bless)
    blessings.record_digest(blessing, {"model": model})
    if swap:
        (Path(model.uri) / "Format-Serving" / "fingerprint.pb").write_text("swapped")


class Runs:
    """Runs the end of the pipeline on one store and one serving folder."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        self.base = folder / "serving" / "power"
        self.connection = metadata.sqlite_metadata_connection_config(str(folder / "mlmd.db"))

    def run(
        self, source: Path, *, attempt: int = 1, bless: bool = True, swap: bool = False
    ) -> None:
        """One run; another `attempt` is another model, even if it has the same bytes."""
        train = Train(source=str(source), attempt=attempt)
        model = train.outputs["model"]
        judge = Judge(bless=int(bless), swap=int(swap), model=model)
        check = ServingCheck(model=model)
        pusher = Pusher(
            model=model,
            model_blessing=judge.outputs["blessing"],
            infra_blessing=check.outputs["blessing"],
            push_destination=pusher_pb2.PushDestination(
                filesystem=pusher_pb2.PushDestination.Filesystem(base_directory=str(self.base))
            ),
        )
        LocalDagRunner().run(
            Pipeline(
                pipeline_name="push-test",
                pipeline_root=str(self.root),
                components=[train, judge, check, pusher],
                metadata_connection_config=self.connection,
                enable_cache=True,
            )
        )

    def last(self, kind: str) -> metadata_store_pb2.Artifact:
        """The newest artifact of a type."""
        with metadata.Metadata(self.connection) as handle:
            return max(handle.store.get_artifacts_by_type(kind), key=lambda a: a.id)

    def message(self) -> str:
        """What the last push said."""
        return self.last("PushedModel").custom_properties["message"].string_value


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(tmp_path_factory.mktemp("saved") / "model", WINDOWING)


def test_a_good_model_is_pushed_whole_and_once(runs: Runs, model: Path) -> None:
    runs.run(model)

    (version,) = versions(str(runs.base))
    properties = runs.last("PushedModel").custom_properties
    assert properties["pushed"].int_value == 1
    assert properties["pushed_version"].string_value == str(version)
    assert properties["pushed_destination"].string_value == str(runs.base / str(version))
    assert runs.message() == f"pushed as version {version}"
    names = {str(p.relative_to(model)) for p in model.rglob("*") if p.is_file()}
    pushed = runs.base / str(version)
    assert {str(p.relative_to(pushed)) for p in pushed.rglob("*") if p.is_file()} == names
    archived = Path(runs.last("PushedModel").uri)
    assert (archived / "saved_model.pb").read_bytes() == (model / "saved_model.pb").read_bytes()
    blessing = runs.last("InfraBlessing").custom_properties
    assert blessing["blessed"].int_value == 1
    assert blessing["latency_ms"].double_value > 0
    judged = runs.last("ModelBlessing").custom_properties
    pushed_digest = digest(str(runs.base / version))
    assert blessing["current_model_digest"].string_value == pushed_digest
    assert judged["current_model_digest"].string_value == pushed_digest

    told = push_records.read(str(runs.base), version)
    assert told
    assert told.run
    assert told.figures["latency_ms"] > 0
    assert told.blessings["infra_blessing"]["blessed"]
    assert (told.digest, told.pushed_model) == (pushed_digest, str(archived))

    # The same model, trained again: what is served stays as it is.
    runs.run(model, attempt=2)
    assert versions(str(runs.base)) == [version]
    assert runs.message() == f"unchanged: version {version} already serves this model"
    assert runs.last("PushedModel").custom_properties["pushed"].int_value == 1


def test_a_model_that_was_swapped_after_it_was_judged_is_not_pushed(
    runs: Runs, model: Path
) -> None:
    with pytest.raises(StepError, match="model_blessing is of another model"):
        runs.run(model, swap=True)
    assert not runs.base.exists()


def test_a_model_that_answers_otherwise_is_not_pushed(
    runs: Runs, model: Path, tmp_path: Path
) -> None:
    liar = Path(shutil.copytree(model, tmp_path / "liar"))
    requests = [
        dataclasses.replace(r, outputs=dict(r.outputs) | {"mean": r.outputs["mean"] + 1})
        for r in read_requests(liar / REQUESTS_FILE)
    ]
    write_requests(liar / REQUESTS_FILE, requests)

    runs.run(liar)

    assert not runs.base.exists()
    assert runs.last("PushedModel").custom_properties["pushed"].int_value == 0
    assert runs.message().startswith("not pushed")
    blessing = runs.last("InfraBlessing")
    assert blessing.custom_properties["blessed"].int_value == 0
    assert "by up to 1 kW" in blessing.custom_properties["reason"].string_value
    assert (Path(blessing.uri) / "INFRA_NOT_BLESSED").is_file()
    assert "by up to 1 kW" in (Path(blessing.uri) / "serving_check.json").read_text()


def test_a_model_that_answers_but_is_refused_by_the_gate_is_not_pushed(
    runs: Runs, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving_check, "ask_in_fresh_process", lambda *_: ServingReport(reasons=()))
    runs.run(model, bless=False)
    assert not runs.base.exists()
    assert runs.last("InfraBlessing").custom_properties["blessed"].int_value == 1
    assert runs.message().startswith("not pushed")


def test_a_damaged_version_is_pushed_anew(
    runs: Runs, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving_check, "ask_in_fresh_process", lambda *_: ServingReport(reasons=()))
    runs.run(model)
    (version,) = versions(str(runs.base))
    os.truncate(runs.base / version / "saved_model.pb", 10)
    runs.run(model, attempt=2)
    newest = versions(str(runs.base))[0]
    assert runs.message().startswith(f"pushed as version {newest}, since version {version} is dam")
    assert digest(str(runs.base / newest)) == digest(str(model))


def _interpreter(folder: Path, script: str) -> str:
    """A stand-in for Python that runs a shell script."""
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("sleep 60", "gave no answer in 0.5 s"),
        ("kill -SEGV $$", f"crashed with signal {int(signal.SIGSEGV)}"),
        ("echo no such op >&2; exit 3", "crashed with status 3: no such op"),
        ("exit 0", "crashed with status 0"),
    ],
)
def test_however_the_fresh_process_ends_there_is_a_reason(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, reason: str
) -> None:
    monkeypatch.setattr(serving_check.sys, "executable", _interpreter(tmp_path, script))
    timeout = 0.5 if "sleep" in script else 30
    (found,) = ask_in_fresh_process(str(model), timeout).reasons
    assert reason in found
