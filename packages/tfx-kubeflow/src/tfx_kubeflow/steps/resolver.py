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
from tfx.types.standard_artifacts import ModelBlessing
from tfx.utils import json_utils, name_utils

from tfx_kubeflow.errors import StepError
from tfx_kubeflow.metadata.artifacts import numeric_id, properties, read_inputs
from tfx_kubeflow.metadata.baseline import Served, copied_model, known_model, served_baseline
from tfx_kubeflow.metadata.blessings import BLESSED, MODEL_DIGEST
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
SERVED = "__served__"
"""Folder below the pipeline's of copies of served models."""


def run_resolver(
    step: ResolverStep, executor_input: dict[str, Any], lineage: Lineage | None = None
) -> dict[str, Any]:
    """Finds the artifacts that a resolver hands on.

    Args:
        step: The strategy, the classes of its inputs, and which outputs are consumed.
        executor_input: KFP's ExecutorInput.
        lineage: Where earlier artifacts are looked up; None: KFP's ML Metadata.

    Returns:
        KFP's ExecutorOutput: URI and metadata of each consumed output; the URI of a null
        artifact where there is none.

    Raises:
        StepError: A consumer needs an artifact and there is none, there are several, a serving
            model of unknown origin cannot be copied, or ML Metadata does not answer for minutes.
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
            candidate = read_inputs({CANDIDATE: MODEL}, executor_input, {}).get(CANDIDATE, [None])
            served = served_baseline(base, candidate[0])
            root = uris.pipeline_folder(executor_input["outputs"]["outputFile"])
            origin = _narrow_to_served(candidates, free, served, root, Path(folder))
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


def _only(node: str, key: str, found: list[Artifact], required: bool) -> Artifact | None:
    if len(found) > 1:
        raise StepError(f"{node} found {len(found)} artifacts for {key!r}; one can be handed on")
    if not found and required:
        raise StepError(
            f"{node} found no earlier artifact for {key!r}, and a component cannot do without; "
            "run the pipeline that makes it first"
        )
    return found[0] if found else None


def _narrow_to_served(
    candidates: Artifacts, classes: dict[str, str], served: Served | None, root: str, folder: Path
) -> dict[str, str]:
    """Leaves of all models only the one that is serving now, and its blessing.

    What ML Metadata does not know is copied below the pipeline root and counts as blessed.

    Args:
        candidates: Changed.
        classes: Classes of the candidates.
        served: The baseline, if there is one.
        root: Folder of the pipeline's artifacts.
        folder: Where the strategy reads the served files as an artifact: a resolver step need not
            have access to the pipeline root.

    Returns:
        Where the strategy reads the model -> its URI.
    """
    keys = {cls: [key for key in classes if classes[key] == cls] for cls in (MODEL, BLESSING)}
    every = {cls: [item for key in keys[cls] for item in candidates[key]] for cls in keys}
    for key in (*keys[MODEL], *keys[BLESSING]):
        candidates[key] = []
    if served is None:
        return {}
    copy = folder / "model"
    files.copy_below(served.uri, files.names_below(served.uri), copy / SERVING_FORMAT)
    found = known_model(served, every[MODEL], every[BLESSING])
    model, blessing = found or _unknown_model(served, copy / SERVING_FORMAT, root)
    origin = {str(copy): model.uri}
    model.uri = str(copy)
    for key in keys[MODEL]:
        candidates[key] = [model]
    for key in keys[BLESSING]:
        candidates[key] = [blessing]
    return origin


def _unknown_model(served: Served, source: Path, root: str) -> tuple[Artifact, Artifact]:
    log.info("ML Metadata does not know what %s is; a copy of it is the baseline", served.uri)
    try:
        model = copied_model(served, str(source), posixpath.join(root, SERVED))
    except OSError as error:
        raise StepError(
            f"{served.uri} is serving, ML Metadata does not know which run made it, and it cannot "
            f"be copied below {root}: {error}; let this step write there, or remove that version"
        ) from error
    model.id = numeric_id(served.digest)
    blessing = ModelBlessing()
    blessing.uri = posixpath.join(root, uris.NULL, "model_blessing")
    blessing.set_int_custom_property(BLESSED, 1)
    blessing.set_int_custom_property(f"current{MODEL_ID}", model.id)
    blessing.set_string_custom_property(MODEL_DIGEST, served.digest)
    return model, blessing
