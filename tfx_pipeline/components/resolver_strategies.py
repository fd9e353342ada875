"""Resolver strategies: which earlier artifact a new one is compared with.

TFX's LatestBlessedModelStrategy hands on the model blessed last, which need not serve; an unchanged
re-run its own candidate, which is then compared with itself and never taken from the cache; and
models whose windows do not fit the examples, or whose files are gone.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterable

import ml_metadata as mlmd
from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.components.common.resolver import ResolverStrategy
from tfx.dsl.io import fileio
from tfx.types import artifact_utils
from tfx.types.artifact import Artifact
from tfx_kubeflow.metadata.baseline import copied_model, known_model, served_baseline
from tfx_kubeflow.metadata.blessings import servable
from tfx_kubeflow.storage.served_versions import digest

from tfx_pipeline.model_contract import METADATA_FILE, ModelMetadata

log = logging.getLogger(__name__)

Artifacts = dict[str, list[Artifact]]


class BaselineStrategy(ResolverStrategy):
    """The model that serves, if the candidate can be compared with it.

    On Kubeflow, the resolver step has found that model; the same code finds it again.

    Inputs, and outputs of the same names:
        candidate: The model to be evaluated; passed on.
        model: Every model of the pipeline; narrowed to the baseline, or to none. What ML Metadata
            does not know is copied and registered.
        model_blessing: Every blessing; narrowed to the baseline's.

    Args:
        serving_dir: Push destination.
        copies: Folder of copies of served models that ML Metadata does not know.

    Example:
        Resolver(
            strategy_class=BaselineStrategy,
            config={"serving_dir": ..., "copies": ...},
            candidate=trainer.outputs["model"],
            model=Channel(type=Model),
            model_blessing=Channel(type=ModelBlessing),
        ).outputs["model"]
    """

    def __init__(self, serving_dir: str, copies: str) -> None:
        self._serving_dir = serving_dir
        self._copies = copies

    def resolve_artifacts(self, store: mlmd.MetadataStore, input_dict: Artifacts) -> Artifacts:
        """Narrows `model` and `model_blessing`; both are empty where nothing compares."""
        candidate = input_dict["candidate"]
        found: Artifacts = {"candidate": candidate, "model": [], "model_blessing": []}
        served = served_baseline(self._serving_dir, candidate[0]) if candidate else None
        if served is None:
            return found
        required, offered = _metadata(servable(candidate[0])), _metadata(served.uri)
        if not required or not offered:
            return found
        if differences := required.differences(offered):
            log.warning(
                "%s serves, but was made for %s: the candidate is compared with no other model, "
                "and takes its place where it is blessed; to keep both, give this one another "
                "name (setting `name`)",
                served.uri,
                "; ".join(differences),
            )
            return found
        known = known_model(served, input_dict["model"], input_dict["model_blessing"])
        if known and digest(servable(known[0])) == served.digest:
            return found | {"model": [known[0]], "model_blessing": [known[1]]}
        log.warning(
            "%s serves, but its artifact is unknown or gone; a copy of it is the baseline",
            served.uri,
        )
        model = copied_model(served, served.uri, self._copies)
        return found | {"model": [_registered(store, model)]}


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


def _registered(store: mlmd.MetadataStore, model: Artifact) -> Artifact:
    """The record of a model, which is made once, so that the cache knows it again."""
    live = metadata_store_pb2.Artifact.LIVE
    ids = [record.id for record in store.get_artifacts_by_uri(model.uri) if record.state == live]
    kind = store.get_artifact_type(model.type_name)
    if not ids:
        model.mlmd_artifact.state, model.type_id = live, kind.id
        ids = store.put_artifacts([model.mlmd_artifact])
    [record] = store.get_artifacts_by_id(ids[:1])
    return artifact_utils.deserialize_artifact(kind, record)


def _metadata(folder: str) -> ModelMetadata | None:
    """What a servable model was made for; None where its files are gone or do not tell."""
    try:
        with fileio.open(f"{folder}/{METADATA_FILE}") as file:
            return ModelMetadata.model_validate_json(file.read())
    except (OSError, ValueError, fileio.NotFoundError) as error:
        log.warning(
            "%s: cannot tell what it was made for, so it is compared with no other model: %s",
            folder,
            error,
        )
        return None
