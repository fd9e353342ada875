"""The search over a grid of hyperparameters: resumable, several trials at a time."""

import hashlib
import itertools
import json
import logging
import math
import shutil
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import keras_tuner
from keras_tuner.engine import base_tuner, oracle
from keras_tuner.engine.trial import Trial, TrialStatus

from modules.files import write_atomically
from tfx_pipeline.training_record import TrialRecord

logger = logging.getLogger("modules.tuning")

OBJECTIVE = "score"

Grid = Mapping[str, Sequence[Any]]
"""Values by hyperparameter."""


def combinations(grid: Grid) -> list[dict[str, Any]]:
    """One trial's hyperparameters each, in the order in which they are tried."""
    return [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]


class GridOracle(oracle.Oracle):
    """Hands out the combinations of a grid in order, to as many workers as ask.

    keras-tuner's own grid search lets workers wait for one another.
    """

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        """The combination whose number is the trial's; trials are numbered from 0."""
        grid = {item.name: item.values for item in self.get_space().space}
        return {"status": TrialStatus.RUNNING, "values": combinations(grid)[int(trial_id)]}


class GridTuner(base_tuner.BaseTuner):
    """Tries every combination of a grid, `parallel_trials` at a time.

    A finished trial's record is kept in a file of its own until the whole search is finished, so a
    search that was killed goes on where it was. keras-tuner's own files do not give that: it
    writes them in place, so that a kill can leave half a file.

    Args:
        run: Hyperparameters by name -> the record, with the score; lower is better. Must allow
            threads.
        grid: Values by hyperparameter.
        parallel_trials: Trials at a time.
        directory: Of this very search: it is emptied when the search is finished.
    """

    def __init__(
        self,
        run: Callable[[Mapping[str, Any]], TrialRecord],
        grid: Grid,
        parallel_trials: int,
        directory: Path,
    ) -> None:
        self._run = run
        self._parallel_trials = parallel_trials
        self._kept = directory / "trials"
        self._records: dict[str, TrialRecord] = {}
        space = keras_tuner.HyperParameters()
        for name, values in grid.items():
            space.Choice(name, list(values), default=values[0])
        trials = GridOracle(
            objective=keras_tuner.Objective(OBJECTIVE, "min"),
            max_trials=math.prod(len(values) for values in grid.values()),
            hyperparameters=space,
        )
        trials.verbose = 0
        super().__init__(
            trials, directory=str(directory), project_name="keras_tuner", overwrite=True
        )

    @property
    def records(self) -> list[TrialRecord]:
        """Of the trials that are done, in the order of the grid."""
        return [self._records[trial] for trial in sorted(self._records, key=int)]

    def search(self, *args: Any, **kwargs: Any) -> None:
        """Runs all trials; a failing one raises what it raised."""
        done = len(list(self._kept.glob("*.json")))
        logger.info("trials: %d, done before: %d", self.oracle.max_trials, done)
        workers = [f"worker{number}" for number in range(self._parallel_trials)]
        with ThreadPoolExecutor(len(workers)) as pool:
            list(pool.map(self._work, workers))
        shutil.rmtree(self._kept.parent)

    def run_trial(self, trial: Trial, *args: Any, **kwargs: Any) -> dict[str, float]:
        """Scores one combination, or recalls its record from before an interruption."""
        values = trial.hyperparameters.values
        kept = self._kept / f"{digest(values)}.json"
        if kept.exists():
            record = TrialRecord.model_validate_json(kept.read_bytes())
        else:
            record = self._run(values)
            write_atomically(str(kept.parent), kept.name, record.model_dump_json())
        self._records[trial.trial_id] = record
        return {OBJECTIVE: math.nan if record.score is None else record.score}

    def _work(self, worker: str) -> None:
        while (trial := self.oracle.create_trial(worker)).status != TrialStatus.STOPPED:
            self._run_and_update_trial(trial)
            trial.status = TrialStatus.COMPLETED
            self.oracle.end_trial(trial)


def digest(value: Any) -> str:
    """A name for a JSON-able value: the same value has the same name in any process."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
