"""How long a server is waited for, and how often it is asked again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_before_delay,
    wait_random_exponential,
)

from tfx_pipeline.client.errors import NoAnswerError, ServerUnavailableError

Answer = TypeVar("Answer")
_JITTER = wait_random_exponential(multiplier=0.2, max=5)


@dataclass(frozen=True)
class Patience:
    """Everything that is asked changes nothing on the server, so that it may be asked again.

    That is done where the server was away or too busy to try; not where it was slow.

    Attributes:
        seconds: For one answer, all attempts together.
    """

    seconds: float = 30.0

    def ask(self, attempt: Callable[[float], Answer]) -> Answer:
        """Asks until there is an answer.

        Args:
            attempt: Asks once, in as many seconds as it is given.

        Raises:
            NoAnswerError: It was slow.
            ServerUnavailableError: There was none in time, and it had been away or busy.
        """
        deadline = time.monotonic() + self.seconds
        away: ServerUnavailableError | None = None

        def remembered() -> Answer:
            nonlocal away
            try:
                return attempt(max(deadline - time.monotonic(), 0.001))
            except ServerUnavailableError as error:
                away = error
                raise

        retrying = Retrying(
            retry=retry_if_exception_type(ServerUnavailableError),
            wait=_wait,
            stop=stop_before_delay(self.seconds),
            reraise=True,
        )
        try:
            return retrying(remembered)
        except NoAnswerError as slow:
            # The last attempt may have been given milliseconds: why there were several is said.
            if away:
                raise ServerUnavailableError(f"{away}; asked again: {slow}") from slow
            raise


def _wait(state: RetryCallState) -> float:
    """With chance in it, so that many clients do not come at once; longer where asked to."""
    error = state.outcome.exception() if state.outcome else None
    wanted = error.after if isinstance(error, ServerUnavailableError) else None
    return max(_JITTER(state), wanted or 0.0)
