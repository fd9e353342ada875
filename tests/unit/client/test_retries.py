"""How long a server is waited for."""

from __future__ import annotations

import pytest

from tfx_pipeline.client.errors import NoAnswerError, ServerUnavailableError
from tfx_pipeline.client.retries import Patience


def asked(*failures):
    """An attempt that fails so, one after the other, and how many seconds each was given."""
    coming, given = iter(failures), []

    def attempt(seconds):
        given.append(seconds)
        failure = next(coming, None)
        if failure:
            raise failure
        return "answer"

    return attempt, given


def test_all_attempts_together_have_the_seconds():
    attempt, given = asked(ServerUnavailableError("busy"), ServerUnavailableError("busy"))
    assert Patience(30.0).ask(attempt) == "answer"
    assert 30.0 >= given[0] > given[1] > given[2] > 20.0


def test_a_slow_server_is_not_asked_again():
    slow = NoAnswerError("no answer in 9 s")
    attempt, given = asked(slow, slow)
    with pytest.raises(NoAnswerError, match=r"^no answer in 9 s$"):
        Patience(30.0).ask(attempt)
    assert len(given) == 1


def test_what_had_been_in_the_way_is_said_where_the_last_attempt_had_no_time():
    attempt, given = asked(ServerUnavailableError("busy"), NoAnswerError("no answer"))
    with pytest.raises(ServerUnavailableError, match=r"^busy; asked again: no answer$"):
        Patience(30.0).ask(attempt)
    assert len(given) == 2


def test_the_last_time_that_it_was_busy_is_told():
    failures = [ServerUnavailableError(f"busy {count}") for count in range(99)]
    attempt, given = asked(*failures)
    with pytest.raises(ServerUnavailableError, match=r"^busy ") as caught:
        Patience(0.3).ask(attempt)
    assert str(caught.value) == f"busy {len(given) - 1}"
