"""Which failures pass by themselves, and how long a step waits until they do."""

from __future__ import annotations

import errno
import functools
import logging
import re
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import tenacity
from tfx.dsl.io import filesystem

from tfx_kubeflow.errors import StepError

log = logging.getLogger(__name__)

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
DEADLINE = 120.0
"""Seconds after which a server that does not answer fails the step."""
FIRST_WAIT, LONGEST_WAIT = 1.0, 15.0
"""Seconds: bounds of the random waits, which double up to the second."""
TRANSIENT_ERRNOS = {
    *(errno.EAGAIN, errno.EBUSY, errno.EINTR, errno.EIO, errno.ESTALE, errno.ETIMEDOUT),
    *(errno.ECONNABORTED, errno.ECONNREFUSED, errno.ECONNRESET, errno.EPIPE),
    *(errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.ENETDOWN, errno.ENETRESET, errno.ENETUNREACH),
}
"""Anything else, a full disk or a name that is too long, is there at the next attempt as well."""
PERMANENT = (
    *(filesystem.NotFoundError, FileNotFoundError, FileExistsError, PermissionError),
    *(IsADirectoryError, NotADirectoryError),
)
"""Those that libraries raise without an error number."""
AWS_ERROR = re.compile(r"AWS Error (\w+)(?: \(HTTP status (\d+)\))?")
"""How pyarrow names what an S3 store answered; it gives no error number."""
TRANSIENT_AWS_ERRORS = {
    *("INTERNAL_FAILURE", "SERVICE_UNAVAILABLE", "SLOW_DOWN", "THROTTLING"),
    *("NETWORK_CONNECTION", "REQUEST_TIMEOUT", "REQUEST_TIME_TOO_SKEWED"),
}
TRANSIENT_STATUSES = {"429", "500", "502", "503", "504"}
WRONG_ENDPOINT = re.compile(r"curlCode: (5|6|60),")
"""curl's codes of a host that does not exist, the proxy's or the store's, or is not trusted."""


def retried(
    transient: Callable[[BaseException], bool],
) -> Callable[[Callable[Arguments, Result]], Callable[Arguments, Result]]:
    """Makes a call that is tried again, after random growing waits, until a deadline.

    Args:
        transient: Whether another attempt may succeed after an error.

    Returns:
        A decorator. A permanent error is raised as it is; where the deadline passes, a StepError
        holds the last one.
    """

    def decorator(call: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
        @functools.wraps(call)
        def attempts(*arguments: Arguments.args, **named: Arguments.kwargs) -> Result:
            retrying = tenacity.Retrying(
                retry=tenacity.retry_if_exception(transient),
                wait=tenacity.wait_random_exponential(FIRST_WAIT, LONGEST_WAIT),
                stop=tenacity.stop_after_delay(DEADLINE),
                before_sleep=tenacity.before_sleep_log(log, logging.WARNING),
            )
            try:
                return retrying(call, *arguments, **named)
            except tenacity.RetryError as error:
                last = error.last_attempt
                raise StepError(
                    f"no success in {last.attempt_number} attempts within {DEADLINE:.0f} s, "
                    f"try again later: {last.exception()}"
                ) from last.exception()

        return attempts

    return decorator


def is_transient(error: BaseException) -> bool:
    """Returns whether an error of a file system or an object store may pass by itself."""
    if not isinstance(error, OSError) or isinstance(error, PERMANENT):
        return False
    if error.errno is not None:
        return error.errno in TRANSIENT_ERRNOS
    answered = AWS_ERROR.search(str(error))
    if answered is None:
        return True
    name, status = answered.groups()
    known = name in TRANSIENT_AWS_ERRORS or status in TRANSIENT_STATUSES
    return known and not WRONG_ENDPOINT.search(str(error))
