"""What this process has used: peak memory per step, seconds since its start."""

import contextlib
import os
import resource
import time
from pathlib import Path

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def reset_peak() -> None:
    """Makes `peak_rss` count from now on, where the kernel allows it."""
    # Hardened kernels refuse; the peak then counts from the start of the process.
    with contextlib.suppress(OSError):
        _CLEAR.write_text("5")


def peak_rss() -> int:
    """Returns the largest resident size in bytes since `reset_peak`."""
    for line in _STATUS.read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def peak_rss_of_children() -> int:
    """Returns the largest resident size in bytes of any child process that has ended."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024


def cpu_seconds() -> float:
    """Returns the processor time of this process and of those of its children that have ended."""
    of_process, of_children = (
        resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return sum(one.ru_utime + one.ru_stime for one in (of_process, of_children))


def seconds_since_start() -> float:
    """Returns the age of this process in seconds."""
    started_ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - started_ticks / os.sysconf("SC_CLK_TCK")
