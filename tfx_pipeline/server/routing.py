"""Which version answers a request: by number, by label, or by the canary's part of the rest."""

from __future__ import annotations

import random
from dataclasses import dataclass
from zlib import crc32

from tfx_pipeline.server.errors import Code, ServingError, invalid
from tfx_pipeline.server.loaded import LoadedVersion
from tfx_pipeline.server.wanted import CANARY, STABLE


@dataclass(frozen=True)
class Routing:
    """Who answers; replaced as a whole, so that a request sees one of it.

    Attributes:
        stable: Answers requests that name no version and no label; None before one is loaded.
        canary: Answers `percent` of them; None where there is no canary.
        percent: Of these requests.
    """

    stable: LoadedVersion | None = None
    canary: LoadedVersion | None = None
    percent: int = 0

    @property
    def labels(self) -> dict[str, LoadedVersion]:
        """The version behind each label."""
        found = {STABLE: self.stable, CANARY: self.canary}
        return {label: version for label, version in found.items() if version}

    @property
    def versions(self) -> dict[int, LoadedVersion]:
        """All that are loaded, by number."""
        return {version.number: version for version in self.labels.values()}

    def label(self, version: LoadedVersion) -> str | None:
        """Returns the label of a version: `stable` where it has both."""
        return next((name for name, one in self.labels.items() if one is version), None)

    def chosen(
        self, model: str, version: int | None, label: str | None, request_id: str | None
    ) -> LoadedVersion:
        """Returns the version that answers a request.

        Args:
            model: Name of the model, for messages.
            version: That the request names, if any.
            label: That it names, if any.
            request_id: The same one always falls on the same side of stable and canary.

        Raises:
            ServingError: It is not loaded.
        """
        if version is not None and label is not None:
            raise invalid(f"a version ({version}) and a label ({label!r}) are too much; name one")
        if version is not None:
            return self._numbered(model, version)
        if label is not None:
            return self._labelled(model, label)
        if self.stable is None:
            raise ServingError(Code.UNAVAILABLE, f"model {model!r} has no version that answers yet")
        if self.canary is not None and _percentile(request_id) < self.percent:
            return self.canary
        return self.stable

    def _numbered(self, model: str, version: int) -> LoadedVersion:
        if version not in self.versions:
            raise ServingError(
                Code.NOT_FOUND,
                f"Servable not found for request: Specific({model}, {version}); "
                f"loaded: {', '.join(map(str, self.versions)) or 'none'}",
            )
        return self.versions[version]

    def _labelled(self, model: str, label: str) -> LoadedVersion:
        if label not in self.labels:
            raise invalid(
                f"Unrecognized servable version label: {label}; "
                f"model {model!r} has {', '.join(self.labels) or 'none'}"
            )
        return self.labels[label]


def _percentile(request_id: str | None) -> float:
    """A number from 0 to 100: of the request's id, or by chance."""
    if request_id is None:
        return random.uniform(0, 100)  # noqa: S311, no secret
    return crc32(request_id.encode()) / 2**32 * 100
