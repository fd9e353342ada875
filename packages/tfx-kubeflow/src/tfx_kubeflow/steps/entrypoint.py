"""Entrypoint of every step: `python -m tfx_kubeflow.steps.entrypoint --step JSON ...`.

Imports nothing heavy itself: what a step needs is imported when its kind is known.
"""

import argparse
import json
import logging
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from tfx_kubeflow.imports import defer_modules, use_local_files, without_collection
from tfx_kubeflow.log_records import log_to_stderr
from tfx_kubeflow.protocol import DriverStep, ResolverStep, Step, decode
from tfx_kubeflow.steps.output import write_output

log = logging.getLogger("tfx_kubeflow.steps")  # it runs as __main__


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one step.

    Args:
        arguments: `--step` (what to do), `--executor-input` (KFP's ExecutorInput, or `@` and the
            file that holds it), and Beam's own options.

    Returns:
        0; or after a failure, whose cause is the last line of the log, 1, and where the step was
        stopped, 128 and the signal's number, as shells have it.
    """
    parser = argparse.ArgumentParser(prog="entrypoint", allow_abbrev=False)
    parser.add_argument("--step", required=True)
    parser.add_argument("--executor-input", required=True)
    options, beam_args = parser.parse_known_args(arguments)
    log_to_stderr()
    logging.getLogger("apache_beam").setLevel(logging.WARNING)  # a line per type it cannot check
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # warnings of TensorFlow's C++ stay
    node = "step"
    try:
        step = decode(options.step)
        node = step.node
        executor_input = _with_repeated(_read(options.executor_input), step.same_inputs)
        with _stoppable():
            write_output(executor_input, _run(step, executor_input, beam_args))
    except SystemExit as error:  # 0 as well: what was made is not recorded
        return _failed(node, f"its code called sys.exit({error.code!r}); a component returns")
    except KeyboardInterrupt:
        return _failed(node, "it was stopped (SIGINT)", 128 + signal.SIGINT)
    except Stopped:
        cause = "it was stopped (SIGTERM), as when its run is terminated or its machine drained"
        return _failed(node, cause, 128 + signal.SIGTERM)
    except Exception as error:  # whatever an executor raises: the log must end with it
        return _failed(node, _cause(error))
    return 0


class Stopped(BaseException):
    """The pod is about to be removed; no executor takes it for a failure of its own."""


@contextmanager
def _stoppable() -> Iterator[None]:
    """Lets SIGTERM end the step as an error does: with a message, and without half an object."""

    def stop(number: int, frame: object) -> None:
        raise Stopped

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _failed(node: str, cause: str, status: int = 1) -> int:
    traceback.print_exc()
    sys.stdout.flush()
    print(f"{node} failed: {cause}", file=sys.stderr, flush=True)
    return status


def _read(text: str) -> dict[str, Any]:
    if text.startswith("@"):
        text = Path(text[1:]).read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def _with_repeated(executor_input: dict[str, Any], same: dict[str, str]) -> dict[str, Any]:
    artifacts = executor_input.get("inputs", {}).get("artifacts", {})
    for name, kept in same.items():
        if kept in artifacts:
            artifacts[name] = artifacts[kept]
    return executor_input


def _run(step: Step, executor_input: dict[str, Any], beam_args: list[str]) -> dict[str, Any]:
    log.info("%s: starts", step.node)
    with without_collection():
        run = _imported(step, beam_args)
        use_local_files()
    log.info("%s: all is imported", step.node)
    output = run(executor_input)
    log.info("%s: is done", step.node)
    return output


def _imported(step: Step, beam_args: list[str]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """What runs a step, everything imported."""
    if isinstance(step, DriverStep):
        from tfx_kubeflow.steps.example_gen_driver import run_driver

        return partial(run_driver, step)
    if isinstance(step, ResolverStep):
        from tfx_kubeflow.steps.resolver import import_strategy, run_resolver

        import_strategy(step)
        return partial(run_resolver, step)
    from tfx_kubeflow.steps.executor import import_executor, run_executor

    import_executor(step)
    return partial(run_executor, step, beam_args=beam_args)


def _cause(error: BaseException) -> str:
    """The error in one line, as `run status` shows it."""
    message = " ".join(str(error).split())
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


if __name__ == "__main__":
    defer_modules()
    sys.exit(main())
