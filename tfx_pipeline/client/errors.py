"""What can go wrong between a file and a forecast, in words."""

from __future__ import annotations


class ForecastError(Exception):
    """There is no forecast; the message says why, and the way out."""


class ServerError(ForecastError):
    """The server refused or answered with something else."""


class ServerUnavailableError(ServerError):
    """The server is away or busy; the same request may well be answered later.

    Attributes:
        after: Seconds after which the server wants to be asked again; None: it does not say.
    """

    def __init__(self, message: str, after: float | None = None) -> None:
        super().__init__(message)
        self.after = after


class NoAnswerError(ServerError):
    """The server took longer than it was given."""


class NotFoundError(ServerError):
    """The server does not know the model, or not this version of it."""
