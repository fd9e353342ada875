"""A folder of this machine that holds what serves of an object store, for servers beside it.

`<folder>/<name>/<version>/` as in the store, its `labels.json`, and TensorFlow Serving's
`<folder>/models.config`. A version is there whole, with the files that were pushed, or not at all,
and the labels never name one that is not.
"""

from __future__ import annotations

import logging
import posixpath
import time
from collections.abc import Callable
from pathlib import Path

from tfx_kubeflow.errors import StepError
from tfx_kubeflow.storage import documents, files, labels, push_records, served_versions
from tfx_kubeflow.storage.destinations import Folder
from tfx_kubeflow.storage.labels import Label, Labels

from tfx_pipeline.versions import model_config

log = logging.getLogger(__name__)


class Mirror:
    """Follows the versions below a push destination.

    Args:
        source: Folder or URI of the destination; its last part is the model's name.
        folder: Where the copy goes.
        linger: Seconds for which a version stays that serves no more: servers may still answer
            with it.
        clock: Seconds.
    """

    def __init__(
        self,
        source: str,
        folder: Path,
        linger: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source.rstrip("/")
        self.name = posixpath.basename(self._source)
        self._folder = folder.absolute()
        self._base = self._folder / self.name
        self._linger = linger
        self._clock = clock
        self._known: dict[str, tuple[files.Stamp, str]] = {}
        self._unwanted: dict[str, float] = {}
        self._configured = clock()
        """When TensorFlow Serving's file was last written, or found."""

    def follow(self) -> tuple[Labels, bool]:
        """Brings what serves in the store, and removes what has not for long enough.

        Returns:
            What serves, and whether that is another than before.

        Raises:
            StepError: Nothing that serves there is whole, or the store did not answer for long;
                what was here still is.
            OSError: Nor could it be read, or written here.
        """
        self._base.mkdir(parents=True, exist_ok=True)
        place = Folder(self._base)
        with place.turn():
            found = self._brought(place)
            changed = self._labelled(found)
            self._remove_unwanted(place, found)
        return found, changed

    def _brought(self, place: Folder) -> Labels:
        found = labels.read(self._source)
        if found is not None:
            for one in filter(None, (found.stable, found.canary)):
                self._bring(place, one.version, {one.digest})
            if found.previous:  # so that a rollback need not wait for the store
                self._bring_if_whole(place, found.previous.version, {found.previous.digest})
            return found
        for version in served_versions.versions(self._source):
            digest = self._bring_if_whole(
                place, version, served_versions.published_digests(self._source, version)
            )
            if digest is not None:
                return Labels(stable=self._since(Label(version=version, digest=digest, since=0)))
        raise StepError(f"{self._source}: no whole version is there; push a model first")

    def _since(self, label: Label) -> Label:
        here = labels.read(str(self._base))
        same = here and (here.stable.version, here.stable.digest) == (label.version, label.digest)
        since = here.stable.since if here and same else int(time.time())
        return label.model_copy(update={"since": since})

    def _bring_if_whole(self, place: Folder, version: str, digests: set[str]) -> str | None:
        try:
            return self._bring(place, version, digests)
        except StepError as error:
            log.warning("%s", error)
            return None

    def _bring(self, place: Folder, version: str, digests: set[str]) -> str:
        """Brings a version unless it is here; returns its digest."""
        here = self._digest(version)
        if here is not None and (here in digests or not digests):
            return here
        uri = posixpath.join(self._source, version)
        with place.draft(uri) as draft:
            if not (draft / served_versions.MODEL_FILE).is_file():
                raise StepError(f"{uri}: this version serves and is not there; roll back")
            digest = served_versions.digest(str(draft))
            if digests and digest not in digests:
                raise StepError(
                    f"{uri} is damaged: its files are not those that were pushed; repair it, or "
                    "roll back"
                )
            self._tell(place, version, digest)
            place.replace(draft, version, served_versions.MODEL_FILE)
        log.info("%s is here", uri)
        return digest

    def _tell(self, place: Folder, version: str, digest: str) -> None:
        """Copies what lies beside a version: the record of its digest, and of its push."""
        self._forget(version)
        place.mark(f".{version}.{digest}")
        told = documents.read(push_records.path(self._source, version)).content
        if told is not None:
            path = push_records.path(str(self._base), version)
            documents.replace(path, told, documents.read(path))

    def _forget(self, version: str) -> None:
        for record in self._base.glob(f".{version}.*"):
            record.unlink()

    def _digest(self, version: str) -> str | None:
        """The digest of a version that is here; its files are read again where they changed."""
        folder = self._base / version
        if not (folder / served_versions.MODEL_FILE).is_file():
            return None
        stamp = files.stamp(folder)
        known = self._known.get(version)
        if known is None or known[0] != stamp:
            known = self._known[version] = (stamp, served_versions.digest(str(folder)))
        return known[1]

    def _labelled(self, found: Labels) -> bool:
        """Writes what serves, now that it is all here, for our server and TensorFlow's."""
        text = found.model_dump_json(indent=2) + "\n"
        changed = _written(labels.path(str(self._base)), text)
        loaded = {int(one.version) for one in (found.stable, found.canary, found.previous) if one}
        config = self._folder / model_config.FILE
        here = documents.read(str(config)).content
        wanted = model_config.model_config(
            self.name,
            str(self._base),
            found,
            loaded & served_versions.numbered(str(self._base)).keys(),
            here.decode() if here is not None else None,
            self._clock() - self._configured,
        )
        if _written(str(config), wanted):
            self._configured = self._clock()
            return True
        return changed

    def _remove_unwanted(self, place: Folder, found: Labels) -> None:
        wanted = {*found.versions, *([found.previous.version] if found.previous else [])}
        here = set(served_versions.numbered(str(self._base)).values()) - wanted
        now = self._clock()
        self._unwanted = {version: self._unwanted.get(version, now) for version in here}
        for version, since in self._unwanted.items():
            if now - since >= self._linger:
                place.remove(version, first=served_versions.MODEL_FILE)
                self._forget(version)
                log.info("%s/%s is gone: it serves no more", self._base, version)


def _written(path: str, text: str) -> bool:
    """Writes a file unless it says that already, and tells whether it did."""
    here = documents.read(path)
    if here.content == text.encode():
        return False
    documents.replace(path, text.encode(), here)
    return True
