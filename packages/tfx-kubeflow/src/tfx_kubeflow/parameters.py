"""Runtime parameters: from texts of the command line to what a package declares."""

from collections.abc import Mapping
from typing import Any

from tfx_kubeflow.errors import ParameterError

CONVERT = {"NUMBER_INTEGER": int, "NUMBER_DOUBLE": float}


def typed_parameters(spec: dict[str, Any], given: Mapping[str, str]) -> dict[str, Any]:
    """Turns texts of the command line into what the pipeline declares.

    Args:
        spec: Its PipelineSpec.
        given: Parameter -> text.

    Raises:
        ParameterError: A name that the pipeline does not declare, a value of the wrong kind, or a
            parameter without default that is missing.
    """
    declared = spec.get("root", {}).get("inputDefinitions", {}).get("parameters", {})
    for name in given:
        if name not in declared:
            known = ", ".join(sorted(declared)) or "none"
            raise ParameterError(f"no runtime parameter {name!r}; the pipeline has: {known}")
    missing = [
        name
        for name, kind in declared.items()
        if name not in given and "defaultValue" not in kind and not kind.get("isOptional")
    ]
    if missing:
        raise ParameterError(
            f"{', '.join(missing)}: without a default; give --runtime-parameter=NAME=VALUE"
        )
    found = {}
    for name, text in given.items():
        kind = declared[name].get("parameterType")
        try:
            found[name] = CONVERT.get(kind, str)(text)
        except ValueError as error:
            raise ParameterError(f"runtime parameter {name}: {text!r} is no {kind}") from error
    return found
