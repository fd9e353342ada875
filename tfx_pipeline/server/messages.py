"""Status and metadata of models as the protocol buffers of TensorFlow Serving, for both APIs."""

from __future__ import annotations

from tensorflow_serving.apis.get_model_metadata_pb2 import GetModelMetadataResponse, SignatureDefMap
from tensorflow_serving.apis.get_model_status_pb2 import GetModelStatusResponse

from tfx_pipeline.server.errors import Code, ServingError
from tfx_pipeline.server.plane import Asked, DataPlane

SIGNATURE_DEF = "signature_def"
"""The one field of metadata that there is."""


def model_status(plane: DataPlane, asked: Asked) -> GetModelStatusResponse:
    """Returns what became of a model's versions, newest first, or of the one that is named.

    Raises:
        ServingError: There is no such model, version or label.
    """
    model = plane.model(asked.model)
    statuses = dict(sorted(model.statuses.copy().items(), reverse=True))
    number = asked.version
    if asked.label is not None:
        number = model.routing.chosen(asked.model, asked.version, asked.label, None).number
    if number is not None and number not in statuses:
        message = f"Could not find version {number} of model {asked.model}"
        raise ServingError(Code.NOT_FOUND, message)
    if not statuses:
        message = f"Could not find any versions of model {asked.model}: {model.problem}"
        raise ServingError(Code.NOT_FOUND, message)
    response = GetModelStatusResponse()
    for version in statuses if number is None else [number]:
        status = statuses[version]
        response.model_version_status.add(
            version=version,
            state=status.state.value,
            status={"error_code": int(status.code), "error_message": status.message},
        )
    return response


def model_metadata(plane: DataPlane, asked: Asked) -> GetModelMetadataResponse:
    """Returns the signatures of a version.

    Raises:
        ServingError: There is no such model, version or label.
    """
    with plane.target(asked) as target:
        signatures = SignatureDefMap()
        for name, definition in target.version.definitions.items():
            signatures.signature_def[name].CopyFrom(definition)
        response = GetModelMetadataResponse()
        response.model_spec.name = asked.model
        response.model_spec.version.value = target.version.number
        response.metadata[SIGNATURE_DEF].Pack(signatures)
        return response
