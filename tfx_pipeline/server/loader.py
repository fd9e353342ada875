"""The thread that looks after the folder: finds models, loads their versions, gives memory back."""

from __future__ import annotations

import ctypes
import gc
import logging
import threading

from tfx_pipeline.server.loaded import LoadedVersion
from tfx_pipeline.server.model import ServedModel
from tfx_pipeline.server.plane import DataPlane
from tfx_pipeline.server.sources import Sources
from tfx_pipeline.server.wanted import Candidate

LOG = logging.getLogger(__name__)


class Loader:
    """Keeps a data plane's models as their folder says.

    Args:
        plane: Whose models are meant.
        sources: Where they are found.
        poll: Seconds between two looks.
    """

    def __init__(self, plane: DataPlane, sources: Sources, poll: float) -> None:
        self._plane = plane
        self._sources = sources
        self._poll = poll
        self._end = threading.Event()
        self._dropped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="loader", daemon=True)
        self.looked = threading.Event()
        """Set once the folder was looked at for the first time, and what is there is loaded."""
        self.problem = ""
        """Why the folder cannot be looked at; empty where it can."""

    def start(self) -> None:
        """Begins."""
        # What is here by now stays for good; collections after a drop need not look at it.
        gc.collect()
        gc.freeze()
        self._thread.start()

    def stop(self) -> None:
        """Ends after the load that is under way."""
        self._end.set()
        self._thread.join()

    def look(self) -> None:
        """Looks at the folder once."""
        try:
            found = self._sources.find()
            self.problem = "" if found else f"{self._sources.folder} holds no model"
        except OSError as error:
            found, self.problem = {}, str(error)
        known = self._plane.models
        # A folder that is filled by and by may turn out to be of another layout than it seemed.
        new = {
            name: ServedModel(name, source, _load, self._dropped.set)
            for name, source in found.items()
            if name not in known or not (known[name].ready or known[name].source == source)
        }
        if new:
            self._plane.models = {**known, **new}
        for model in self._plane.models.values():
            model.reconcile()
        if self._dropped.is_set():
            self._dropped.clear()
            _give_memory_back()

    def _run(self) -> None:
        while not self._end.is_set():
            try:
                self.look()
            except Exception:  # the next look may go better, and what serves goes on
                LOG.exception("looking at %s failed", self._sources.folder)
            self.looked.set()
            self._end.wait(self._poll)


def _load(candidate: Candidate) -> LoadedVersion:
    version = LoadedVersion(candidate.folder, candidate.number)
    version.warm_up()
    return version


def _give_memory_back() -> None:
    # A model's functions refer to each other in circles, and glibc keeps what was freed.
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
