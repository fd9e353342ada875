"""A search as tasks of one trial each finds what one task finds, and repeats what failed alone."""

import json

import pytest
from tfx import v1 as tfx
from tfx.types import standard_artifacts

from modules.search import trials_of
from tests.support import search
from tests.support.settings import trainer_config
from tfx_pipeline.components.tuner.component import Selection, Trial, Tuner
from tfx_pipeline.training_record import TRIALS_FILE, trials_from_json

pytestmark = pytest.mark.integration

GRID = [(units, dropout) for units in (20, 40) for dropout in (0.0, 0.2)]


class Searches:
    """Runs of one pipeline: four trials and their selection, or one Tuner."""

    def __init__(self, folder):
        self.folder = folder
        self.root = folder / "root"
        self.config = trainer_config(model={"family": "lstm"}, search_dir=str(folder))
        for name in ("examples", "schema", "graph"):
            (folder / name).mkdir()
        (folder / "schema/schema.pbtxt").write_text("")

    def run(self, tasks: bool) -> None:
        given = self._given()
        inputs = {name: importer.outputs["result"] for name, importer in given.items()}

        def searching(component, config):
            return component(
                tuner_fn="tests.support.search.tuner_fn",
                **inputs,
                train_args=tfx.proto.TrainArgs(splits=["train"]),
                eval_args=tfx.proto.EvalArgs(splits=["eval"]),
                custom_config=config.model_dump(mode="json"),
            )

        nodes = [searching(Tuner, self.config).with_id("Whole")]
        if tasks:
            trials = [
                searching(Trial, trial).with_id(f"Trial{number}")
                for number, trial in enumerate(trials_of(self.config), start=1)
            ]
            results = [trial.outputs["tuner_results"] for trial in trials]
            nodes = [*trials, Selection(results, self.config.model_dump(mode="json"))]
        pipeline = tfx.dsl.Pipeline(
            pipeline_name="search",
            pipeline_root=str(self.root),
            components=[*given.values(), *nodes],
            enable_cache=True,
            metadata_connection_config=(
                tfx.orchestration.metadata.sqlite_metadata_connection_config(
                    str(self.folder / "metadata.sqlite")
                )
            ),
        )
        tfx.orchestration.LocalDagRunner().run(pipeline)

    def _given(self):
        kinds = {
            "examples": (standard_artifacts.Examples, {"split_names": '["train", "eval"]'}),
            "schema": (standard_artifacts.Schema, {}),
            "transform_graph": (standard_artifacts.TransformGraph, {}),
        }
        return {
            name: tfx.dsl.Importer(
                source_uri=str(self.folder / name.removeprefix("transform_")),
                artifact_type=kind,
                properties=properties,
            ).with_id(name)
            for name, (kind, properties) in kinds.items()
        }

    def made(self) -> list[tuple[int, float]]:
        """Trials that were begun since the last look."""
        file = self.folder / search.MADE
        lines = file.read_text().splitlines() if file.exists() else []
        file.unlink(missing_ok=True)
        return [(int(units), float(dropout)) for units, dropout in map(str.split, lines)]

    def results(self, node: str) -> dict[str, str]:
        """What a node wrote, by the names of the files."""
        outputs = ("best_hyperparameters", "tuner_results")
        folders = [folder for name in outputs for folder in (self.root / node / name).iterdir()]
        return {file.name: file.read_text() for folder in folders for file in folder.iterdir()}


@pytest.fixture(scope="module")
def searches(tmp_path_factory):
    """After a run whose last two trials have no memory, and one that has it."""
    searches = Searches(tmp_path_factory.mktemp("searches"))
    (searches.folder / search.FAILS).write_text("40")
    with pytest.raises(MemoryError, match="no memory for 40 units"):
        searches.run(tasks=True)
    searches.begun = [searches.made()]
    (searches.folder / search.FAILS).unlink()
    searches.run(tasks=True)
    searches.begun.append(searches.made())
    return searches


def test_a_trial_that_failed_is_made_again_and_no_other(searches):
    first, second = searches.begun
    assert first == GRID[:3]
    assert second == GRID[2:]


def test_tasks_find_what_one_search_finds(searches):
    searches.run(tasks=False)
    assert searches.made() == GRID
    whole, tasks = searches.results("Whole"), searches.results("Selection")
    assert tasks == whole
    assert json.loads(tasks["best_hyperparameters.txt"])["values"] == {
        "family": "lstm",
        "units": 40,
        "dropout": 0.0,
    }
    trials = trials_from_json(tasks[TRIALS_FILE])
    assert [
        (trial.hyperparameters["units"], trial.hyperparameters["dropout"]) for trial in trials
    ] == GRID
    assert [row["trial_id"] for row in json.loads(tasks["tuner_results.json"])] == list("2031")
