"""How many threads an operation of TensorFlow gets."""

import os

import pytest

from tfx_pipeline.local.cores import THREADS, share_cores


@pytest.mark.parametrize(("cores", "threads"), [(1, "1"), (2, "1"), (3, "1"), (16, "8")])
def test_an_operation_gets_half_of_the_cores(monkeypatch, cores, threads):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)))
    environment: dict[str, str] = {}
    share_cores(environment)
    assert environment == {THREADS: threads}


def test_what_the_user_has_set_stays():
    environment = {THREADS: "7"}
    share_cores(environment)
    assert environment == {THREADS: "7"}
