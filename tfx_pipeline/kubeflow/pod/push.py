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
from tfx.utils import io_utils

from tfx_pipeline.kubeflow.pod import stores
from tfx_pipeline.kubeflow.pod.serving import MODEL_FILE, contents, destination, versions
from tfx_pipeline.kubeflow.protocol import SCHEDULED_TIME

log = logging.getLogger(__name__)

Artifacts = dict[str, list[Artifact]]
DESTINATION, VERSION = "pushed_destination", "pushed_version"


def push(
    executor: BaseExecutor, inputs: Artifacts, outputs: Artifacts, exec_properties: dict[str, Any]
) -> None:
    """Runs a Pusher's executor so that servers see whole versions only.

    The PushedModel records the time for which the run was scheduled, where the component is told.
    TFX's own executor copies into the folder that servers watch, and pushes what is served already
    as one more version; executors of the pipeline's own are trusted with local folders.
    """
    pushed = outputs[specs.PUSHED_MODEL_KEY][0]
    if exec_properties.get(SCHEDULED_TIME):
        pushed.set_string_custom_property(SCHEDULED_TIME, exec_properties[SCHEDULED_TIME])
    base = destination(exec_properties.get(specs.PUSH_DESTINATION_KEY))
    ours = base is not None and ("://" in base or type(executor) is pusher.Executor)
    if base is None or not ours or not isinstance(executor, pusher.Executor):
        executor.Do(inputs, outputs, exec_properties)
        return
    if not executor.CheckBlessing(inputs):
        executor._MarkNotPushed(pushed)
        return
    model = executor.GetModelPath(inputs)
    current = next(iter(versions(base)), None)
    if current is not None and contents(posixpath.join(base, current)) == contents(model):
        log.info("version %s of %s already serves this model: nothing to push", current, base)
        io_utils.copy_dir(model, pushed.uri)
        executor._MarkPushed(
            pushed, pushed_destination=posixpath.join(base, current), pushed_version=current
        )
        return
    staging = _staging(base)
    try:
        target = {"filesystem": {"base_directory": str(staging)}}
        staged = exec_properties | {specs.PUSH_DESTINATION_KEY: json.dumps(target)}
        executor.Do(inputs, outputs, staged)
        version = _next_version(pushed.get_string_custom_property(VERSION), current)
        _publish(Path(pushed.get_string_custom_property(DESTINATION)), base, version)
        pushed.set_string_custom_property(DESTINATION, posixpath.join(base, version))
        pushed.set_string_custom_property(VERSION, version)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _staging(base: str) -> Path:
    if "://" in base:
        return Path(tempfile.mkdtemp(prefix="push-"))
    folder = Path(base) / f".push-{uuid.uuid4().hex}"  # on the same volume: a rename is atomic
    folder.mkdir(parents=True)
    return folder


def _next_version(made: str, current: str | None) -> str:
    """Servers serve the highest number; clocks of nodes differ."""
    return made if current is None or int(made) > int(current) else str(int(current) + 1)


def _publish(staged: Path, base: str, version: str) -> None:
    if "://" not in base:
        staged.rename(Path(base) / version)
        return
    files = sorted(path for path in staged.rglob("*") if path.is_file())
    files.sort(key=lambda path: path == staged / MODEL_FILE)
    for path in files:
        stores.upload(path, posixpath.join(base, version, path.relative_to(staged).as_posix()))
