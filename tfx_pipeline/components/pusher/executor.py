"""Executor of the Pusher: as TFX's, but the version appears in the serving folder in one rename.

TFX's own executor copies file by file into the folder that TF Serving polls, names versions by a
clock that may go backwards, and pushes what is already served as one more version.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from tfx.components.pusher import executor as pusher
from tfx.proto import pusher_pb2
from tfx.types import artifact_utils, standard_component_specs
from tfx.types.artifact import Artifact
from tfx.utils import io_utils, proto_utils
from tfx_kubeflow.metadata.blessings import require_judged

from tfx_pipeline.serving.versions import publish

log = logging.getLogger(__name__)

MESSAGE = "message"
"""Custom property of the PushedModel: what was done, or why not, in words."""


class Executor(pusher.Executor):
    """Pushes a model that every blessing allows to a local or mounted folder."""

    def Do(  # noqa: N802
        self,
        input_dict: dict[str, list[Artifact]],
        output_dict: dict[str, list[Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Sets `pushed`, `pushed_version` and `pushed_destination` as TFX does, and `message`.

        A model that is already the newest version counts as pushed, under that version.

        Raises:
          ValueError: The push destination is not a folder of a file system mounted here.
          StepError: Another model was blessed, or no version can follow what is served.
          OSError: The copy failed; what was served before still is.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        pushed = artifact_utils.get_single_instance(
            output_dict[standard_component_specs.PUSHED_MODEL_KEY]
        )
        if not self.CheckBlessing(input_dict):
            self._MarkNotPushed(pushed)
            return _tell(pushed, "not pushed: the gate or the serving check did not bless it")
        require_judged(input_dict)
        model = self.GetModelPath(input_dict)
        published = publish(Path(model), _base_directory(exec_properties))
        # TFX's contract: the artifact holds a copy of what was pushed.
        io_utils.copy_dir(model, pushed.uri)
        self._MarkPushed(
            pushed,
            pushed_destination=str(published.path),
            pushed_version=published.version,
        )
        if published.new:
            return _tell(pushed, f"pushed as version {published.version}")
        return _tell(pushed, f"unchanged: version {published.version} already serves this model")


def _base_directory(exec_properties: dict[str, Any]) -> Path:
    destination = pusher_pb2.PushDestination()
    proto_utils.json_to_proto(
        exec_properties[standard_component_specs.PUSH_DESTINATION_KEY], destination
    )
    folder = destination.filesystem.base_directory
    if not folder or "://" in folder:
        raise ValueError(
            f"push destination {folder!r}: must be a folder of a mounted file system, "
            "where a rename is atomic"
        )
    return Path(folder)


def _tell(pushed: Artifact, message: str) -> None:
    pushed.set_string_custom_property(MESSAGE, message)
    log.info("%s", message)
