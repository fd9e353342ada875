"""Resolver strategies: which earlier artifact a new one is compared with.

TFX's LatestBlessedModelStrategy hands an unchanged re-run its own candidate, which is then
compared with itself and never served from the cache; and it hands on models whose windows do not
fit the examples, and models whose files are gone.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterable

import ml_metadata as mlmd
from tfx.components.evaluator import constants
from tfx.dsl.components.common.resolver import ResolverStrategy
from tfx.dsl.io import fileio
from tfx.types.artifact import Artifact
from tfx.utils import path_utils

from tfx_pipeline.model_contract import METADATA_FILE, ModelMetadata

log = logging.getLogger(__name__)

Artifacts = dict[str, list[Artifact]]


class BaselineStrategy(ResolverStrategy):
    """The model blessed last, if the candidate can be compared with it.

    Inputs, and outputs of the same names:
        candidate: The model to be evaluated; passed on.
        model: Every model of the pipeline; narrowed to the baseline, or to none.
        model_blessing: Every blessing; narrowed to the baseline's.

    Example:
        Resolver(
            strategy_class=BaselineStrategy,
            candidate=trainer.outputs["model"],
            model=Channel(type=Model),
            model_blessing=Channel(type=ModelBlessing),
        ).outputs["model"]
    """

    def resolve_artifacts(self, store: mlmd.MetadataStore, input_dict: Artifacts) -> Artifacts:
        """Narrows `model` and `model_blessing`; both are empty where nothing compares."""
        del store
        candidate = input_dict["candidate"]
        found: Artifacts = {"candidate": candidate, "model": [], "model_blessing": []}
        if not candidate:
            return found
        required = _metadata(candidate[0])
        models = {model.id: model for model in input_dict["model"]}
        for blessing in _newest_first(input_dict["model_blessing"]):
            model = models.get(
                blessing.get_int_custom_property(constants.ARTIFACT_PROPERTY_CURRENT_MODEL_ID_KEY)
            )
            blessed = blessing.get_int_custom_property(constants.ARTIFACT_PROPERTY_BLESSED_KEY)
            if not blessed or model is None or model.id == candidate[0].id:
                continue
            other = _metadata(model)
            if not required or not other or not required.comparable_with(other):
                log.info("%s: gone, or made for other windows; not a baseline", model.uri)
                continue
            return found | {"model": [model], "model_blessing": [blessing]}
        return found


class PreviousArtifactStrategy(ResolverStrategy):
    """The newest artifact older than the current one, such as the last run's statistics.

    TFX's LatestArtifactStrategy hands on what this very run made, or what has lost its files, and
    fails where there is none.

    Inputs, and outputs of the same names:
        current: What this run made, or took from the cache; passed on. May be left out, where this
            run makes none.
        previous: Every artifact of that type; narrowed to the newest one before `current` whose
            files are still there, or to none.

    Example:
        Resolver(
            strategy_class=PreviousArtifactStrategy,
            current=statistics_gen.outputs["statistics"],
            previous=Channel(type=ExampleStatistics),
        ).outputs["previous"]
    """

    def resolve_artifacts(self, store: mlmd.MetadataStore, input_dict: Artifacts) -> Artifacts:
        """Narrows `previous` to at most one artifact."""
        del store
        found = dict(input_dict)
        older: Iterable[Artifact] = input_dict["previous"]
        if "current" in input_dict:
            newest = max((a.id for a in input_dict["current"]), default=0)
            older = (a for a in older if a.id < newest)
        there = (a for a in _newest_first(older) if fileio.exists(a.uri))
        return found | {"previous": list(itertools.islice(there, 1))}


def _newest_first(artifacts: Iterable[Artifact]) -> list[Artifact]:
    return sorted(artifacts, key=lambda artifact: artifact.id, reverse=True)


def _metadata(model: Artifact) -> ModelMetadata | None:
    """What a model was made for; None where its files are gone or do not say."""
    folder = path_utils.serving_model_path(model.uri)
    try:
        if not fileio.exists(f"{folder}/saved_model.pb"):
            return None
        with fileio.open(f"{folder}/{METADATA_FILE}") as file:
            return ModelMetadata.model_validate_json(file.read())
    except (OSError, ValueError, fileio.NotFoundError) as error:
        log.warning("%s: cannot tell which windows it was made for: %r", folder, error)
        return None
