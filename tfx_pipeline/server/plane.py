"""The data plane: models by name, and what becomes of a request; it knows no protocol."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from tfx_pipeline.hints import did_you_mean
from tfx_pipeline.model_contract import DEFAULT_SIGNATURE
from tfx_pipeline.server.batching import Batcher, Call
from tfx_pipeline.server.errors import Code, ServingError
from tfx_pipeline.server.loaded import LoadedVersion
from tfx_pipeline.server.model import ServedModel
from tfx_pipeline.server.signature import Signature, Tensors
from tfx_pipeline.serving.answered import Answered, Observer

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Asked:
    """What a request names.

    Attributes:
        model: Its name.
        version: None where the request names none.
        label: None where it names none.
        request_id: The client's; None where it sent none.
    """

    model: str
    version: int | None = None
    label: str | None = None
    request_id: str | None = None


@dataclass(frozen=True)
class Target:
    """The version that answers a request, from its first look at the inputs to its answer.

    Attributes:
        asked: What the request named.
        version: That answers.
        label: Of the version.
    """

    asked: Asked
    version: LoadedVersion
    label: str | None

    def signature(self, name: str) -> Signature:
        """Returns a signature; the default one where the name is empty.

        Raises:
            ServingError: The version has none of that name.
        """
        return self.version.signature(name or DEFAULT_SIGNATURE)


class DataPlane:
    """Answers requests.

    Args:
        batcher: That calls the models.
        max_rows: Of one request.
        timeout: Seconds that a request waits for its answer.
        observers: Are handed each answered request; they must not block.
        clock: Seconds since 1970.
    """

    def __init__(
        self,
        batcher: Batcher,
        max_rows: int,
        timeout: float,
        observers: Sequence[Observer] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.models: Mapping[str, ServedModel] = {}
        """Replaced as a whole when one comes or goes."""
        self.batcher = batcher
        self._max_rows = max_rows
        self._timeout = timeout
        self.observers = list(observers)
        self._clock = clock

    def model(self, name: str) -> ServedModel:
        """Returns a model.

        Raises:
            ServingError: There is none of that name.
        """
        models = self.models
        if name not in models:
            hint = did_you_mean(name, models) or f"; there is {', '.join(models) or 'none'}"
            raise ServingError(
                Code.NOT_FOUND, f"Servable not found for request: Latest({name}){hint}"
            )
        return models[name]

    @contextmanager
    def target(self, asked: Asked) -> Iterator[Target]:
        """Chooses the version that answers, and keeps it while the request lasts.

        Raises:
            ServingError: It is not there.
        """
        routing = self.model(asked.model).routing
        version = routing.chosen(asked.model, asked.version, asked.label, asked.request_id)
        with version.in_use():
            yield Target(asked, version, asked.label or routing.label(version))

    async def predict(
        self, target: Target, signature: Signature, inputs: Tensors, output_filter: Sequence[str]
    ) -> dict[str, np.ndarray]:
        """Answers a request.

        Args:
            target: The version that answers.
            signature: Of it.
            inputs: By name.
            output_filter: Names of the outputs that are wanted; empty: all.

        Raises:
            ServingError: The inputs do not fit, the queue is full, or it takes too long.
        """
        wanted = signature.selected(tuple(output_filter))
        signature.check(inputs)
        call = Call(target.version, signature, inputs)
        if call.rows > self._max_rows:
            raise ServingError(
                Code.INVALID_ARGUMENT,
                f"{call.rows} rows are too many, {self._max_rows} at most (serving.max_rows); "
                "send them in several requests",
            )
        future = asyncio.wrap_future(self.batcher.submit(call))
        try:
            outputs = await asyncio.wait_for(future, self._timeout)
        except TimeoutError as error:
            raise ServingError(
                Code.DEADLINE_EXCEEDED, f"no answer within {self._timeout:g} s (serving.timeout)"
            ) from error
        self._observe(target, signature, inputs, outputs)
        return {name: outputs[name] for name in wanted}

    def _observe(
        self, target: Target, signature: Signature, inputs: Tensors, outputs: Tensors
    ) -> None:
        answered = Answered(
            at=self._clock(),
            model=target.asked.model,
            version=str(target.version.number),
            label=target.label,
            signature=signature.name,
            inputs=inputs,
            outputs=outputs,
            request_id=target.asked.request_id,
        )
        for observer in self.observers:
            try:
                observer(answered)
            except Exception:  # who watches shall not fail whom they watch
                LOG.exception("%s failed on an answered request", observer)
