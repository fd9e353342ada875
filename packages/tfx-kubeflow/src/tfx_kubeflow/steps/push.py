"""Pushing: never twice the same model, never half of one, to folders and object stores."""

from __future__ import annotations

import json
import logging
import posixpath
import shutil
import tempfile
import uuid
from pathlib import Path
from typing import Any

from tfx.components.pusher import executor as pusher
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.types import standard_component_specs as specs
from tfx.types.artifact import Artifact

from tfx_kubeflow.protocol import SCHEDULED_TIME
from tfx_kubeflow.storage import files, served_versions, uris

log = logging.getLogger(__name__)

Artifacts = dict[str, list[Artifact]]
VERSION = "pushed_version"


def push(
    executor: BaseExecutor, inputs: Artifacts, outputs: Artifacts, exec_properties: dict[str, Any]
) -> None:
    """Runs a Pusher's executor so that servers see whole versions only.

    The PushedModel records the time for which the run was scheduled, where the component is told.
    TFX's own executor copies into the folder that servers watch, and pushes what is served already
    as one more version; executors of the pipeline's own are trusted with local folders. Elsewhere
    an executor pushes to a staging folder, where it finds this very model if that is serving.

    Raises:
        StepError: No version can follow those at the destination.
    """
    pushed = outputs[specs.PUSHED_MODEL_KEY][0]
    if exec_properties.get(SCHEDULED_TIME):
        pushed.set_string_custom_property(SCHEDULED_TIME, exec_properties[SCHEDULED_TIME])
    base = served_versions.destination(exec_properties.get(specs.PUSH_DESTINATION_KEY))
    ours = base is not None and ("://" in base or type(executor) is pusher.Executor)
    if (
        base is None
        or not ours
        or not isinstance(executor, pusher.Executor)
        or not executor.CheckBlessing(inputs)
    ):
        executor.Do(inputs, outputs, exec_properties)
        return
    model = executor.GetModelPath(inputs)
    serving = _serving(base, model)
    staging = _staging(base)
    try:
        if serving is not None:
            shutil.copytree(model, staging / serving)
        target = {"filesystem": {"base_directory": str(staging)}}
        staged = exec_properties | {specs.PUSH_DESTINATION_KEY: json.dumps(target)}
        executor.Do(inputs, outputs, staged)
        made = pushed.get_string_custom_property(VERSION)
        if not made:  # the executor's own decision
            return
        version = serving or _version(base, made)
        if serving is None:
            _publish(staging / made, base, version)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    _rename(pushed, {str(staging): base, made: version})


def _rename(pushed: Artifact, names: dict[str, str]) -> None:
    """Makes what the executor says of the staging folder true of the destination."""
    for key, value in list(pushed.mlmd_artifact.custom_properties.items()):
        if value.string_value:
            pushed.set_string_custom_property(key, uris.mapped(value.string_value, names))


def _serving(base: str, model: str) -> str | None:
    """The version that servers serve, where it is this model already."""
    current = next(iter(served_versions.versions(base)), None)
    digest = served_versions.digest
    if current is None or digest(posixpath.join(base, current)) != digest(model):
        return None
    log.info("version %s of %s already serves this model: nothing to push", current, base)
    return current


def _staging(base: str) -> Path:
    if "://" in base:
        return Path(tempfile.mkdtemp(prefix="push-"))
    folder = Path(base) / f".push-{uuid.uuid4().hex}"  # on the same volume: a rename is atomic
    folder.mkdir(parents=True)
    return folder


def _version(base: str, made: str) -> str:
    """A version for servers; an executor of one's own may name it in another way."""
    return served_versions.next_version(base, int(made)) if made.isdecimal() else made


def _publish(staged: Path, base: str, version: str) -> None:
    if "://" not in base:
        served_versions.publish(staged, Path(base), version)
        return
    paths = sorted(path for path in staged.rglob("*") if path.is_file())
    paths.sort(key=lambda path: path == staged / served_versions.MODEL_FILE)
    for path in paths:
        files.upload(path, posixpath.join(base, version, path.relative_to(staged).as_posix()))
