"""Somebody who runs the `sample` profile on an engine, and what their runs have computed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from kubeflow_cases.in_pod.numbers import SPLITS, examples, statistics

from tools.cluster.jars import NOT_STAGED, Jars, MissingToolError, bring

PROJECT = Path(__file__).parent.parent.parent
QUICK = ("--profile=sample", "--name=engines", "--model.steps=40", "--tuner.steps=10")


def jars_or_skip(wanted: Jars, name: str) -> Path:
    """The folder of an engine's jars, where `make NAME` has brought them.

    They are 300 MB and minutes of tests: for those who want them, and not for every clean clone.
    """
    folder = PROJECT / ".runtime" / name
    if not (folder / NOT_STAGED).exists():
        pytest.skip(f"{name.title()} is not here: `make {name}` brings it")
    try:
        return bring(wanted, folder)
    except MissingToolError as error:
        pytest.skip(str(error))


class User:
    """Starts runs with outputs of one folder.

    Args:
        folder: For the outputs.
        options: That name the engine; none: DirectRunner.
    """

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self._options = [*QUICK, f"--outputs={folder}", *options]

    def start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "runner_local.py", *self._options],
            cwd=PROJECT,
            env=os.environ | {"PYTHONPATH": str(PROJECT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self) -> dict:
        process = self.start()
        output, _ = process.communicate()
        assert process.returncode == 0, output
        return self.summary()

    def summary(self) -> dict:
        return json.loads((self.folder / "latest/summary.json").read_text())

    def states(self) -> dict[str, str]:
        return {node["id"]: node["state"] for node in self.summary()["nodes"]}

    def artifact(self, output: str) -> Path:
        """Of the newest execution."""
        found = (self.folder / "engines/artifacts" / output).iterdir()
        return max(found, key=lambda path: int(path.name))

    def version(self) -> Path:
        """What is served."""
        return self.folder / "serving/engines" / str(self.summary()["pushed_version"])


def assert_same_examples(one: User, other: User) -> None:
    for split in SPLITS:
        found = [
            examples(user.artifact("PowerExampleGen/examples"), split) for user in (one, other)
        ]
        assert len(found[0]) > 0
        assert found[0] == found[1]


def assert_same_statistics(one: User, other: User) -> None:
    for split in SPLITS:
        found, expected = (
            statistics(user.artifact("StatisticsGen/statistics"), split) for user in (other, one)
        )
        assert found.keys() == expected.keys()
        for name, values in expected.items():
            np.testing.assert_allclose(found[name], values, rtol=1e-9, err_msg=name)


def assert_same_evaluation(one: User, other: User) -> None:
    expected, found = one.summary()["evaluation"], other.summary()["evaluation"]
    assert found["forecasts"] == expected["forecasts"]
    for name in ("mse_ratio", "mae_ratio", "mse", "mae"):
        assert found[name] == pytest.approx(expected[name], rel=1e-4)
