"""How much the ratio at the worst step ahead owes to chance: what `gate.step_bound` has to allow.

    make run ARGS="--profile=hourly" && .venv/bin/python benchmarks/step_noise.py hourly

Whole weeks of the test split of the profile's last run are drawn with replacement, as many as a
shorter or equal split would hold. The model's errors are scaled so that at each step it is exactly
as good as the best naive forecast on all weeks; the largest ratio of a step that is found then
exceeds 1 by chance alone (Künsch, "The jackknife and the bootstrap for general stationary
observations", 1989: blocks keep what neighbours have in common).
"""

from __future__ import annotations

import argparse
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import numpy.typing as npt
from answers import answers
from figures import record
from run import newest

from modules.examples import Examples
from tfx_pipeline.model_contract import MEAN, P50
from tfx_pipeline.series.clock import WEEK
from tfx_pipeline.settings import Settings, load_settings

DRAWS, SEED = 3000, 1
WEEKS = (1, 2, 4, 10)
QUANTILE = 0.95
# Where nobody allows for chance.
STRICT = 1.02

Array = npt.NDArray[np.float64]


def deltas(settings: Settings) -> dict[str, tuple[Array, Array]]:
    """Errors of the forecast that each measure is of: the model's, and the naive ones'.

    Returns:
        mse, mae -> [n, horizon] and [n, naive, horizon], the errors squared or absolute.
    """
    artifacts = settings.root / "artifacts"
    pattern = f"{newest(artifacts / 'PowerExampleGen/examples')}/Split-test/*"
    transform = str(newest(artifacts / "Transform/transform_graph"))
    model = newest(artifacts / "Trainer/model") / "Format-Serving"
    examples = Examples(transform, settings.trainer_config)
    parts = []
    for labels, naive, scored, forecast in answers(model, examples, pattern):
        own = [forecast[name] - labels for name in (MEAN, P50)]
        parts.append([one[scored] for one in (*own, naive - labels[:, None])])
    mean, median, naive = (np.concatenate(part) for part in zip(*parts, strict=True))
    return {"mse": (mean**2, naive**2), "mae": (np.abs(median), np.abs(naive))}


def chance(own: Array, naive: Array, per_week: int) -> dict[str, dict[str, float]]:
    """The noise of the ratio at a step, and of the largest one, by weeks of data."""
    whole = len(own) // per_week
    shape = (whole, per_week)
    own = np.nansum(own[: whole * per_week].reshape(*shape, *own.shape[1:]), axis=1)
    naive = np.nansum(naive[: whole * per_week].reshape(*shape, *naive.shape[1:]), axis=1)
    equal = own / (own.sum(axis=0) / naive.sum(axis=0).min(axis=0))
    random, found = np.random.default_rng(SEED), {}
    for weeks in (*(one for one in WEEKS if one < whole), whole):
        drawn = [random.integers(0, whole, weeks) for _ in range(DRAWS)]
        ratios = np.array([equal[one].sum(0) / naive[one].sum(0).min(0) for one in drawn])
        found[str(weeks)] = {
            "deviation": float(np.median(ratios.std(axis=0))),
            "worst_step": float(np.quantile(ratios.max(axis=1), QUANTILE)),
            "above_strict": float((ratios.max(axis=1) > STRICT).mean()),
        }
    return found


def main() -> None:
    """Measures the profile that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("profile")
    options, others = parser.parse_known_args()
    settings = load_settings([f"--profile={options.profile}", *others])
    per_week = WEEK // settings.spec.step
    found = {name: chance(*errors, per_week) for name, errors in deltas(settings).items()}
    record(f"step_noise_{options.profile.replace('-', '_')}", found)
    print(found)


if __name__ == "__main__":
    main()
