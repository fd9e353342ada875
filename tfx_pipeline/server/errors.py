"""Why a request has no answer: a canonical code and a sentence, whatever the protocol."""

from __future__ import annotations

from enum import IntEnum


class Code(IntEnum):
    """The canonical codes of gRPC and absl, as far as they are used here."""

    OK = 0
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14


class ServingError(Exception):
    """A request that cannot be answered, or a version that cannot be served.

    Args:
        code: Whose fault it is, and whether to try again.
        message: For people; names the field and, where there is one, a hint.
    """

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def invalid(message: str) -> ServingError:
    """Returns the error of a request that is malformed."""
    return ServingError(Code.INVALID_ARGUMENT, message)
