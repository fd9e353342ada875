"""Runs take turns, and a killed one frees the lock."""

import multiprocessing
import os
import signal
import time

from tfx_pipeline.local.lock import exclusive


def hold(lock_file, held) -> None:
    with exclusive(lock_file, lambda owner: None):
        held.set()
        time.sleep(60)


def test_a_second_run_waits_and_a_killed_one_frees_the_lock(tmp_path):
    lock_file = tmp_path / "run.lock"
    context = multiprocessing.get_context("fork")
    held = context.Event()
    process = context.Process(target=hold, args=(lock_file, held))
    process.start()
    assert held.wait(10)
    waited_for = []

    def kill_the_owner(owner: str) -> None:
        waited_for.append(owner)
        os.kill(int(owner), signal.SIGKILL)

    with exclusive(lock_file, kill_the_owner):
        assert waited_for == [str(process.pid)]
        assert lock_file.read_text() == str(os.getpid())
    process.join()
