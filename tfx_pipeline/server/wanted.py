"""Which versions of a model a folder says to serve, and whether anything in it has changed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tfx_kubeflow.storage import labels, served_versions

from tfx_pipeline.server.errors import Code, ServingError

STABLE, CANARY = "stable", "canary"


@dataclass(frozen=True)
class Candidate:
    """A version that shall serve.

    Attributes:
        number: Of the version.
        folder: Of its SavedModel.
        digests: Of the files that were published, one of which it must have; empty where nobody
            recorded one.
    """

    number: int
    folder: Path
    digests: frozenset[str]

    def check(self) -> None:
        """Refuses a version whose files are not those that were published.

        Raises:
            ServingError: They are not.
        """
        if self.digests and served_versions.digest(str(self.folder)) not in self.digests:
            raise ServingError(
                Code.FAILED_PRECONDITION,
                f"{self.folder}: its files are not those that were pushed (SHA-256); roll back, "
                "or push the model again",
            )


@dataclass(frozen=True)
class Wanted:
    """What shall serve.

    Attributes:
        stable: Versions for the requests that name none, best first: the first one that loads.
        canary: The version for `percent` of them; None where there is no canary.
        percent: Of the requests that name neither version nor label.
    """

    stable: tuple[Candidate, ...]
    canary: Candidate | None = None
    percent: int = 0

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """All of them."""
        return self.stable + ((self.canary,) if self.canary else ())


@dataclass(frozen=True)
class Folder:
    """A model that is pushed to: `<base>/<version>/`, labels, and records of what was pushed.

    Attributes:
        base: `<folder>/<name>`.
    """

    base: Path

    def wanted(self) -> Wanted:
        """Returns what the labels say, or else the newest version and those before it.

        Raises:
            StepError: The labels cannot be read.
            OSError: The folder cannot.
        """
        found = labels.read(str(self.base))
        if found is None:
            names = served_versions.versions(str(self.base))
            return Wanted(stable=tuple(map(self._candidate, names)))
        stable = (found.stable, found.previous) if found.previous else (found.stable,)
        canary = found.canary
        return Wanted(
            stable=tuple(self._candidate(one.version, one.digest) for one in stable),
            canary=self._candidate(canary.version, canary.digest) if canary else None,
            percent=canary.percent if canary else 0,
        )

    def _candidate(self, version: str, digest: str | None = None) -> Candidate:
        published = served_versions.published_digests(str(self.base), version)
        return Candidate(
            int(version), self.base / version, frozenset({digest} if digest else published)
        )


@dataclass(frozen=True)
class Single:
    """A folder that is itself a SavedModel, as KServe's storage initializer leaves it.

    Attributes:
        base: Folder of the SavedModel.
        number: Its version.
    """

    base: Path
    number: int

    def wanted(self) -> Wanted:
        """Returns the one version."""
        return Wanted(stable=(Candidate(self.number, self.base, frozenset()),))
