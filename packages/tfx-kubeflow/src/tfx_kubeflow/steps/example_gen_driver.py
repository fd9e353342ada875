"""ExampleGen's driver: which span and version there is, and a fingerprint of its contents."""

from __future__ import annotations

import hashlib
import json
import posixpath
from pathlib import Path
from typing import Any

from tfx.components.example_gen import driver, utils
from tfx.dsl.io import fileio
from tfx.proto import example_gen_pb2, range_config_pb2
from tfx.types import standard_component_specs as specs
from tfx.types.artifact import Artifact
from tfx.utils import name_utils, proto_utils

from tfx_kubeflow.errors import StepError
from tfx_kubeflow.protocol import FILE_BASED_DRIVER, RESOLVED_CONFIG, DriverStep
from tfx_kubeflow.steps.parameters import unescaped
from tfx_kubeflow.storage import files, object_store
from tfx_kubeflow.storage.retries import is_transient, retried

NO_VERSION = -1
"""KFP's integers know no null."""


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
    return {"parameterValues": resolve(given, step.driver)}


def resolve(given: dict[str, Any], driver_class: str = FILE_BASED_DRIVER) -> dict[str, Any]:
    """Resolves span, version, fingerprint and input config of a file-based ExampleGen.

    Args:
        given: Its parameters.
        driver_class: Import path of its driver, whose input processor resolves.

    Raises:
        StepError: No file matches the pattern of a split.
    """
    base = given[specs.INPUT_BASE_KEY]
    config = proto_utils.json_to_proto(given[specs.INPUT_CONFIG_KEY], example_gen_pb2.Input())
    requested = given.get(specs.RANGE_CONFIG_KEY)
    span_range = (
        proto_utils.json_to_proto(requested, range_config_pb2.RangeConfig()) if requested else None
    )
    own_driver = name_utils.resolve_full_name(driver_class)(None)
    processor = own_driver.get_input_processor(config.splits, span_range, base)
    span, version = retried(is_transient)(processor.resolve_span_and_version)()
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
    names = matching(base, split.pattern)
    for name in names:
        contents, size = files.sha256(posixpath.join(base, name))
        total += size
        digest.update(f"{name}\0{contents}\0".encode())
    return (
        f"split:{split.name},num_files:{len(names)},total_bytes:{total},sha256:{digest.hexdigest()}"
    )


def matching(base: str, pattern: str) -> list[str]:
    """Returns the names of the files below a folder that match a pattern, sorted.

    Raises:
        StepError: There is none, or an object has a name that is no file's.
    """
    where = posixpath.join(base, pattern)
    names = sorted(path.removeprefix(posixpath.join(base, "")) for path in _files(where))
    if not names:
        raise StepError(f"no file matches {where}; check the data location in the settings")
    return names


@retried(is_transient)
def _files(pattern: str) -> list[str]:
    return [path for path in fileio.glob(pattern) if not fileio.isdir(path)]


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
            files.copy_below(base, matching(base, split["pattern"]), folder)
        exec_properties[specs.INPUT_BASE_KEY] = str(folder)
