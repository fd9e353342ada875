"""Peak memory of this process, per step."""

import resource
from pathlib import Path

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def reset_peak() -> None:
    """Makes `peak_rss` count from now on, where the kernel allows it."""
    try:
        _CLEAR.write_text("5")
    except OSError:  # hardened kernels: the peak then counts from the start of the process
        pass


def peak_rss() -> int:
    """Returns the largest resident size in bytes since `reset_peak`."""
    for line in _STATUS.read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def peak_rss_of_children() -> int:
    """Returns the largest resident size in bytes of any child process that has ended."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
