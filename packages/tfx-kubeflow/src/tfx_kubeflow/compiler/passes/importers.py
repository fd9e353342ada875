"""Importers: only what Kubeflow Pipelines reads, only addresses it can import, one record each."""

from tfx_kubeflow.compiler import ir
from tfx_kubeflow.errors import CompileError

SOURCE = "uri"
"""Name of the parameter with the address; KFP's local runner knows only this one."""
IMPORTED_BY = "imported_by"
"""Property of what was imported: the task that did it."""
SCHEMES = ("gs://", "s3://", "minio://")


def importers(spec: ir.Spec) -> ir.Spec:
    """Checks importers, takes TFX's own parameters from them and tells their artifacts apart.

    KFP's importer looks for a record of the same address, type and properties before it makes one.
    Were it that of another task, a step that takes both would take one artifact twice, on which
    KFP's driver fails.

    Raises:
        CompileError: The address is no object store's, or the importer has a condition.
    """
    spec = ir.copied(spec)
    for task in ir.tasks(spec):
        importer = ir.executor(spec, task.body).get("importer")
        if importer is None:
            continue
        address = importer["artifactUri"]
        constant = address.get("constant")
        if constant is not None and not constant.startswith(SCHEMES):
            raise CompileError(
                task.id,
                f"{constant!r} cannot be imported: Kubeflow Pipelines takes {', '.join(SCHEMES)}",
                "Copy the artifact into the pipeline root's store and import it from there.",
            )
        if task.body.get("triggerPolicy", {}).get("condition"):
            raise CompileError(
                task.id,
                "Kubeflow Pipelines runs no condition on an importer",
                "Take the Importer out of the condition; it costs nothing.",
            )
        _keep_address_only(spec, task, address)
        importer.setdefault("metadata", {})[IMPORTED_BY] = task.id
    return spec


def _keep_address_only(spec: ir.Spec, task: ir.Task, address: ir.Spec) -> None:
    definition = ir.component(spec, task.body)
    given = ir.parameters(task.body).get(address.get("runtimeParameter", ""))
    task.body.setdefault("inputs", {})["parameters"] = {SOURCE: given} if given else {}
    definition.pop("inputDefinitions", None)
    if given:
        address["runtimeParameter"] = SOURCE
        kind = {"parameterType": ir.STRING}
        ir.declare(definition, "parameters", "inputDefinitions", SOURCE, kind)
