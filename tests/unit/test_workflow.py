"""Hooks and continuous integration call the targets that a developer calls, and no others."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).parents[2]
HOOKS = yaml.safe_load((PROJECT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]


def targets(text: str) -> set[str]:
    return set(re.findall(r"\bmake ([a-z-]+)", text))


def test_the_hook_and_ci_call_targets_that_exist():
    makefile = (PROJECT / "Makefile").read_text()
    known = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    ci = (PROJECT / ".ci/run").read_text()
    hook = targets(HOOKS[0]["entry"])
    assert hook <= targets(ci) <= known


def test_the_workflow_runs_ci():
    workflow = yaml.safe_load((PROJECT / ".github/workflows/ci.yml").read_text())
    (job,) = workflow["jobs"].values()
    assert [step["run"] for step in job["steps"] if "run" in step] == [".ci/run"]


@pytest.mark.parametrize(
    ("subject", "taken"),
    [
        ("fix: read the last line", True),
        ("feat(cli)!: print the schema", True),
        ("fixed the reader", False),
        ("fix:no space", False),
        ("wip: fix: x", False),
    ],
)
def test_subjects_are_conventional(subject, taken, tmp_path):
    message = tmp_path / "message"
    message.write_text(f"{subject}\n\nfix: in the body\n# fix: a comment of git's\n")
    hook = HOOKS[1]
    command = [
        sys.executable,
        "-m",
        "pre_commit.languages.pygrep",
        *hook["args"],
        hook["entry"],
        message,
    ]
    assert (subprocess.run(command, capture_output=True).returncode == 0) == taken
