"""Runtime parameters: declared once, each with one type and one default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tfx.orchestration.data_types import RuntimeParameter

from tfx_kubeflow.compiler import ir
from tfx_kubeflow.compiler.parameters import TYPES, check_runtime_parameter
from tfx_kubeflow.errors import CompileError


class RuntimeParameters:
    """The parameters of a pipeline's runs.

    Attributes:
        declared: Name -> ParameterSpec, as the root component declares it.
    """

    def __init__(self) -> None:
        self.declared: ir.Spec = {}

    def declare(self, parameter: RuntimeParameter) -> None:
        """Adds a parameter.

        Raises:
            CompileError: Its name or default is not possible, or the name was declared with another
                type or default.
        """
        check_runtime_parameter(parameter)
        described: ir.Spec = {"parameterType": TYPES[parameter.ptype or str]}
        if parameter.default is not None:
            described["defaultValue"] = parameter.default
        known = self.declared.setdefault(parameter.name, described)
        if "defaultValue" in described:
            known.setdefault("defaultValue", parameter.default)
        if known != {**known, **described}:
            raise CompileError(
                f"runtime parameter {parameter.name!r}",
                f"it is declared twice, as {_shown(known)} and as {_shown(described)}",
                "Use one RuntimeParameter object, or give one of them another name.",
            )


def _shown(described: Mapping[str, Any]) -> str:
    default = described.get("defaultValue")
    return f"{described['parameterType']} with default {default!r}"


def override_defaults(spec: ir.Spec, values: Mapping[str, Any]) -> None:
    """Replaces defaults of runtime parameters.

    Raises:
        CompileError: The pipeline has no such parameter, or it is of another type, or the value
            could not be its own default either.
    """
    declared = spec["root"].get("inputDefinitions", {}).get("parameters", {})
    for name, value in values.items():
        where = f"runtime parameter {name!r}"
        if name not in declared:
            known = ", ".join(sorted(declared)) or "none"
            raise CompileError(where, "the pipeline has no such parameter", f"It has: {known}.")
        if TYPES.get(type(value)) != declared[name]["parameterType"]:
            raise CompileError(
                where,
                f"{value!r} is no {declared[name]['parameterType']}",
                "Give a value of the parameter's own type.",
            )
        check_runtime_parameter(RuntimeParameter(name, type(value), value))
        declared[name]["defaultValue"] = value
