"""Blessings, bound to the files of the model that was evaluated."""

from __future__ import annotations

import logging

from tfx.types.artifact import Artifact
from tfx.types.standard_artifacts import InfraBlessing, Model, ModelBlessing
from tfx.utils import path_utils

from tfx_kubeflow.errors import StepError
from tfx_kubeflow.storage import files, served_versions

log = logging.getLogger(__name__)

Artifacts = dict[str, list[Artifact]]
MODEL_DIGEST = "current_model_digest"
"""Custom property of a blessing: SHA-256 over the files of the evaluated model."""
BLESSED = "blessed"
MODEL_URI, MODEL_KEY = "current_model", "model"
"""Where a component tells which of its models it evaluated: the blessing's property; the input."""


def record_digests(inputs: Artifacts, outputs: Artifacts) -> None:
    """Records with every new blessing the digest of the model that was evaluated.

    Args:
        inputs: What a component was given; without a model nothing is recorded.
        outputs: What it made. A digest that it recorded itself stays.
    """
    models = {key: item for key, item in _first(inputs).items() if isinstance(item, Model)}
    for blessing in _first(outputs).values():
        if _is_blessing(blessing) and models:
            record_digest(blessing, models)


def record_digest(blessing: Artifact, models: dict[str, Artifact]) -> None:
    """Records with a blessing the digest of the model that it names, or else of the one at hand."""
    if blessing.has_custom_property(MODEL_DIGEST):
        return
    named = blessing.get_string_custom_property(MODEL_URI)
    evaluated = next((item for item in models.values() if item.uri == named), None)
    evaluated = evaluated or models.get(MODEL_KEY)
    if evaluated is None and len(models) == 1:
        (evaluated,) = models.values()
    folder = evaluated and servable(evaluated)
    if folder is None or not files.exists(folder):
        log.warning(
            "no digest is recorded: it is unknown which of %s was evaluated", sorted(models)
        )
        return
    blessing.set_string_custom_property(MODEL_DIGEST, served_versions.digest(folder))


def servable(model: Artifact) -> str:
    """Returns the folder of a Model that is served, as TFX's Pusher finds it."""
    path: str = path_utils.serving_model_path(model.uri, path_utils.is_old_model_artifact(model))
    return path


def require_evaluated(inputs: Artifacts) -> None:
    """Refuses to push another model than the one that was blessed.

    A blessing without a digest, of an older release or of a component that none was recorded for,
    is taken as it is.

    Args:
        inputs: What a component was given that pushes a model.

    Raises:
        StepError: A blessing is of other files.
    """
    model = next(iter(inputs.get(MODEL_KEY, ())), None)
    if model is None:  # it pushes what a blessing holds
        return
    blessings = {key: item for key, item in _first(inputs).items() if _is_blessing(item)}
    found = {key: item.get_string_custom_property(MODEL_DIGEST) for key, item in blessings.items()}
    digest = served_versions.digest(servable(model)) if any(found.values()) else ""
    for key, evaluated in found.items():
        if not evaluated:
            log.warning("%s does not say which files were evaluated; taken as it is", key)
        elif evaluated != digest and blessings[key].get_int_custom_property(BLESSED) == 1:
            raise StepError(
                f"{key} is of another model: the files that were evaluated have the SHA-256 "
                f"{evaluated[:12]}, those to be pushed {digest[:12]}; run the pipeline again"
            )


def _first(artifacts: Artifacts) -> dict[str, Artifact]:
    """The artifact under each key; TFX hands over an empty list where a resolver found none."""
    return {key: group[0] for key, group in artifacts.items() if group}


def _is_blessing(artifact: Artifact) -> bool:
    return isinstance(artifact, ModelBlessing | InfraBlessing)
