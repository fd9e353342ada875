"""`python -m tfx_pipeline.tracking`: logs the job on standard input, in a process of its own.

So the run that it is about does not import MLflow, and ends when it wants to, whatever a server
does. What goes wrong is one line on standard output, and exit code 1.
"""

import signal
import sys

from tfx_pipeline.tracking.job import Job, without_login


def main() -> int:
    """Returns 0 when the run is logged, else 1."""
    job = Job.model_validate_json(sys.stdin.read())
    try:
        from tfx_pipeline.tracking.log import log

        if job.timeout is not None:
            # Ends this process, whatever it waits for. What it imports is not the server's fault.
            signal.setitimer(signal.ITIMER_REAL, job.timeout)
        log(job)
    except Exception as error:  # the run has ended; it says why this one is still pending
        [line, *_] = str(error).splitlines() or [type(error).__name__]
        print(without_login(line))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
