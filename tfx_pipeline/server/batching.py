"""Calls models on a few threads; requests that wait are joined along their first axis.

Nothing waits for company: only what queued up while the threads were busy is joined, so a request
that comes alone is computed alone, bit by bit as the SavedModel does.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

import numpy as np

from tfx_pipeline.server.errors import Code, ServingError
from tfx_pipeline.server.loaded import LoadedVersion
from tfx_pipeline.server.signature import Signature, Tensors

LOG = logging.getLogger(__name__)

Outputs = dict[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class Call:
    """A request that waits for its outputs.

    Attributes:
        version: That shall answer.
        signature: Of it.
        inputs: As `Signature.check` lets them pass.
        outputs: What comes of it.
    """

    version: LoadedVersion
    signature: Signature
    inputs: Tensors
    outputs: Future[Outputs] = field(default_factory=Future)

    @property
    def rows(self) -> int:
        """Of its first axis; 1 where it cannot be joined with others."""
        return len(next(iter(self.inputs.values()))) if self.signature.joinable else 1

    def joins(self, other: Call) -> bool:
        """Returns whether both can be computed in one."""
        return (
            self.signature.joinable
            and self.version is other.version
            and self.signature is other.signature
            and self.rows > 0
            and all(self.inputs[n].shape[1:] == other.inputs[n].shape[1:] for n in self.inputs)
        )


class Batcher:
    """Computes calls.

    Args:
        max_batch: Rows of requests that are joined at most; 1 joins none.
        queue: Requests that wait at most.
        threads: That compute at a time.
        seen: Is told how many rows each computation has.
    """

    def __init__(
        self, max_batch: int, queue: int, threads: int, seen: Callable[[int], None]
    ) -> None:
        self._max_batch = max_batch
        self._limit = queue
        self._seen = seen
        self._waiting: deque[Call] = deque()
        self._changed = threading.Condition()
        self._open = True
        self._threads = [
            threading.Thread(target=self._work, name=f"model-{number}", daemon=True)
            for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def waiting(self) -> int:
        """Requests in the queue."""
        return len(self._waiting)

    def submit(self, call: Call) -> Future[Outputs]:
        """Queues a call.

        Raises:
            ServingError: The queue is full, or the server ends.
        """
        with self._changed:
            if not self._open:
                raise ServingError(Code.UNAVAILABLE, "the server ends")
            if len(self._waiting) >= self._limit:
                # Who gave up waits no more.
                kept = [one for one in self._waiting if not one.outputs.cancelled()]
                self._waiting = deque(kept)
            if len(self._waiting) >= self._limit:
                raise ServingError(
                    Code.UNAVAILABLE,
                    f"{self._limit} requests wait already (serving.queue); try again later",
                )
            self._waiting.append(call)
            self._changed.notify()
        return call.outputs

    def close(self) -> None:
        """Computes what waits, and ends."""
        with self._changed:
            self._open = False
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while batch := self._next():
            try:
                self._compute(batch)
            except Exception as error:  # not one request may end the thread of all
                LOG.exception("a computation failed")
                for call in batch:
                    if not call.outputs.done():
                        call.outputs.set_exception(error)
            # Else the last request of a version keeps it in memory until the next one comes.
            del batch

    def _next(self) -> list[Call]:
        """The oldest call that is still wanted, and those behind it that join; none at the end."""
        with self._changed:
            while True:
                while self._open and not self._waiting:
                    self._changed.wait()
                if not self._waiting:
                    return []
                first = self._waiting.popleft()
                if first.outputs.set_running_or_notify_cancel():
                    break
            batch, rows = [first], first.rows
            while self._waiting and rows + self._waiting[0].rows <= self._max_batch:
                if not self._waiting[0].joins(first):
                    break
                call = self._waiting.popleft()
                if call.outputs.set_running_or_notify_cancel():
                    batch.append(call)
                    rows += call.rows
            return batch

    def _compute(self, batch: Sequence[Call]) -> None:
        first = batch[0]
        self._seen(sum(call.rows for call in batch))
        if len(batch) == 1:
            self._alone(first)
            return
        names = first.signature.inputs
        joined = {name: np.concatenate([call.inputs[name] for call in batch]) for name in names}
        try:
            outputs = first.version.call(first.signature.name, joined)
            _check_rows(outputs, sum(call.rows for call in batch))
        except ServingError:
            # One bad request shall not fail the others.
            for call in batch:
                self._alone(call)
            return
        begin = 0
        for call in batch:
            rows = slice(begin, begin + call.rows)
            begin += call.rows
            call.outputs.set_result({name: value[rows] for name, value in outputs.items()})

    def _alone(self, call: Call) -> None:
        try:
            outputs = call.version.call(call.signature.name, call.inputs)
        except ServingError as error:
            call.outputs.set_exception(error)
        else:
            call.outputs.set_result(outputs)


def _check_rows(outputs: Outputs, rows: int) -> None:
    if any(len(value) != rows for value in outputs.values()):
        raise ServingError(Code.INTERNAL, "the model returned other rows than it was asked for")
