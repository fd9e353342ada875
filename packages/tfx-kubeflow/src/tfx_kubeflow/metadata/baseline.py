"""The baseline: the model that serves, which a candidate has to beat, whatever ML Metadata knows.

That is the stable version, or where no label says what serves, the newest that is complete. Where
the candidate is that one, as when nothing changed since the last run, it is the version before:
what the candidate was compared with then, so that the comparison comes from the cache.
"""

from __future__ import annotations

import logging
import posixpath
from dataclasses import dataclass
from pathlib import Path

from tfx import version
from tfx.types.artifact import Artifact
from tfx.types.standard_artifacts import Model

from tfx_kubeflow.metadata.blessings import BLESSED, MODEL_DIGEST, servable
from tfx_kubeflow.metadata.lineage import MODEL_ID
from tfx_kubeflow.storage import files, served_versions

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Served:
    """A version that is served.

    Attributes:
        uri: `<base>/<version>`.
        digest: Of its files.
    """

    uri: str
    digest: str


def served_baseline(base: str, candidate: Artifact | None) -> Served | None:
    """Returns the served version that a candidate would replace.

    A damaged version, whose files are not those that were published, is none; a warning is logged.

    Args:
        base: Push destination.
        candidate: The Model that may be pushed there; None: not known.
    """
    own = served_versions.digest(servable(candidate)) if candidate else ""
    for name in _newest_first(base):
        published = served_versions.published_digests(base, name)
        if own in published:
            continue
        uri = posixpath.join(base, name)
        found = served_versions.digest(uri)
        if published and found not in published:
            log.warning("%s is damaged: its files are not those that were pushed; no baseline", uri)
        elif found != own:
            return Served(uri, found)
    return None


def _newest_first(base: str) -> list[str]:
    """The versions that served, what serves now first; without labels, that is every version."""
    complete, labelled = served_versions.versions(base), served_versions.read_labels(base)
    if labelled is None:
        return complete
    stable = labelled.stable.version
    first = [stable, *([labelled.previous.version] if labelled.previous else [])]
    older = [name for name in complete if int(name) < int(stable)]
    return [name for name in dict.fromkeys([*first, *older]) if name in complete]


def known_model(
    served: Served, models: list[Artifact], blessings: list[Artifact]
) -> tuple[Artifact, Artifact] | None:
    """Returns what ML Metadata knows of a served version: the Model and its newest blessing.

    Args:
        served: The version.
        models: Models of the pipeline.
        blessings: Its ModelBlessings; they record the digest of what was evaluated.
    """
    by_id = {model.id: model for model in models}
    for blessing in sorted(blessings, key=lambda blessing: blessing.id, reverse=True):
        model = by_id.get(blessing.get_int_custom_property(f"current{MODEL_ID}"))
        blessed = blessing.get_int_custom_property(BLESSED) == 1
        same = blessing.get_string_custom_property(MODEL_DIGEST) == served.digest
        if model is not None and blessed and same:
            return model, blessing
    return None


def copied_model(served: Served, source: str, folder: str) -> Model:
    """Copies a served version, so that it is a Model artifact as components read it.

    Args:
        served: The version.
        source: Folder on this machine with its files.
        folder: Folder or URI of such copies; each has its digest's name, and is made once.

    Returns:
        The artifact, which ML Metadata does not know yet.
    """
    model = Model()
    model.uri = posixpath.join(folder, served.digest)
    model.set_string_custom_property("tfx_version", version.__version__)
    target = servable(model)
    if not files.exists(target) or served_versions.digest(target) != served.digest:
        files.copy_folder(Path(source), target)
    return model
