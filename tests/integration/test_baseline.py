"""Which model a candidate meets, through LocalDagRunner and a real ML Metadata store."""

import shutil
from pathlib import Path

import pytest
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.dsl.components.common.resolver import Resolver
from tfx.orchestration import metadata
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.orchestration.pipeline import Pipeline
from tfx.types.channel import Channel
from tfx.types.standard_artifacts import Model, ModelBlessing, String

from tfx_pipeline.components.resolver_strategies import BaselineStrategy, PreviousArtifactStrategy
from tfx_pipeline.model_contract import EXTRA_ASSETS, METADATA_FILE, ModelMetadata

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
        measurements=("power",),
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
        self.connection = metadata.sqlite_metadata_connection_config(str(folder / "mlmd.db"))

    def run(self, version: str, *, bless: bool = True, window: int = 50) -> None:
        """One run; what it met is read with `met`."""
        train = Train(version=version, window=window)
        baseline = Resolver(
            strategy_class=BaselineStrategy,
            candidate=train.outputs["model"],
            model=Channel(type=Model),
            model_blessing=Channel(type=ModelBlessing),
        ).with_id("Baseline")
        judge = Judge(
            bless=int(bless), model=train.outputs["model"], baseline=baseline.outputs["model"]
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
                components=[train, baseline, judge, before, remember],
                metadata_connection_config=self.connection,
                enable_cache=True,
            )
        )

    def saved(self, version: str) -> Path:
        """The file of the model of that version."""
        (file,) = (p for p in self.root.rglob("saved_model.pb") if p.read_text() == version)
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


def test_a_model_of_other_windows_is_passed_over(runs: Runs) -> None:
    runs.run("1")
    runs.run("2", window=30)
    runs.run("3")
    assert runs.met() == ["none", "none", "1"]


def test_a_model_whose_files_are_gone_is_passed_over(runs: Runs) -> None:
    for version in ("1", "2", "3"):
        runs.run(version)
    second, third = (runs.saved(version) for version in ("2", "3"))
    shutil.rmtree(third.parent.parent)
    second.unlink()
    runs.run("4")
    assert runs.met() == ["none", "1", "2", "1"]
    assert runs.met("previous") == ["none", "1", "2", "gone"]
