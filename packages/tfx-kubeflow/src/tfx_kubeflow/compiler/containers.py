"""Container components: their command lines, and what a component asks for by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kfp.pipeline_spec import pipeline_spec_pb2
from tfx.dsl.component.experimental import placeholders
from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.placeholder.placeholder import Placeholder
from tfx.proto.orchestration import placeholder_pb2

from tfx_kubeflow.compiler import ir
from tfx_kubeflow.compiler.parameters import Parameter
from tfx_kubeflow.errors import CompileError
from tfx_kubeflow.protocol import is_template
from tfx_kubeflow.settings import grammar

ResourceSpec = pipeline_spec_pb2.PipelineDeploymentConfig.PipelineContainerSpec.ResourceSpec


def container(node: BaseComponent, parameters: Mapping[str, Parameter]) -> ir.Spec:
    """Returns image and command line of a container component.

    Raises:
        CompileError: The command line holds what Kubeflow Pipelines does not fill in.
    """
    for name, given in parameters.items():
        if given.escaped or (given.runtime and "runtimeValue" in given.source):
            raise CompileError(
                f"{node.id}: parameter {name!r}",
                "a container is passed its text as it is, and in this one Kubeflow Pipelines "
                "would expand braces or miss a runtime parameter",
                "Write it without double braces, and give runtime parameters by themselves.",
            )
    executor = node.executor_spec
    try:
        found: ir.Spec = {"image": grammar.image(executor.image)}
    except ValueError as error:
        problem = f"its image {executor.image!r} is {error}"
        raise CompileError(node.id, problem, "Name an image that a registry has.") from None
    for part in ("command", "args"):
        tokens = [_word(node, word) for word in getattr(executor, part) or ()]
        if tokens:
            found[part] = tokens
    return found


def _word(node: BaseComponent, word: Any) -> str:
    if isinstance(word, str):
        if is_template(word):
            raise CompileError(
                node.id,
                f"its command holds {word!r}, which Argo or KFP's database would change",
                "Put the text into a file of the image, or write it without double braces and "
                "characters beyond U+FFFF.",
            )
        return word
    if isinstance(word, placeholders.InputValuePlaceholder):
        return _value(node, word.input_name)
    if isinstance(word, placeholders.InputUriPlaceholder):
        _require(node, word.input_name, node.inputs, "input")
        # A container reads and writes files, which KFP's launcher moves.
        return f"{{{{$.inputs.artifacts['{word.input_name}'].path}}}}"
    if isinstance(word, placeholders.OutputUriPlaceholder):
        _require(node, word.output_name, node.outputs, "output")
        return f"{{{{$.outputs.artifacts['{word.output_name}'].path}}}}"
    if isinstance(word, placeholders.ConcatPlaceholder):
        return "".join(_word(node, item) for item in word.items)
    if isinstance(word, Placeholder):
        return _expression(node, word.encode())
    raise _refusal(node, f"a {type(word).__name__}")


def _expression(node: BaseComponent, expression: Any) -> str:
    """A placeholder of TFX's newer kind: parameters, URIs of artifacts, and texts of them."""
    if expression.HasField("value"):
        return _word(node, getattr(expression.value, expression.value.WhichOneof("value")))
    if expression.HasField("placeholder"):
        placeholder = expression.placeholder
        if placeholder.type == placeholder_pb2.Placeholder.EXEC_PROPERTY:
            return _word(node, placeholders.InputValuePlaceholder(placeholder.key))
    elif expression.HasField("operator"):
        name = expression.operator.WhichOneof("operator_type")
        operator = getattr(expression.operator, name)
        if name == "concat_op":
            return "".join(_expression(node, part) for part in operator.expressions)
        index = operator.expression.operator.index_op if name == "artifact_uri_op" else None
        if index is not None and index.index == 0 and not operator.split:
            artifact = index.expression.placeholder
            if artifact.type == placeholder_pb2.Placeholder.INPUT_ARTIFACT:
                return _word(node, placeholders.InputUriPlaceholder(artifact.key))
            if artifact.type == placeholder_pb2.Placeholder.OUTPUT_ARTIFACT:
                return _word(node, placeholders.OutputUriPlaceholder(artifact.key))
    raise _refusal(node, "an expression")


def _refusal(node: BaseComponent, what: str) -> CompileError:
    return CompileError(
        node.id,
        f"its command holds {what} that Kubeflow Pipelines does not fill in",
        "Use texts, parameters, and URIs of inputs and outputs.",
    )


def _value(node: BaseComponent, name: str) -> str:
    if name in node.inputs:
        raise CompileError(
            node.id,
            "a container cannot be given the value of an artifact",
            "Give it the artifact's URI, and read the value there.",
        )
    _require(node, name, node.exec_properties, "parameter")
    return f"{{{{$.inputs.parameters['{name}']}}}}"


def _require(node: BaseComponent, name: str, known: Mapping[str, Any], what: str) -> None:
    if known.get(name) is None:
        raise CompileError(
            node.id,
            f"its command names {what} {name!r}, which it is not given",
            f"Give it one of {', '.join(sorted(known)) or 'none'}.",
        )


def platform_resources(node: BaseComponent) -> ir.Spec:
    """Returns what a component asks for with `with_platform_config`.

    Raises:
        CompileError: It is no ResourceSpec, or asks for less than nothing.
    """
    requested = node.platform_config
    if requested is None:
        return {}
    if not isinstance(requested, ResourceSpec):
        raise CompileError(
            node.id,
            f"its platform_config is a {type(requested).__name__}",
            "Give a PipelineContainerSpec.ResourceSpec, or set it in the settings of the node.",
        )
    if requested.cpu_limit < 0 or requested.memory_limit < 0 or requested.accelerator.count < 0:
        raise CompileError(
            node.id, "its platform_config asks for less than nothing", "Give positive numbers."
        )
    found: ir.Spec = {}
    if requested.cpu_limit:
        found["resourceCpuLimit"] = f"{requested.cpu_limit:g}"
    if requested.memory_limit:
        found["resourceMemoryLimit"] = f"{requested.memory_limit:g}G"
    if requested.accelerator.type:
        found["accelerator"] = {
            "resourceType": requested.accelerator.type,
            "resourceCount": str(requested.accelerator.count),
        }
    return {"resources": found} if found else {}
