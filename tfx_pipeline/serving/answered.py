"""One answered request, as a server hands it to whoever watches: request log, page, metrics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Answered:
    """A request and its answer; the arrays are shared, so nobody writes to them.

    Attributes:
        at: Seconds since 1970 when it was answered.
        model: Its name.
        version: Of the model that answered.
        label: `stable` or `canary`; None where the version that answered has no label.
        signature: Name of the signature that was called.
        inputs: Name -> values, the batch first.
        outputs: Name -> values, the batch first.
        request_id: The client's `X-Request-Id`; None where it sent none.
    """

    at: float
    model: str
    version: str
    label: str | None
    signature: str
    inputs: Mapping[str, np.ndarray]
    outputs: Mapping[str, np.ndarray]
    request_id: str | None


Observer = Callable[[Answered], None]
"""Called once for each answered request, on the thread that answers: it must not block."""
