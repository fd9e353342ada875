"""What a run was made of: code, packages, settings, data, schema."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from tfx.dsl.io import fileio
from tfx_kubeflow.metadata.blessings import MODEL_DIGEST
from tfx_kubeflow.settings.credentials import credential

from modules.families import module_of
from tfx_pipeline.components.curated_schema.component import SCHEMA_FILE
from tfx_pipeline.components.serving_check.component import FRESH_PROCESS_MODULE
from tfx_pipeline.evaluation.config import EXTRACTORS_MODULE, METRICS_MODULE
from tfx_pipeline.fingerprint import fingerprint
from tfx_pipeline.report.run import Run
from tfx_pipeline.report.summary import Provenance, Value
from tfx_pipeline.settings import Settings

PROJECT = "household-power-forecast"
PACKAGES = ("tfx", "tensorflow", "keras", "apache-beam", "tensorflow-model-analysis", "numpy")
REVISION_VARIABLE = "HOUSEHOLD_POWER_REVISION"
"""Names the commit where there is no repository, as in the image."""
HIDDEN = "***"


def provenance(settings: Settings, run: Run) -> Provenance:
    """Finds what a run was made of, as far as it came.

    Args:
        settings: What was run.
        run: What became of it.
    """
    examples = run.output("PowerExampleGen", "examples")
    schema = run.output("CuratedSchema", "schema")
    blessing = run.output("Evaluator", "blessing")
    return Provenance(
        release=_version(PROJECT) or "unknown",
        code=fingerprint(
            "tfx_pipeline.pipeline",
            "modules.transform",
            "modules.trainer",
            module_of(settings.model.family),
            METRICS_MODULE,
            EXTRACTORS_MODULE,
            FRESH_PROCESS_MODULE,
        ),
        commit=commit(),
        packages={name: found for name in PACKAGES if (found := _version(name))},
        settings=in_force(settings),
        data_fingerprint=examples.get_string_custom_property("input_fingerprint") or None
        if examples
        else None,
        span=examples.span if examples else None,
        schema_digest=_digest(f"{schema.uri}/{SCHEMA_FILE}") if schema else None,
        model_digest=blessing.get_string_custom_property(MODEL_DIGEST) or None
        if blessing
        else None,
    )


def in_force(settings: Settings) -> dict[str, Value]:
    """The settings by dotted name; a list as JSON, a credential's value as three stars."""
    return {
        name: HIDDEN if credential(name, str(value)) else value
        for name, value in _flat(settings.model_dump(mode="json"))
    }


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Value]]:
    for name, value in values.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{prefix}{name}.")
        elif isinstance(value, dict | list):
            yield prefix + name, json.dumps(value)
        else:
            yield prefix + name, value


def commit() -> str | None:
    """The git commit of this code, with `+` where files differ from it; None: not known."""
    if named := os.environ.get(REVISION_VARIABLE):
        return named
    folder = Path(__file__).parent
    # Packages in an environment may lie in a repository that they are no part of.
    if _git(folder, "ls-files", "--error-unmatch", Path(__file__).name) is None:
        return None
    found = _git(folder, "rev-parse", "HEAD")
    changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return found and found + ("+" if changed else "")


def _git(folder: Path, *arguments: str) -> str | None:
    """What git prints; None where it fails or is not there."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],  # noqa: S607
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _digest(path: str) -> str:
    with fileio.open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()[:16]
