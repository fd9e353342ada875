"""The families of networks at equal processor time on the real data: the table of docs/model.md.

    python benchmarks/families.py <examples artifact> <transform graph artifact> [--seconds 75]

The folders are those that a run left, below outputs/household-power/artifacts:
PowerExampleGen/examples/<id> and Transform/transform_graph/<id>. Scored on the newest split.
"""

import argparse
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from figures import record

from modules.config import Budget
from modules.examples import Examples
from modules.families import FAMILIES
from modules.training import fit
from tfx_pipeline.settings import load_settings

# Steps whose processor time is measured (machines are shared), less that of a shorter fit: both
# trace and compile.
SHORT, LONG = 100, 400
# No limit: time decides.
EPOCHS = 1000


def seconds_per_step(examples: Examples, splits: list[list[str]]) -> float:
    """Processor time of a step once the graph is compiled."""
    seconds = []
    for steps in (SHORT, LONG):
        started = time.process_time()
        fit(examples, splits, None, {}, Budget(steps=steps, epochs=EPOCHS))
        seconds.append(time.process_time() - started)
    return (seconds[1] - seconds[0]) / (LONG - SHORT)


def compare(examples_folder: str, transform_folder: str, seconds: float) -> None:
    """Fits each family for about `seconds` of processor time and records what it reaches."""
    *splits, test = ([f"{examples_folder}/Split-{split}/*"] for split in ("train", "eval", "test"))
    measured = {}
    for family in FAMILIES:
        settings = load_settings([f"--model.family={family}"])
        examples = Examples(transform_folder, settings.trainer_config)
        steps = int(seconds / seconds_per_step(examples, splits))
        started = time.process_time()
        network, _, scorer = fit(examples, splits, None, {}, Budget(steps=steps, epochs=EPOCHS))
        took = time.process_time() - started
        score = scorer.evaluate(examples.evaluation(test))
        measured[family] = {
            "parameters": network.count_params(),
            "steps": steps,
            "cpu_seconds": took,
            "mse_ratio": score.mse_ratio,
            "mae_ratio": score.mae_ratio,
            "coverage": float(score.coverage.mean()),
        }
        print(family, measured[family], flush=True)
    record("families", measured)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("examples")
    parser.add_argument("transform")
    parser.add_argument("--seconds", type=float, default=75.0)
    options = parser.parse_args()
    compare(options.examples, options.transform, options.seconds)
