"""Follows an object store until it is told to end, or once."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from pathlib import Path

from tfx_kubeflow.errors import StepError
from tfx_kubeflow.storage.labels import Labels

from tfx_pipeline.versions.mirror import Mirror

log = logging.getLogger(__name__)

LONGEST_WAIT = 60.0
"""Seconds between attempts while the store is away."""


def sync(source: str, folder: Path, watch: float | None, linger: float) -> int:
    """Brings what serves into a folder.

    Args:
        source: Folder or URI of the push destination.
        folder: Where to.
        watch: Seconds between looks at the store; None: it is looked at once.
        linger: Seconds for which a version stays that serves no more.

    Returns:
        The exit code: 0 where it is there, or a signal ended the watch.

    Raises:
        StepError: Looked at once, nothing could be brought.
        OSError: Nor that.
    """
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stdout)
    logging.getLogger("tfx_pipeline").setLevel(logging.INFO)
    mirror = Mirror(source, folder, linger)
    if watch is None:
        log.info("%s", _in_words(mirror.name, mirror.follow()[0]))
        return 0
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    # Apart, since a store that hangs would keep this thread from hearing a signal.
    watching = threading.Thread(target=_watch, args=(mirror, watch, ended), daemon=True)
    watching.start()
    while not ended.wait(1.0):
        if not watching.is_alive():
            return 1  # its traceback is told
    log.info("ended")
    return 0


def _watch(mirror: Mirror, seconds: float, ended: threading.Event) -> None:
    failures = 0
    while not ended.is_set():
        try:
            found, changed = mirror.follow()
        except (StepError, OSError) as error:
            failures = min(failures + 1, 10)
            wait = min(seconds * 2**failures, max(seconds, LONGEST_WAIT))
            log.warning("%s; tried again in %g s", error, wait)
        else:
            if changed or failures:
                log.info("%s", _in_words(mirror.name, found))
            wait, failures = seconds, 0
        ended.wait(wait)


def _in_words(name: str, found: Labels) -> str:
    text = f"{name}: stable {found.stable.version}"
    if found.canary:
        text += f", canary {found.canary.version} ({found.canary.percent} %)"
    return text
