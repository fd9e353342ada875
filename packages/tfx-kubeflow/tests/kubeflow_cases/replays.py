"""A recorded run that goes on while it is watched: the clock of who watches is that of the run."""

from collections.abc import Callable

from kubeflow_cases.fake_server import FakeServer
from kubeflow_cases.recorded_runs import RecordedRun

DATA_GATE = "e2e-60baf431-mf9dw-system-container-impl-3667196566"
"""Pod of the task that failed."""


class Replay:
    """Shows a recorded run through a server's API.

    Args:
        server: The server.
        run: The recording.
    """

    def __init__(self, server: FakeServer, run: RecordedRun) -> None:
        self.second = 0.0
        self.sleeps: list[float] = []
        self.before_look: Callable[[], None] = lambda: None
        """Called whenever time has passed."""
        self._server = server
        self._run = run
        self._show()

    def monotonic(self) -> float:
        """Seconds of the run, as `time.monotonic`."""
        return self.second

    def sleep(self, seconds: float) -> None:
        """Lets time of the run pass, as `time.sleep`."""
        self.second += seconds
        self.sleeps.append(seconds)
        self._show()
        self.before_look()

    def _show(self) -> None:
        ended = self.second >= self._run.seconds
        self._server.runs[self._run.id] = {
            "run_id": self._run.id,
            "experiment_id": "e",
            "display_name": "e2e-60baf431 2026-11-26 03:34:17",
            "state": "FAILED" if ended else "RUNNING",
            "pipeline_spec": self._run.spec,
            "runtime_config": {},
            "run_details": {"task_details": self._run.details(self.second)},
        }
        self._server.workflows[self._run.id] = self._run.workflow(self.second)
        self._server.logs[DATA_GATE] = self._run.log("data-gate", self.second)
