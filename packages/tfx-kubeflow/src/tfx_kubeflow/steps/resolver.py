"""Looks up earlier artifacts for a Resolver: its own strategy decides among them."""

from __future__ import annotations

import json
import logging
import posixpath
import tempfile
from pathlib import Path
from typing import Any

from tfx.dsl.components.common.resolver import ResolverStrategy
from tfx.types.artifact import Artifact
from tfx.utils import json_utils, name_utils

from tfx_kubeflow.errors import StepError
from tfx_kubeflow.metadata.artifacts import properties, read_inputs
from tfx_kubeflow.metadata.lineage import MODEL_ID, Lineage, is_unavailable, metadata_store
from tfx_kubeflow.protocol import (
    BLESSING,
    CANDIDATE,
    DESTINATION,
    METADATA,
    MODEL,
    URI,
    ResolverStep,
)
from tfx_kubeflow.storage import files, object_store, served_versions, uris
from tfx_kubeflow.storage.retries import retried

log = logging.getLogger(__name__)

Artifacts = dict[str, list[Artifact]]
SERVING_FORMAT = "Format-Serving"
"""Folder of the servable model in TFX's Model artifact."""


def run_resolver(
    step: ResolverStep, executor_input: dict[str, Any], lineage: Lineage | None = None
) -> dict[str, Any]:
    """Finds the artifacts that a resolver hands on.

    Args:
        step: The strategy, the classes of its inputs, and which outputs are consumed.
        executor_input: KFP's ExecutorInput.
        lineage: Where earlier artifacts are looked up; None: KFP's ML Metadata.

    Returns:
        KFP's ExecutorOutput: URI and metadata of each consumed output; the URI of nothing
        where there is none.

    Raises:
        StepError: A consumer needs an artifact and there is none, there are several, the serving
            model's origin is unknown, or ML Metadata does not answer for minutes.
    """
    object_store.register()
    lineage = lineage or Lineage(metadata_store(), step.pipeline)
    found, origin = _resolved(step, executor_input, lineage)
    output_file = executor_input["outputs"]["outputFile"]
    values: dict[str, str] = {}
    for key, required in step.required.items():
        artifact = _only(step.node, key, found.get(key, []), required)
        values[key + URI], values[key + METADATA] = (
            (uris.null(output_file, key), "{}")
            if artifact is None
            else (
                uris.to_remote(origin.get(artifact.uri, artifact.uri)),
                json.dumps(properties(artifact), sort_keys=True),
            )
        )
        log.info("%s: %s", key, values[key + URI])
    return {"parameterValues": values}


@retried(is_unavailable)
def _resolved(
    step: ResolverStep, executor_input: dict[str, Any], lineage: Lineage
) -> tuple[Artifacts, dict[str, str]]:
    """What the strategy decides for, and the URIs of what it could read elsewhere.

    All of it is asked again where ML Metadata stops to answer: the strategy asks as well.
    """
    classes = step.classes
    connected = {key: classes[key] for key in step.connected}
    candidates = read_inputs(connected, executor_input, {})
    for key, cls in classes.items():
        if key not in connected:
            candidates[key] = lineage.artifacts(cls)
        candidates.setdefault(key, [])
    given = executor_input.get("inputs", {}).get("parameterValues", {})
    with tempfile.TemporaryDirectory(prefix="serving-") as folder:
        base = served_versions.destination(given.get(DESTINATION))
        origin: dict[str, str] = {}
        if base is not None:
            free = {key: cls for key, cls in classes.items() if key not in connected}
            candidate = _candidate(executor_input)
            origin = _narrow_to_serving(candidates, free, base, candidate, lineage, Path(folder))
        strategy_class = import_strategy(step)
        strategy = strategy_class(**json_utils.loads(step.config))
        return strategy.resolve_artifacts(lineage.store, candidates) or {}, origin


def import_strategy(step: ResolverStep) -> type[ResolverStrategy]:
    """Imports the class of a resolver's strategy.

    Args:
        step: The resolver's.
    """
    cls: type[ResolverStrategy] = name_utils.resolve_full_name(step.strategy)
    return cls


def _candidate(executor_input: dict[str, Any]) -> str | None:
    given = executor_input.get("inputs", {}).get("artifacts", {}).get(CANDIDATE)
    return str(given["artifacts"][0]["uri"]) if given else None


def _only(node: str, key: str, found: list[Artifact], required: bool) -> Artifact | None:
    if len(found) > 1:
        raise StepError(f"{node} found {len(found)} artifacts for {key!r}; one can be handed on")
    if not found and required:
        raise StepError(
            f"{node} found no earlier artifact for {key!r}, and a component cannot do without; "
            "run the pipeline that makes it first"
        )
    return found[0] if found else None


def _narrow_to_serving(
    candidates: Artifacts,
    classes: dict[str, str],
    base: str,
    candidate: str | None,
    lineage: Lineage,
    folder: Path,
) -> dict[str, str]:
    """Leaves of all models only the one that is serving now, and its blessings.

    After a rollback that is not the one that was blessed last. Where the candidate is serving
    already, as when nothing changed since the last run, it is the one before: what the candidate
    was compared with then, so that the comparison comes from the cache.

    Args:
        candidates: Changed.
        classes: Classes of the candidates.
        base: The push destination.
        candidate: Address of the model that is about to be pushed.
        lineage: What was pushed there.
        folder: Where the served files can be read as an artifact: a lookup need not have access to
            the pipeline root.

    Returns:
        Where the strategy reads the model -> its address.
    """
    model, place = _baseline(base, candidate, lineage)
    for key, cls in classes.items():
        if cls == MODEL:
            candidates[key] = [model] if model else []
        elif cls == BLESSING:
            candidates[key] = [b for b in candidates[key] if model and _blesses(b, model)]
    if model is None:
        return {}
    address, model.uri = model.uri, str(folder / "model")
    files.copy_below(place, files.names_below(place), folder / "model" / SERVING_FORMAT)
    return {model.uri: address}


def _baseline(base: str, candidate: str | None, lineage: Lineage) -> tuple[Artifact | None, str]:
    """The newest served model that is not the candidate, and where it is served."""
    if lineage.store is None:
        return None, ""
    for number, version in enumerate(served_versions.versions(base)):
        place = posixpath.join(base, version)
        model = lineage.pushed_model(place)
        if model is None and number == 0:
            raise StepError(
                f"{place} is serving, but ML Metadata does not know which run pushed it, so there "
                "is no baseline to compare with; push a model of this pipeline there first, or "
                "move that version away"
            )
        if model is not None and model.uri != candidate:
            return model, place
    return None, ""


def _blesses(blessing: Artifact, model: Artifact) -> bool:
    return bool(blessing.get_int_custom_property(f"current{MODEL_ID}") == model.id)
