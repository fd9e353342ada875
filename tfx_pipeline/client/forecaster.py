"""Asks a server for forecasts.

>>> from tfx_pipeline.client.forecaster import Forecaster
>>> Forecaster("http://127.0.0.1:8501", "household-power").address.protocol
'rest'
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self
from uuid import uuid4

import numpy as np
import numpy.typing as npt

from tfx_pipeline.client.address import (
    DEFAULT,
    Address,
    Credentials,
    Protocol,
    credentials,
    parse,
)
from tfx_pipeline.client.retries import Patience
from tfx_pipeline.client.transport import Served, Transport, Wanted
from tfx_pipeline.client.windows import Windows
from tfx_pipeline.model_contract import MEAN, OUTPUTS, P10, P50, P90


@dataclass(frozen=True)
class Forecast:
    """Forecasts of some windows.

    Attributes:
        windows: What was asked.
        mean: float32 [windows, horizon], in the target's unit; NaN where nothing of the target was
            observed in the window.
        p10: The same, the value that one in ten outcomes stays below.
        p50: The median.
        p90: The value that nine in ten stay below.
        version: That answered; None: the server does not say.
        label: Its label; None: it has none, or the server does not say.
    """

    windows: Windows
    mean: npt.NDArray[np.float32]
    p10: npt.NDArray[np.float32]
    p50: npt.NDArray[np.float32]
    p90: npt.NDArray[np.float32]
    version: str | None
    label: str | None

    @property
    def times(self) -> npt.NDArray[np.int64]:
        """int64 [windows, horizon], instants at which the steps begin."""
        return self.windows.times


class Forecaster:
    """Speaks with one server about one model.

    Args:
        url: http://, https://, grpc:// or grpcs://, host and port.
        model: Its name.
        version: Its version; unless given by label, or the one that the server takes.
        label: Its label, such as stable or canary.
        protocol: What is spoken; unless given TensorFlow Serving's REST, or gRPC by the address.
        timeout: Seconds for an answer, all attempts together.
        shown: A token and certificates; unless given those that the environment names.

    Raises:
        ForecastError: The address is none, or the protocol has no versions or labels.

    Attributes:
        address: The server.
    """

    def __init__(
        self,
        url: str = DEFAULT,
        model: str = "household-power",
        *,
        version: str | int | None = None,
        label: str | None = None,
        protocol: Protocol | None = None,
        timeout: float = 30.0,
        shown: Credentials | None = None,
    ) -> None:
        self.address = parse(url, protocol)
        wanted = Wanted(model, None if version is None else str(version), label)
        self._transport = connect(self.address, wanted, timeout, shown)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connections."""
        self._transport.close()

    def served(self) -> Served:
        """What the server says of the model.

        Raises:
            ServerError: It says nothing that can be understood.
        """
        return self._transport.served()

    def forecast(self, windows: Windows) -> Forecast:
        """Asks for forecasts; many windows in several requests.

        Raises:
            ServerError: There is no answer; the message says why.
        """
        # Where a canary answers a part of the requests, all of these or none.
        request_id = uuid4().hex
        answers = [self._transport.predict(one.inputs, request_id) for one in windows.parts()]
        outputs = {name: np.concatenate([one.outputs[name] for one in answers]) for name in OUTPUTS}
        return Forecast(
            windows,
            outputs[MEAN],
            outputs[P10],
            outputs[P50],
            outputs[P90],
            _same([one.version for one in answers]),
            _same([one.label for one in answers]),
        )


def connect(
    address: Address, wanted: Wanted, timeout: float, shown: Credentials | None = None
) -> Transport:
    """Opens the protocol of an address.

    Args:
        address: The server.
        wanted: The model.
        timeout: Seconds for an answer, all attempts together.
        shown: A token and certificates; None: those that the environment names.

    Raises:
        ForecastError: A token would be sent where anybody can read it, or the protocol has no
            versions or labels.
    """
    shown = credentials() if shown is None else shown
    shown.require_safe(address)
    patience = Patience(timeout)
    if address.by_grpc:
        from tfx_pipeline.client.channel import Channel
        from tfx_pipeline.client.inference_rpc import OpenInferenceRpc
        from tfx_pipeline.client.rpc import Rpc

        spoken = OpenInferenceRpc if address.protocol == "oip" else Rpc
        return spoken(Channel(address, shown, patience), wanted)
    from tfx_pipeline.client.kserve import V1, OpenInference
    from tfx_pipeline.client.rest import Rest
    from tfx_pipeline.client.web import Web

    web = Web(address, shown, patience)
    match address.protocol:
        case "kserve-v1":
            return V1(web, wanted)
        case "oip":
            return OpenInference(web, wanted)
    return Rest(web, wanted)


def _same(found: list[str | None]) -> str | None:
    """What all have; several, where a new version came in between."""
    return ", ".join(dict.fromkeys(one for one in found if one)) or None
