"""Flink's REST interface: which jobs of a name there are, and their end."""

import json
import logging
import time
import urllib.error
import urllib.request
from typing import NamedTuple

from apache_beam.options.pipeline_options import (
    FlinkRunnerOptions,
    GoogleCloudOptions,
    PipelineOptions,
)

log = logging.getLogger(__name__)

ENDED = ("FINISHED", "FAILED", "CANCELED")
"""States of a job that holds no slot any more."""
PATIENCE = 60
"""Seconds until a cancelled job must have given its slots back."""
ON_ITS_WAY = 30
"""Seconds until a job that was submitted must be there."""


class _Job(NamedTuple):
    number: str
    state: str
    name: str


class FlinkJobs:
    """The jobs of one name, which Beam's job server does not cancel on Flink's cluster.

    Args:
        options: `--job_name`, and `--flink_master`, the address of the cluster's REST interface;
            without it nothing is asked, nor done.
    """

    def __init__(self, options: PipelineOptions) -> None:
        address = options.view_as(FlinkRunnerOptions).flink_master
        self._options = options
        self._known = not address.startswith("[")  # [auto]: only the job server knows
        self._base = address if "://" in address else f"http://{address}"
        self._earlier: set[str] = set()

    def clear(self) -> None:
        """Cancels what earlier runs left, and waits for its slots.

        Raises:
            RuntimeError: Flink does not answer, or a job does not end.
        """
        if self._known:
            self._cancel(time.monotonic())
            self._earlier = {job.number for job in self._jobs()}

    def end(self) -> None:
        """Cancels the job that was submitted since, though it may not be there yet.

        Raises:
            RuntimeError: Flink does not answer, or the job does not end.
        """
        if not self._known:
            return
        begin = time.monotonic()
        while time.monotonic() < begin + ON_ITS_WAY:
            if any(job.number not in self._earlier for job in self._jobs()):
                break
            time.sleep(1)
        self._cancel(begin)

    def _cancel(self, begin: float) -> None:
        while left := [job for job in self._jobs() if job.state not in ENDED]:
            if time.monotonic() > begin + PATIENCE:
                raise RuntimeError(
                    f"Flink job {left[0].number} is still not cancelled after {PATIENCE} s"
                )
            for job in left:
                log.warning("cancelled Flink job %s (%s)", job.number, self._name)
                self._ask("PATCH", f"/jobs/{job.number}?mode=cancel")
            time.sleep(1)

    @property
    def _name(self) -> str | None:
        name: str | None = self._options.view_as(GoogleCloudOptions).job_name
        return name

    def _jobs(self) -> list[_Job]:
        answer = self._ask("GET", "/jobs/overview")
        try:
            jobs = [
                _Job(job["jid"], job["state"], job["name"]) for job in json.loads(answer)["jobs"]
            ]
        except (ValueError, TypeError, KeyError):
            raise RuntimeError(f"{self._said}: that is not Flink's REST interface") from None
        return [job for job in jobs if job.name == self._name]

    def _ask(self, method: str, path: str) -> bytes:
        try:
            request = urllib.request.Request(self._base + path, method=method)  # noqa: S310
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                found: bytes = answer.read()
                return found
        except urllib.error.HTTPError as error:
            if method == "PATCH" and error.code in (404, 409):
                return b""  # it ended by itself
            raise RuntimeError(f"{self._said}: {error}") from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise RuntimeError(f"{self._said}: Flink does not answer there ({reason})") from None

    @property
    def _said(self) -> str:
        return f"--flink_master of beam.options, {self._base}"
