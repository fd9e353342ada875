"""What a Pusher knows of a model's origin, from what its artifacts tell."""

from __future__ import annotations

import contextlib
import json
import math
from typing import Any

from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.types.artifact import Artifact
from tfx.types.standard_artifacts import InfraBlessing, ModelBlessing

from tfx_kubeflow.metadata.blessings import BLESSED, MODEL_KEY
from tfx_kubeflow.storage import uris
from tfx_kubeflow.storage.push_records import Origin

ABOUT_MODELS = ("current_model", "baseline_model", "tfx_version")
"""Begin of those properties of a blessing that name artifacts and say nothing of the decision."""


def origin(
    inputs: dict[str, list[Artifact]], pushed: Artifact, context: BaseExecutor.Context
) -> Origin:
    """Returns the origin of a model that is pushed.

    Figures are the numbers among the custom properties of the blessings, and in those that are JSON
    objects: what an evaluation wants shown beside a version, it writes there.

    Args:
        inputs: Of the Pusher.
        pushed: The PushedModel.
        context: Of its executor: names pipeline and run where the orchestrator does.
    """
    blessings = {
        key: _told(artifacts[0])
        for key, artifacts in inputs.items()
        if artifacts and isinstance(artifacts[0], ModelBlessing | InfraBlessing)
    }
    figures = {}
    for told in blessings.values():
        for found in (told, *(value for value in told.values() if isinstance(value, dict))):
            figures.update({name: float(value) for name, value in found.items() if _figure(value)})
    model = next(iter(inputs.get(MODEL_KEY, ())), None)
    pipeline = context.pipeline_info.id if context.pipeline_info else None
    return Origin(
        pipeline=pipeline or None,
        run=context.pipeline_run_id or None,
        model=uris.to_remote(model.uri) if model else None,
        model_id=model.id or None if model else None,
        pushed_model=uris.to_remote(pushed.uri),
        blessings=blessings,
        figures=figures,
    )


def _told(blessing: Artifact) -> dict[str, Any]:
    found = {
        name: _value(blessing, name)
        for name in blessing.mlmd_artifact.custom_properties
        if not name.startswith(ABOUT_MODELS)
    }
    return {**found, BLESSED: blessing.get_int_custom_property(BLESSED) == 1}


def _value(blessing: Artifact, name: str) -> Any:
    stored = blessing.mlmd_artifact.custom_properties[name]
    kind = stored.WhichOneof("value")
    if kind == "struct_value":  # what KFP keeps
        return blessing.get_json_value_custom_property(name)
    value = getattr(stored, kind) if kind else None
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            return json.loads(value)
    return value


def _figure(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
