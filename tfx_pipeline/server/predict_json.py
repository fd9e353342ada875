"""A predict request in JSON: TensorFlow Serving's row format, its column format, and the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfx_pipeline.hints import did_you_mean
from tfx_pipeline.server.errors import invalid
from tfx_pipeline.server.json_document import kind, parse
from tfx_pipeline.server.json_tensors import BASE64, columns_to_json, rows_to_json, to_array
from tfx_pipeline.server.plane import Target
from tfx_pipeline.server.signature import Signature, Spec

INSTANCES, INPUTS, SIGNATURE = "instances", "inputs", "signature_name"
ANSWERS = {INSTANCES: "predictions", INPUTS: "outputs"}


@dataclass(frozen=True)
class PredictJson:
    """What a body asks.

    Attributes:
        signature: That it calls.
        form: `instances` or `inputs`.
        inputs: By name.
        output_filter: Empty, for all outputs: this form has none.
    """

    signature: Signature
    form: str
    inputs: dict[str, np.ndarray]
    output_filter: tuple[str, ...] = ()

    def answer(self, outputs: Mapping[str, np.ndarray]) -> bytes:
        """Returns the body of the answer, in the form of the request.

        Raises:
            ServingError: The outputs have no such form.
        """
        text = rows_to_json(outputs) if self.form == INSTANCES else columns_to_json(outputs)
        return b'{"%s":%s}' % (ANSWERS[self.form].encode(), text)


def read_predict(body: bytes, target: Target) -> PredictJson:
    """Reads a body by the signature that it names.

    Args:
        body: A JSON object.
        target: Whose signatures are meant.

    Raises:
        ServingError: It is malformed; the message names the field.
    """
    document = parse(body)
    for key in document:
        if key not in (SIGNATURE, INSTANCES, INPUTS):
            known = (SIGNATURE, INSTANCES, INPUTS)
            hint = did_you_mean(key, known) or f"; known are {', '.join(known)}"
            raise invalid(f"unknown key {key!r}{hint}")
    name = document.get(SIGNATURE, "")
    if not isinstance(name, str):
        raise invalid(f"{SIGNATURE}: must be a string, is {kind(name)}")
    signature = target.signature(name)
    if INSTANCES in document and INPUTS in document:
        raise invalid(f"{INSTANCES!r} and {INPUTS!r} exclude each other; send one")
    if INSTANCES in document:
        return PredictJson(signature, INSTANCES, _of_rows(document[INSTANCES], signature))
    if INPUTS in document:
        return PredictJson(signature, INPUTS, _of_columns(document[INPUTS], signature))
    raise invalid(f"Missing {INPUTS!r} or {INSTANCES!r} key")


def _of_rows(rows: Any, signature: Signature) -> dict[str, np.ndarray]:
    if not isinstance(rows, list):
        raise invalid(f"{INSTANCES}: must be an array, is {kind(rows)}")
    if not rows:
        raise invalid(f"{INSTANCES}: is empty; at least one is needed")
    if not _is_named(rows[0]):
        name, spec = _only_input(signature, INSTANCES)
        return {name: to_array(rows, spec, INSTANCES)}
    for number, row in enumerate(rows):
        if not _is_named(row):
            raise invalid(
                f"{INSTANCES}[{number}]: must be an object as those before it, is {kind(row)}"
            )
        if row.keys() != signature.inputs.keys():
            _refuse_names(row, signature, f"{INSTANCES}[{number}]")
    return {
        name: to_array([row[name] for row in rows], spec, f"{name} of {INSTANCES}")
        for name, spec in signature.inputs.items()
    }


def _of_columns(columns: Any, signature: Signature) -> dict[str, np.ndarray]:
    if not _is_named(columns):
        name, spec = _only_input(signature, INPUTS)
        return {name: to_array(columns, spec, INPUTS)}
    if columns.keys() != signature.inputs.keys():
        _refuse_names(columns, signature, INPUTS)
    return {
        name: to_array(columns[name], spec, f"{INPUTS}[{name!r}]")
        for name, spec in signature.inputs.items()
    }


def _is_named(value: Any) -> bool:
    """Whether a value is an object of inputs, and not bytes."""
    return isinstance(value, dict) and not (
        value.keys() == {BASE64} and isinstance(value[BASE64], str)
    )


def _only_input(signature: Signature, form: str) -> tuple[str, Spec]:
    if len(signature.inputs) != 1:
        what = "an array of objects" if form == INSTANCES else "an object"
        raise invalid(
            f"{form}: must be {what}, for signature {signature.name!r} takes "
            f"{', '.join(signature.inputs) or 'nothing'}"
        )
    [(name, spec)] = signature.inputs.items()
    return name, spec


def _refuse_names(names: Mapping[str, Any], signature: Signature, where: str) -> None:
    for name in names:
        if name not in signature.inputs:
            hint = did_you_mean(name, signature.inputs)
            known = hint or f"; signature {signature.name!r} takes {', '.join(signature.inputs)}"
            raise invalid(f"{where}: unknown input {name!r}{known}")
    missing = ", ".join(repr(name) for name in signature.inputs if name not in names)
    raise invalid(f"{where}: lacks input {missing}")
