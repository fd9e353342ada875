"""Which model a candidate meets, through LocalDagRunner and a real ML Metadata store."""

import os
import shutil
from pathlib import Path

import pytest
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.dsl.components.common.resolver import Resolver
from tfx.orchestration import metadata
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.orchestration.pipeline import Pipeline
from tfx.proto import pusher_pb2
from tfx.types.channel import Channel
from tfx.types.standard_artifacts import Model, ModelBlessing, String
from tfx_kubeflow.metadata import blessings
from tfx_kubeflow.storage import promotion, served_versions

from tfx_pipeline.components.pusher.component import Pusher
from tfx_pipeline.components.resolver_strategies import BaselineStrategy, PreviousArtifactStrategy
from tfx_pipeline.model_contract import EXTRA_ASSETS, METADATA_FILE, ModelMetadata
from tfx_pipeline.series.files import UCI_HOUSEHOLD, read_series

pytestmark = pytest.mark.integration


@component
def Train(  # noqa: N802
    version: Parameter[str], window: Parameter[int], model: OutputArtifact[Model]
) -> None:
    """Writes what tells two models apart."""
    folder = Path(model.uri) / "Format-Serving"
    (folder / EXTRA_ASSETS).mkdir(parents=True)
    (folder / "saved_model.pb").write_text(version)
    metadata = ModelMetadata(
        series=read_series(UCI_HOUSEHOLD),
        window=window,
        horizon=5,
        origins=60,
        family="mlp",
        hyperparameters={},
    )
    (folder / METADATA_FILE).write_text(metadata.model_dump_json())


@component
def Judge(  # noqa: N802
    bless: Parameter[int],
    model: InputArtifact[Model],
    met: OutputArtifact[String],
    blessing: OutputArtifact[ModelBlessing],
    baseline: InputArtifact[Model] = None,
) -> None:
    """Blesses as told, like the Evaluator, and notes which baseline it met."""
    version = "none"
    if baseline is not None:
        version = (Path(baseline.uri) / "Format-Serving" / "saved_model.pb").read_text()
    met.set_string_custom_property("baseline", version)
    blessing.set_int_custom_property("blessed", bless)
    blessing.set_int_custom_property("current_model_id", model.id)
    blessings.record_digest(blessing, {"model": model})


@component
def Remember(  # noqa: N802
    current: InputArtifact[Model],
    met: OutputArtifact[String],
    previous: InputArtifact[Model] = None,
) -> None:
    """Notes which earlier model it was handed."""
    version = "none"
    if previous is not None:
        file = Path(previous.uri) / "Format-Serving" / "saved_model.pb"
        version = file.read_text() if file.exists() else "gone"
    met.set_string_custom_property("previous", version)


class Runs:
    """Runs the small pipeline again and again on one store."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        self.serving = folder / "serving"
        self.database = folder / "mlmd.db"
        self.connection = metadata.sqlite_metadata_connection_config(str(self.database))

    def run(self, version: str, *, bless: bool = True, window: int = 50) -> None:
        """One run; what it met is read with `met`."""
        train = Train(version=version, window=window)
        baseline = Resolver(
            strategy_class=BaselineStrategy,
            config={"serving_dir": str(self.serving), "copies": str(self.root / "copies")},
            candidate=train.outputs["model"],
            model=Channel(type=Model),
            model_blessing=Channel(type=ModelBlessing),
        ).with_id("Baseline")
        judge = Judge(
            bless=int(bless), model=train.outputs["model"], baseline=baseline.outputs["model"]
        )
        pusher = Pusher(
            model=train.outputs["model"],
            model_blessing=judge.outputs["blessing"],
            push_destination=pusher_pb2.PushDestination(
                filesystem=pusher_pb2.PushDestination.Filesystem(base_directory=str(self.serving))
            ),
        )
        before = Resolver(
            strategy_class=PreviousArtifactStrategy,
            current=train.outputs["model"],
            previous=Channel(type=Model),
        ).with_id("Before")
        remember = Remember(current=train.outputs["model"], previous=before.outputs["previous"])
        LocalDagRunner().run(
            Pipeline(
                pipeline_name="baseline-test",
                pipeline_root=str(self.root),
                components=[train, baseline, judge, pusher, before, remember],
                metadata_connection_config=self.connection,
                enable_cache=True,
            )
        )

    def saved(self, version: str) -> Path:
        """The file of the model of that version."""
        made = self.root.glob("Train/model/*/Format-Serving/saved_model.pb")
        (file,) = (path for path in made if path.read_text() == version)
        return file

    def met(self, name: str = "baseline") -> list[str]:
        """What every execution so far noted, oldest first; a cached one notes nothing."""
        with metadata.Metadata(self.connection) as handle:
            notes = sorted(handle.store.get_artifacts_by_type("String"), key=lambda a: a.id)
        found = [note.custom_properties[name].string_value for note in notes]
        return [note for note in found if note]


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path)


def test_the_first_run_has_none_and_its_re_run_is_cached(runs: Runs) -> None:
    runs.run("1")
    runs.run("1")
    assert runs.met() == ["none"]


def test_a_new_candidate_meets_the_one_before_and_its_re_run_is_cached(runs: Runs) -> None:
    runs.run("1")
    runs.run("2")
    runs.run("2")
    assert runs.met() == ["none", "1"]
    assert runs.met("previous") == ["none", "1"]


def test_a_refused_model_is_never_a_baseline(runs: Runs) -> None:
    runs.run("1")
    runs.run("2", bless=False)
    runs.run("3")
    assert runs.met() == ["none", "1", "1"]
    assert runs.met("previous") == ["none", "1", "2"]


def test_going_back_meets_the_newer_one_which_it_would_replace(runs: Runs) -> None:
    runs.run("1")
    runs.run("2")
    runs.run("1")
    runs.run("3")
    assert runs.met() == ["none", "1", "2", "1"]
    assert runs.met("previous") == ["none", "1", "2"]


def test_after_a_rollback_it_is_the_one_that_serves(runs: Runs) -> None:
    runs.run("1")
    runs.run("2")
    served_versions.remove(str(runs.serving), served_versions.versions(str(runs.serving))[0])
    runs.run("3")
    assert runs.met() == ["none", "1", "1"]


def test_with_labels_a_push_moves_nothing_and_a_rollback_sticks(runs: Runs) -> None:
    runs.run("1")
    base = str(runs.serving)
    [first] = served_versions.versions(base)
    promotion.promote(base, first)
    runs.run("2")
    runs.run("3")
    assert runs.met() == ["none", "1", "1"], "2 was not promoted"
    third, *_ = served_versions.versions(base)
    promotion.promote(base, third)
    runs.run("3")
    assert runs.met() == ["none", "1", "1"], "what it replaced, so from the cache"
    promotion.rollback(base)
    runs.run("3")
    assert runs.met() == ["none", "1", "1"]
    assert served_versions.serving(base) == first
    assert len(served_versions.versions(base)) == 3, "nothing is pushed again"
    runs.run("4")
    assert runs.met() == ["none", "1", "1", "1"]


def test_what_serves_is_met_even_if_the_metadata_is_gone(runs: Runs) -> None:
    runs.run("1")
    runs.database.write_bytes(b"")
    runs.root.rename(runs.root.with_name("of before"))
    runs.run("2")
    runs.run("2")
    assert runs.met() == ["1"], "the second time from the cache"
    runs.run("3")
    assert runs.met() == ["1", "2"]


def test_a_damaged_version_is_no_baseline(runs: Runs, caplog: pytest.LogCaptureFixture) -> None:
    runs.run("1")
    runs.run("2 of some length")
    newest = served_versions.versions(str(runs.serving))[0]
    os.truncate(runs.serving / newest / "saved_model.pb", 10)
    runs.run("3")
    assert runs.met() == ["none", "1", "1"]
    assert f"{newest} is damaged: its files are not those that were pushed" in caplog.text


def test_a_model_of_other_windows_is_none_and_said_so(
    runs: Runs, caplog: pytest.LogCaptureFixture
) -> None:
    runs.run("1")
    runs.run("2", window=30)
    runs.run("3")
    assert runs.met() == ["none", "none", "none"]
    assert "serves, but was made for window 50, not 30: the candidate is compared" in caplog.text


def test_a_model_whose_own_files_are_gone_is_met_as_it_serves(runs: Runs) -> None:
    for version in ("1", "2", "3"):
        runs.run(version)
    second, third = (runs.saved(version) for version in ("2", "3"))
    shutil.rmtree(third.parent.parent)
    second.unlink()
    runs.run("4")
    assert runs.met() == ["none", "1", "2", "3"]
    assert runs.met("previous") == ["none", "1", "2", "gone"]
