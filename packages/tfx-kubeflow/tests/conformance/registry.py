"""Cases: pipelines, and what must become of each on Kubeflow Pipelines."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from kubeflow_cases import pipelines
from tfx.orchestration.pipeline import Pipeline
from tfx_kubeflow.settings import KubeflowSettings

Expectation = Literal["compiles", "refused", "either", "tfx refuses", "absent"]
"""either: runs or is refused; the recorded verdict says which. absent: TFX ships the file, but it
cannot be imported here."""

SETTINGS = KubeflowSettings(image="registry/image:1")


@dataclass(frozen=True)
class Built:
    """A pipeline to compile, and with what.

    Attributes:
        pipeline: The pipeline.
        settings: The runner's settings.
        exit_handler: The exit handler, if there is one.
        values: Runtime parameter -> default that replaces the pipeline's own.
    """

    pipeline: Pipeline
    settings: KubeflowSettings = SETTINGS
    exit_handler: Any = None
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """A pipeline with one feature.

    Attributes:
        name: A sentence.
        theme: The module that holds it.
        build: Makes the pipeline; may take `folder`, a temporary one.
        expect: What must become of it.
        source: File of TFX that it is from; empty for one of ours.
        at: What the refusal must name: a node, a setting.
        runs: Files below a local run's folder -> their text; None: it must not be there.
        arguments: Runtime parameters of the local run.
        fails: Words with which the local run must fail.
    """

    name: str
    theme: str
    build: Callable[..., Any]
    expect: Expectation = "compiles"
    source: str = ""
    at: str = ""
    runs: Mapping[str, str | None] | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    fails: str = ""

    @property
    def key(self) -> str:
        """The name without spaces."""
        return self.name.replace(" ", "-")

    @property
    def takes_folder(self) -> bool:
        """Whether the pipeline is made of files."""
        return bool(inspect.signature(self.build).parameters)

    def built(self, folder: Path) -> Built:
        """Makes the pipeline."""
        made = self.build(folder) if self.takes_folder else self.build()
        if isinstance(made, list | tuple):
            made = pipelines.pipeline(*made)
        return made if isinstance(made, Built) else Built(made)


CASES: dict[str, Case] = {}


def case(expect: Expectation = "compiles", **more: Any) -> Callable[[Any], Any]:
    """Adds a function that makes a pipeline, or nodes of one, to the cases.

    Args:
        expect: What must become of it.
        more: Further attributes of the case.
    """

    def add(build: Callable[..., Any]) -> Callable[..., Any]:
        name = more.pop("name", build.__name__.replace("_", " "))
        theme = more.pop("theme", build.__module__.rpartition(".")[2])
        if name in CASES:
            raise ValueError(f"there are two cases {name!r}")
        CASES[name] = Case(name=name, theme=theme, build=build, expect=expect, **more)
        return build

    return add
