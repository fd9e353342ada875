"""How many of the machine's cores one operation of TensorFlow takes."""

import os
from collections.abc import MutableMapping

THREADS = "TF_NUM_INTRAOP_THREADS"
"""TensorFlow reads it once, when it is first asked to compute."""


def share_cores(environment: MutableMapping[str, str]) -> None:
    """Gives one operation half of the cores, unless the environment says how many.

    While a network learns from one batch, others are read and cut into windows. Operations are
    small: split over all cores, they wait for each other and for the reading
    (docs/decisions/0039).

    Args:
        environment: Of the process, before TensorFlow is imported.
    """
    cores = len(os.sched_getaffinity(0))
    environment.setdefault(THREADS, str(max(1, cores // 2)))
