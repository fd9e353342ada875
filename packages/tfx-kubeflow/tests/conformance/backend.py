"""Runs cases on a Kubeflow Pipelines, many as one pipeline, and compares what they leave behind.

    KFP_ENDPOINT=... MINIO_ENDPOINT=... MINIO_ACCESS_KEY=... MINIO_SECRET_KEY=... \\
    PYTHONPATH=packages/tfx-kubeflow/tests .venv/bin/python -m conformance.backend IMAGE THEME...

The image is the project's with the package `conformance` beside it, for the cases' components.
"""

import argparse
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import kfp
from conformance import table
from conformance.outcomes import outcome
from conformance.references import problems
from conformance.registry import CASES, Case
from kubeflow_cases import pipelines
from tfx.dsl.components.base.base_node import BaseNode
from tfx.dsl.context_managers import dsl_context_registry
from tfx.dsl.experimental.conditionals.conditional import get_predicates
from tfx.dsl.io import fileio
from tfx.types.channel import ChannelWrappedPlaceholder
from tfx_kubeflow.compiler.package import package_text
from tfx_kubeflow.runner import KubeflowRunner
from tfx_kubeflow.settings import KubeflowSettings
from tfx_kubeflow.storage import object_store

TIMEOUT = 3600
"""Seconds of a run."""
CORES = "300m"
"""What a step asks for, so that not all of them start at once."""
AS_EXPECTED = "on a backend"


def fits(case: Case) -> bool:
    """Says whether a case can be part of a pipeline with others and leaves something behind."""
    if not case.runs or case.fails or case.arguments or case.takes_folder:
        return False
    found = outcome(case)
    if found.verdict != "compiles":
        return False
    spec, _ = found.documents
    return "inputDefinitions" not in spec["root"] and not problems(spec, found.classes)


def merged(cases: Sequence[Case], name: str) -> pipelines.v1.dsl.Pipeline:
    """Makes one pipeline of the nodes of several cases."""
    nodes = []
    for number, case in enumerate(cases):
        made = case.build()
        if not isinstance(made, list):
            raise TypeError(f"{case.name!r} is more than nodes")
        for node in made:
            _forget_names(node)
        nodes += [node.with_id(f"{node.id}-c{number}") for node in made]
    return pipelines.pipeline(*nodes, name=name)


def _forget_names(node: BaseNode) -> None:
    """Lets the conditions of a node name others as they are called when it is compiled."""
    for predicate in get_predicates(node, dsl_context_registry.get()):
        for part in predicate.traverse():
            if isinstance(part, ChannelWrappedPlaceholder):
                part.set_key(None)


def run(cases: Sequence[Case], name: str, image: str) -> dict[str, str]:
    """Runs cases as one pipeline.

    Args:
        cases: The cases.
        name: Name of the pipeline.
        image: Image of the steps.

    Returns:
        Name of a case -> AS_EXPECTED, or what was different.
    """
    settings = KubeflowSettings(image=image, defaults={"cache": False, "cpu_request": CORES})
    spec, platform = KubeflowRunner(settings).compile(merged(cases, name))
    client = kfp.Client(host=os.environ["KFP_ENDPOINT"])
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder, f"{name}.yaml")
        package.write_text(package_text(spec, platform), encoding="utf-8")
        made = client.create_run_from_pipeline_package(
            str(package), run_name=name, enable_caching=False, pipeline_root=settings.pipeline_root
        )
    state = client.wait_for_run_completion(made.run_id, TIMEOUT, sleep_duration=5).state
    root = f"{settings.pipeline_root}/{name}/{made.run_id}"
    return {case.name: _compared(case, number, root, state) for number, case in enumerate(cases)}


def _compared(case: Case, number: int, root: str, state: str) -> str:
    wrong = []
    for path, expected in (case.runs or {}).items():
        task, output = path.split("/")
        found = fileio.glob(f"{root}/{task}-c{number}/*/{output}")
        text = fileio.open(found[0], "rb").read().decode() if found else None
        if text != expected:
            wrong.append(f"{path} is {text!r} instead of {expected!r} in a run that {state}")
    return "; ".join(wrong) or AS_EXPECTED


def main() -> None:
    """Runs the cases of some themes and records what became of them."""
    parser = argparse.ArgumentParser(prog="conformance.backend", description=__doc__)
    parser.add_argument("image")
    parser.add_argument("themes", nargs="+")
    parser.add_argument("--at-once", type=int, default=12, help="cases in one pipeline")
    options = parser.parse_args()
    object_store.register()
    chosen = [case for case in CASES.values() if case.theme in options.themes and fits(case)]
    for start in range(0, len(chosen), options.at_once):
        group = chosen[start : start + options.at_once]
        name = f"conformance-{group[0].theme.replace('_', '-')}-{start}"
        answers = run(group, name, options.image)
        recorded = table.verdicts()
        for case, said in answers.items():
            print(f"{case}: {said}", flush=True)
            recorded[case]["backend"] = said
        table.write(recorded)


if __name__ == "__main__":
    main()
