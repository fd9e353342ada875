import logging
import os
import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st
from tfx_kubeflow import log_records
from tfx_kubeflow.log_records import LogRecord

CODE = """
import logging
from tfx_kubeflow.log_records import log_to_stderr
log_to_stderr()
try:
    raise ValueError("no data")
except ValueError:
    logging.getLogger("mine").exception("two\\nlines of %s", "100 %")
"""


def logged(**variables):
    environment = {**os.environ, **variables}
    done = subprocess.run(
        [sys.executable, "-c", CODE], env=environment, capture_output=True, text=True
    )
    return done.stderr


def test_people_get_text():
    assert " ERROR mine: two\nlines of 100 %\nTraceback" in logged(**{log_records.VARIABLE: ""})


def test_a_program_gets_what_was_logged_in_one_line():
    [line] = logged(**{log_records.VARIABLE: "1"}).splitlines()
    record = LogRecord.of_line(line)
    assert (record.logger, record.level) == ("mine", logging.ERROR)
    assert record.message == "two\nlines of 100 %"
    assert record.text.endswith("\nValueError: no data")


@given(st.one_of(st.text(), st.just('{"tfx_kubeflow_log_record": {"message": 1}}'), st.just("[]")))
def test_what_was_printed_is_kept_as_it_is(line):
    assert LogRecord.of_line(line) == LogRecord(line, logger="", level=logging.NOTSET, text=line)
