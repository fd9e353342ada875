"""ExampleGen's driver: which span and version there is, and a fingerprint of its contents."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from tfx.components.example_gen import driver, utils
from tfx.components.example_gen.input_processor import FileBasedInputProcessor
from tfx.dsl.io import fileio
from tfx.proto import example_gen_pb2, range_config_pb2
from tfx.types import standard_component_specs as specs
from tfx.types.artifact import Artifact
from tfx.utils import proto_utils

from tfx_kubeflow.errors import StepError
from tfx_kubeflow.protocol import RESOLVED_CONFIG, DriverStep
from tfx_kubeflow.steps.parameters import unescaped
from tfx_kubeflow.storage import object_store

NO_VERSION = -1
"""KFP's integers know no null."""
CHUNK = 1 << 20


def run_driver(step: DriverStep, executor_input: dict[str, Any]) -> dict[str, Any]:
    """Resolves what an ExampleGen will read.

    Args:
        step: The ExampleGen's.
        executor_input: KFP's ExecutorInput with `input_base`, `input_config`, `range_config`.

    Returns:
        KFP's ExecutorOutput with span, version (-1: none), fingerprint and resolved config.
    """
    object_store.register()
    given = unescaped(executor_input["inputs"]["parameterValues"], step.escaped)
    return {"parameterValues": resolve(given)}


def resolve(given: dict[str, Any]) -> dict[str, Any]:
    """Resolves span, version, fingerprint and input config of a file-based ExampleGen.

    Raises:
        StepError: No file matches the pattern of a split.
    """
    base = given[specs.INPUT_BASE_KEY]
    config = proto_utils.json_to_proto(given[specs.INPUT_CONFIG_KEY], example_gen_pb2.Input())
    wanted = given.get(specs.RANGE_CONFIG_KEY)
    span_range = (
        proto_utils.json_to_proto(wanted, range_config_pb2.RangeConfig()) if wanted else None
    )
    processor = FileBasedInputProcessor(base, config.splits, span_range)
    span, version = processor.resolve_span_and_version()
    for split in config.splits:
        split.pattern = processor.get_pattern_for_span_version(split.pattern, span, version)
    return {
        utils.SPAN_PROPERTY_NAME: span,
        utils.VERSION_PROPERTY_NAME: NO_VERSION if version is None else version,
        utils.FINGERPRINT_PROPERTY_NAME: "\n".join(
            fingerprint(base, split) for split in config.splits
        ),
        RESOLVED_CONFIG: proto_utils.proto_to_json(config),
    }


def fingerprint(base: str, split: example_gen_pb2.Input.Split) -> str:
    """Fingerprints the files of a split by what is in them.

    TFX's own holds modification times, so that data staged afresh looks new.

    Args:
        base: Folder of the files.
        split: Name and pattern.

    Returns:
        Name, number of files, bytes, and SHA-256 of all names and contents.

    Raises:
        StepError: No file matches.
    """
    digest, total = hashlib.sha256(), 0
    paths = matching(base, split.pattern)
    for path in paths:
        size, contents = _hashed(path)
        total += size
        digest.update(f"{os.path.relpath(path, base)}\0{contents}\0".encode())
    return (
        f"split:{split.name},num_files:{len(paths)},total_bytes:{total},sha256:{digest.hexdigest()}"
    )


def matching(base: str, pattern: str) -> list[str]:
    """Returns the files below a folder that match a pattern, sorted.

    Raises:
        StepError: There is none.
    """
    where = os.path.join(base, pattern)  # noqa: PTH118, also of object stores
    paths = sorted(
        path for path in object_store.retried(fileio.glob)(where) if not fileio.isdir(path)
    )
    if not paths:
        raise StepError(f"no file matches {where}; check the data location in the settings")
    return paths


def _hashed(path: str) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    with fileio.open(path, "rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return size, digest.hexdigest()


def prepare_example_gen(
    exec_properties: dict[str, Any], outputs: dict[str, list[Artifact]], folder: Path
) -> None:
    """Does for an ExampleGen what its driver does elsewhere.

    Args:
        exec_properties: Changed: holds the resolved input, span, version and fingerprint.
        outputs: Changed: the Examples carry span and fingerprint.
        folder: Where input of an object store is copied to; Beam reads no s3:// or minio://.
    """
    if utils.SPAN_PROPERTY_NAME not in exec_properties:
        exec_properties |= resolve(exec_properties)
    exec_properties[utils.SPAN_PROPERTY_NAME] = int(exec_properties[utils.SPAN_PROPERTY_NAME])
    version = int(exec_properties[utils.VERSION_PROPERTY_NAME])
    exec_properties[utils.VERSION_PROPERTY_NAME] = None if version == NO_VERSION else version
    exec_properties[specs.INPUT_CONFIG_KEY] = exec_properties.pop(RESOLVED_CONFIG)
    examples = outputs[specs.EXAMPLES_KEY][0].mlmd_artifact
    driver.update_output_artifact(exec_properties, examples)
    base = exec_properties[specs.INPUT_BASE_KEY]
    if object_store.is_ours(base):
        config = json.loads(exec_properties[specs.INPUT_CONFIG_KEY])
        for split in config["splits"]:
            for path in matching(base, split["pattern"]):
                object_store.download(path, folder / os.path.relpath(path, base))
        exec_properties[specs.INPUT_BASE_KEY] = str(folder)
