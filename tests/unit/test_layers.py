"""The import contracts of pyproject.toml do refuse what they say."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
SOURCES = ("tfx_pipeline", "modules", "packages/tfx-kubeflow/src/tfx_kubeflow")
FORBIDDEN = {
    "Packages know only the packages below them": (
        "tfx_pipeline/data/summary.py",
        "tfx_pipeline.settings",
    ),
    "What TFX calls by name knows the data and the serving formats": (
        "tfx_pipeline/data/summary.py",
        "modules.windowing",
    ),
    "Layers of the data": ("tfx_pipeline/data/contract.py", "tfx_pipeline.data.raw.errors"),
    "The Kubeflow runner knows nothing of this pipeline": (
        "packages/tfx-kubeflow/src/tfx_kubeflow/storage/files.py",
        "tfx_pipeline.data.contract",
    ),
    "The gate shares no code with the model that it evaluates": (
        "tfx_pipeline/evaluation/metrics.py",
        "modules.windowing",
    ),
    "A model is checked by what a server has: TensorFlow alone": (
        "tfx_pipeline/serving/answer.py",
        "keras",
    ),
    "Server and monitor do not know the client": (
        "tfx_pipeline/monitoring/values.py",
        "tfx_pipeline.client.address",
    ),
    "Components do not know each other": (
        "tfx_pipeline/components/pusher/executor.py",
        "tfx_pipeline.components.evaluator.executor",
    ),
    "Layers of the Kubeflow runner": (
        "packages/tfx-kubeflow/src/tfx_kubeflow/steps/push.py",
        "tfx_kubeflow.compiler.limits",
    ),
    "Settings and data code stay light": ("tfx_pipeline/data/segments/splits.py", "tensorflow"),
    "Only the process that logs imports MLflow": ("tfx_pipeline/tracking/job.py", "mlflow"),
    "Settings and protocol of the Kubeflow runner stay light": (
        "packages/tfx-kubeflow/src/tfx_kubeflow/protocol.py",
        "kfp",
    ),
    "Steps do not know the server": (
        "packages/tfx-kubeflow/src/tfx_kubeflow/metadata/values.py",
        "kfp_server_api",
    ),
}
"""Contract -> a file, and an import that it forbids there."""


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """What lint-imports says of a copy of the sources with every forbidden import in it."""
    copy = tmp_path_factory.mktemp("copy")
    for source in SOURCES:
        shutil.copytree(PROJECT / source, copy / source)
    shutil.copy(PROJECT / "pyproject.toml", copy)
    for file, module in FORBIDDEN.values():
        with (copy / file).open("a") as text:
            text.write(f"\nimport {module}\n")
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    path = f"{copy}:{copy / 'packages/tfx-kubeflow/src'}"
    done = subprocess.run(
        command,
        cwd=copy,
        env={"PYTHONPATH": path, "COLUMNS": "300"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1, done.stderr
    return done.stdout


def test_every_contract_is_tried():
    contracts = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["importlinter"]
    assert {contract["name"] for contract in contracts["contracts"]} == set(FORBIDDEN)


@pytest.mark.parametrize("contract", FORBIDDEN)
def test_a_forbidden_import_is_found(report, contract):
    assert f"{contract} BROKEN" in report
    file, module = FORBIDDEN[contract]
    importer = file.removeprefix("packages/tfx-kubeflow/src/").removesuffix(".py").replace("/", ".")
    assert f"{importer} -> {module} (l." in report
