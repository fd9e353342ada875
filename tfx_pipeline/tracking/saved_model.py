"""A SavedModel as MLflow's TensorFlow flavour reads it: the files as they are, no pickled code."""

from __future__ import annotations

import shutil
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import mlflow.pyfunc
import numpy as np
from mlflow.models import Model, ModelSignature
from mlflow.types import ColSpec, Schema, TensorSpec

from tfx_pipeline.model_contract import (
    DEFAULT_SIGNATURE,
    METADATA_FILE,
    OUTPUTS,
    REQUESTS_FILE,
    Input,
    ModelMetadata,
)
from tfx_pipeline.serving.requests import read_requests

SAVED_MODEL = "saved_model"
"""Folder in the model's."""
FLAVOUR = {
    # MLflow's name for a SavedModel that answers through a signature, whatever made it.
    "model_type": "tf1-estimator",
    "saved_model_dir": SAVED_MODEL,
    "meta_graph_tags": ["serve"],
    "signature_def_key": DEFAULT_SIGNATURE,
}


def save(source: Path, target: Path) -> None:
    """Writes a folder that `mlflow.pyfunc` and `mlflow.tensorflow` load.

    Args:
        source: Folder of the SavedModel.
        target: The new folder.
    """
    metadata = ModelMetadata.model_validate_json((source / METADATA_FILE).read_bytes())
    mlflow.pyfunc.save_model(
        target,
        loader_module="mlflow.tensorflow",
        mlflow_model=Model().add_flavor("tensorflow", **FLAVOUR),
        signature=_signature(metadata),
        input_example=_example(source, metadata),
        pip_requirements=[f"tensorflow=={_tensorflow()}"],
    )
    shutil.copytree(source, target / SAVED_MODEL)


def _signature(metadata: ModelMetadata) -> ModelSignature:
    """The default signature; the batch comes first and is of any size."""
    inputs: list[ColSpec | TensorSpec] = [
        TensorSpec(_dtype(one), (-1, *one.shape), name) for name, one in metadata.inputs.items()
    ]
    forecast = np.dtype(np.float32), (-1, metadata.horizon)
    outputs: list[ColSpec | TensorSpec] = [TensorSpec(*forecast, name) for name in OUTPUTS]
    return ModelSignature(Schema(inputs), Schema(outputs))


def _example(source: Path, metadata: ModelMetadata) -> dict[str, np.ndarray]:
    """The first row of the requests that travel with the model."""
    requests = read_requests(source / REQUESTS_FILE)
    inputs = next(one.inputs for one in requests if one.signature_name == DEFAULT_SIGNATURE)
    return {
        name: _as_text(inputs[name][:1]) if one.dtype == "string" else inputs[name][:1]
        for name, one in metadata.inputs.items()
    }


def _as_text(values: np.ndarray) -> np.ndarray:
    return np.array([value.decode() for value in values])


def _dtype(one: Input) -> np.dtype:
    return np.dtype(np.str_ if one.dtype == "string" else one.dtype)


def _tensorflow() -> str:
    """TensorFlow's version; the image has the build without its GPU half."""
    try:
        return version("tensorflow")
    except PackageNotFoundError:
        return version("tensorflow-cpu")
