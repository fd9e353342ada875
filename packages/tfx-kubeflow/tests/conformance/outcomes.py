"""What becomes of a case: compiled, refused with words, or a traceback."""

import contextlib
import hashlib
import io
import logging
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import tfx
import yaml
from conformance.registry import Built, Case
from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.dsl.components.common.importer import Importer
from tfx.dsl.components.common.resolver import Resolver
from tfx.utils import name_utils
from tfx_kubeflow.compiler.package import package_text
from tfx_kubeflow.errors import CompileError
from tfx_kubeflow.local.process import Command, Ended, NotRunnableError
from tfx_kubeflow.local.runner import RunFailedError, run_locally
from tfx_kubeflow.protocol import ENTRYPOINT
from tfx_kubeflow.runner import KubeflowRunner
from tfx_kubeflow.steps import entrypoint

VOLATILE = re.compile(r"^sdkVersion: .*$", re.M)


@dataclass(frozen=True)
class Outcome:
    """What became of a case.

    Attributes:
        verdict: compiles, refused, tfx refuses, absent, or traceback.
        words: The refusal.
        package: Text of the package.
        classes: Executors of the pipeline's nodes, by import path.
    """

    verdict: str
    words: str = ""
    package: str = ""
    classes: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """Digest of the package without what changes from version to version."""
        if not self.package:
            return ""
        return hashlib.sha256(VOLATILE.sub("", self.package).encode()).hexdigest()[:16]

    @property
    def documents(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The PipelineSpec and the platform document."""
        spec, *rest = yaml.load_all(self.package, Loader=yaml.CSafeLoader)
        return spec, rest[0] if rest else {}


def outcome(case: Case) -> Outcome:
    """Compiles a case."""
    logging.disable(logging.ERROR)
    try:
        with tempfile.TemporaryDirectory() as folder:
            found = _outcome(case, Path(folder))
            words, package = _plain(found.words, folder), _plain(found.package, folder)
            return replace(found, words=words, package=package)
    finally:
        logging.disable(logging.NOTSET)


def _plain(text: str, folder: str) -> str:
    """Text without the paths of this machine."""
    return text.replace(folder, "/folder").replace(str(Path(tfx.__file__).parent), "/tfx")


def _outcome(case: Case, folder: Path) -> Outcome:
    try:
        built = case.built(folder)
    except ImportError as error:
        return Outcome("absent", str(error).partition(" (")[0])
    except CompileError as error:
        return Outcome("refused", str(error))
    except Exception as error:
        return Outcome("tfx refuses", f"{type(error).__name__}: {_line(error)}")
    runner = KubeflowRunner(built.settings)
    try:
        if built.exit_handler is not None:
            runner.set_exit_handler(built.exit_handler)
        spec, platform = runner.compile(built.pipeline, dict(built.values))
        return Outcome("compiles", package=package_text(spec, platform), classes=_classes(built))
    except CompileError as error:
        return Outcome("refused", str(error))
    except Exception as error:
        return Outcome("traceback", f"{type(error).__name__}: {_line(error)}")


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]


def _classes(built: Built) -> tuple[str, ...]:
    return tuple(
        name_utils.get_full_name(node.executor_spec.executor_class)
        for node in built.pipeline.components
        if isinstance(node, BaseComponent)
        and isinstance(node.executor_spec, ExecutorClassSpec)
        and not isinstance(node, Importer | Resolver)
    )


def disagreements(case: Case, package: str) -> list[str]:
    """Runs a package of a case on this machine, its steps in this process.

    Args:
        case: The case.
        package: Text of its package.

    Returns:
        What did not come out as the case expects.
    """
    with tempfile.TemporaryDirectory() as folder:
        words = _run(case, package, Path(folder))
        if case.fails not in words or bool(words) != bool(case.fails):
            return [(words or "did not fail").replace(folder, "/folder")]
        return [
            f"{name} is {text!r} instead of {expected!r}"
            for name, expected in (case.runs or {}).items()
            if (text := _text(Path(folder), name)) != expected
        ]


def _run(case: Case, package: str, folder: Path) -> str:
    """Runs a package; returns the cause if it failed."""
    path = folder / "package.yaml"
    path.write_text(package, encoding="utf-8")
    try:
        run_locally(path, folder / "root", dict(case.arguments), launch=_step)
    except RunFailedError as error:
        return error.record.cause
    except Exception as error:
        return f"{type(error).__name__}: {_line(error)}"
    return ""


def _text(folder: Path, name: str) -> str | None:
    """What a run left in an output, named by `<task>/<output>`."""
    task, output = name.split("/")
    found = list((folder / "root").glob(f"*/*/{task}/*/{output}"))
    return found[0].read_text(encoding="utf-8") if found else None


def _step(command: Command, say: Callable[[str], None]) -> Ended:
    """Runs a step as its process would, without the seconds that a process needs to import TFX."""
    if list(command.arguments[: len(ENTRYPOINT)]) != ENTRYPOINT:
        raise NotRunnableError(f"{command.task} is a container component")
    output = io.StringIO()
    try:
        with contextlib.redirect_stderr(output), contextlib.redirect_stdout(output):
            code = entrypoint.main(list(command.arguments[len(ENTRYPOINT) :]))
    except SystemExit as ended:
        code = int(ended.code or 0)
    for line in output.getvalue().splitlines():
        say(line)
    return Ended(code)
