"""Errors name the place and what to do, and cross process borders."""

from __future__ import annotations

import pickle

import pytest

from tfx_pipeline.data.raw.errors import HINTS, REPORTED, BadRows, DataError, Problem

PROBLEM = Problem("number", "'abc' is no number", "a.csv", 1234, "Voltage")


def test_the_message_names_place_rule_and_hint() -> None:
    assert str(DataError.of(PROBLEM)) == (
        f"a.csv, line 1234, column Voltage: 'abc' is no number [number]\n{HINTS['number']}"
    )
    assert str(Problem("split", "none left")) == "input: none left [split]"


def test_an_error_survives_pickling() -> None:
    error = pickle.loads(pickle.dumps(DataError.of(PROBLEM)))

    assert str(error) == str(DataError.of(PROBLEM))
    assert error.problems == (PROBLEM,)


def test_bad_rows_are_counted_by_rule_and_only_the_first_are_kept() -> None:
    bad_rows = BadRows(accepted=20)
    bad_rows.add([PROBLEM] * 12)
    bad_rows.add([Problem("step", "x")] * 8)

    assert bad_rows.count == {"number": 12, "step": 8}
    assert bad_rows.first == [PROBLEM] * REPORTED
    with pytest.raises(DataError, match=r"more than data\.max_bad_rows = 20"):
        bad_rows.add([PROBLEM])
