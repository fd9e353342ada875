"""One line says what failed, and what to do."""

import errno
import os

import pytest

from tfx_pipeline.components.data_gate.findings import DataRejectedError
from tfx_pipeline.report.causes import HINTS, explain


def test_the_cause_is_the_innermost_error():
    error = RuntimeError("outer")
    error.__cause__ = ValueError("line 7 [while running 'Write']")
    assert explain(error) == "line 7"
    assert explain(KeyError()) == "KeyError"


def test_findings_keep_their_lines():
    found = DataRejectedError("rejected:\n  one\n  two\nfix the data")
    assert explain(found).splitlines() == ["rejected:", "  one", "  two", "fix the data"]


def test_a_message_of_a_library_is_one_line():
    assert explain(ValueError("no such\n  column\n\nstack of C++")) == "no such column"


@pytest.mark.parametrize("number", list(HINTS))
def test_what_the_system_refuses_has_a_file_and_a_hint(number):
    error = RuntimeError("outer")
    error.__cause__ = OSError(number, os.strerror(number), "/data/model")
    assert explain(error) == f"/data/model: {os.strerror(number)} ({HINTS[number]})"
    error.__cause__ = OSError(number, os.strerror(number))
    assert explain(error) == f"a file: {os.strerror(number)} ({HINTS[number]})"


@pytest.mark.parametrize(
    "text",
    [
        "{{function_node __wrapped__SaveV2}} /out/part-0; No space left on device [Op:SaveV2]",
        "Error when executing query: database or disk is full",
    ],
)
def test_a_full_disk_is_found_in_the_words_of_others(text):
    found = explain(RuntimeError(text))
    assert found.endswith(f"({HINTS[errno.ENOSPC]})")
    assert "function_node" not in found


def test_a_metadata_file_that_another_program_holds_has_a_hint():
    found = explain(RuntimeError("Concurrent writes aborted after max number of retries."))
    assert found.endswith(f"({HINTS[errno.EBUSY]})")


def test_what_failed_while_an_error_was_handled_does_not_hide_it():
    error = ValueError("cannot record the failure")
    error.__context__ = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/out")
    assert explain(error).startswith("/out: No space left on device (the disk is full")
    error.__context__ = ValueError("first")
    assert explain(error) == "cannot record the failure"


def test_an_error_without_a_number_is_as_it_is():
    assert explain(FileNotFoundError("data.path: x: there is no x")).endswith("there is no x")
    assert explain(FileNotFoundError(2, os.strerror(2), "x")) == "x: No such file or directory"
