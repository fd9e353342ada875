"""Importers: only URIs that Kubeflow Pipelines can import, and one record each."""

import re

from tfx_kubeflow.compiler import ir
from tfx_kubeflow.compiler.context import Context
from tfx_kubeflow.errors import CompileError
from tfx_kubeflow.storage.uris import MOUNTS

IMPORTED_BY = "imported_by"
"""Property of what was imported: the task that did it."""


def importers(spec: ir.Spec, context: Context) -> None:
    """Checks importers and keeps their artifacts apart.

    KFP's importer looks for a record of the same URI, type and properties before it makes one. Were
    it that of another task, a step that takes both would take one artifact twice, on which KFP's
    driver fails.

    Raises:
        CompileError: The URI is no object store's, or the importer has a condition.
    """
    del context
    for task in ir.tasks(spec):
        importer = ir.executor(spec, task.body).get("importer")
        if importer is None:
            continue
        _check_uri(spec, task, importer["artifactUri"])
        if task.body.get("triggerPolicy", {}).get("condition"):
            raise CompileError(
                task.id,
                "Kubeflow Pipelines runs no condition on an importer",
                "Take the Importer out of the condition; it costs nothing.",
            )
        importer.setdefault("metadata", {})[IMPORTED_BY] = task.id


def _check_uri(spec: ir.Spec, task: ir.Task, uri: ir.Spec) -> None:
    given = uri.get("constant")
    if given is None:
        source = ir.parameters(task.body).get(uri["runtimeParameter"], {})
        declared = spec["root"].get("inputDefinitions", {}).get("parameters", {})
        given = declared.get(source.get("componentInputParameter"), {}).get("defaultValue")
    schemes = tuple(MOUNTS)
    if given is not None and not re.fullmatch(rf"({'|'.join(schemes)})[^/]+(/.*)?", str(given)):
        raise CompileError(
            task.id,
            f"{given!r} cannot be imported: Kubeflow Pipelines takes {', '.join(schemes)}",
            "Copy the artifact into the pipeline root's store and import it from there.",
        )
