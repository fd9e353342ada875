"""What every protocol gives: what a server says of its model, and its answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from tfx_pipeline.client.errors import ServerError
from tfx_pipeline.model_contract import OUTPUTS, Input

REQUEST_ID = "x-request-id"


@dataclass(frozen=True)
class Wanted:
    """Which model is asked.

    Attributes:
        model: Its name.
        version: Its version; None: by label, or the one that the server takes.
        label: Its label.
    """

    model: str
    version: str | None = None
    label: str | None = None

    def __str__(self) -> str:
        if self.version:
            return f"version {self.version} of {self.model}"
        return f"{self.model}, label {self.label}" if self.label else self.model


@dataclass(frozen=True)
class Served:
    """What a server says of a model.

    Attributes:
        version: That answers; None: it does not say.
        inputs: Of the default signature; None: it does not say.
    """

    version: str | None
    inputs: Mapping[str, Input] | None


@dataclass(frozen=True)
class Answer:
    """What a server answered.

    Attributes:
        outputs: By name, with the windows first.
        version: That answered; None: it does not say.
        label: Its label; None: it has none, or the server does not say.
    """

    outputs: Mapping[str, np.ndarray]
    version: str | None = None
    label: str | None = None


class Transport(Protocol):
    """A protocol, spoken with one server about one model."""

    def served(self) -> Served:
        """Asks what the server has."""

    def predict(self, inputs: Mapping[str, np.ndarray], request_id: str) -> Answer:
        """Asks for forecasts.

        Args:
            inputs: float32, int64 or bytes, with the windows first.
            request_id: Requests of the same one are answered by the same version.
        """

    def close(self) -> None:
        """Ends the connections."""


def outputs_of(found: Mapping[str, object], where: str, windows: int) -> dict[str, np.ndarray]:
    """The outputs of an answer as float32.

    Raises:
        ServerError: One is missing, no table of finite numbers or NaN, or not of as many windows as
            were asked.
    """
    missing = [name for name in OUTPUTS if name not in found]
    if missing:
        raise ServerError(
            f"{where}: the answer has no {', '.join(missing)}, only {', '.join(found) or 'nothing'}"
            ": is this a model of the contract (docs/model.md)?"
        )
    outputs = {}
    for name in OUTPUTS:
        try:
            with np.errstate(over="ignore"):
                outputs[name] = np.array(found[name], np.float32)
        except (TypeError, ValueError) as error:
            raise ServerError(f"{where}: the answer's {name} holds no numbers: {error}") from error
        if outputs[name].ndim != 2 or len(outputs[name]) != windows:
            raise ServerError(
                f"{where}: the answer's {name} has the shape {outputs[name].shape}, for "
                f"{windows} windows"
            )
        if np.isinf(outputs[name]).any():
            raise ServerError(f"{where}: the answer's {name} holds what is no finite float32")
    return outputs
