"""What a search tries, also as tasks of one trial each, and which of their trials is the best."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from modules.config import TrainerConfig
from modules.families import load_family
from modules.tuning import Grid, GridTuner, combinations
from tfx_pipeline.training_record import TrialRecord

# Among the hyperparameters of a search: the family that it is for.
FAMILY = "family"


def grid_of(config: TrainerConfig) -> Grid:
    """What a search tries: the family's grid, of which what is set has one value."""
    family = config.model.family
    fixed = {name: [value] for name, value in (config.model.hyperparameters | config.trial).items()}
    return {FAMILY: [family], **load_family(family).grid, **fixed}


def trials_of(config: TrainerConfig) -> list[TrainerConfig]:
    """The search as tasks of one trial each."""
    alone = config.tuner.model_copy(update={"parallel_trials": 1})
    return [
        config.model_copy(update={"tuner": alone, "trial": network_values(trial)})
        for trial in combinations(grid_of(config))
    ]


def select(config: TrainerConfig, records: Iterable[TrialRecord], working_dir: str) -> GridTuner:
    """The search whose trials have been made elsewhere: it finds what it would have found itself.

    Args:
        config: Of the search.
        records: Of all its trials, in any order.
        working_dir: A folder for what keras-tuner writes meanwhile.
    """
    made = list(records)

    def recall(hyperparameters: Mapping[str, Any]) -> TrialRecord:
        tried = network_values(hyperparameters).items()
        return next(record for record in made if tried <= record.hyperparameters.items())

    tuner = GridTuner(recall, grid_of(config), 1, Path(working_dir) / "selection")
    tuner.search()
    return tuner


def network_values(hyperparameters: Mapping[str, Any]) -> dict[str, Any]:
    """The hyperparameters of a search that are the network's."""
    return {name: value for name, value in hyperparameters.items() if name != FAMILY}
