"""The Pusher's executor: whole versions, never the same model twice, to folders and object stores.

TFX's own copies file by file into the folder that servers watch, names versions by a clock that may
go backwards, and pushes what is served already as one more version.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from tfx.components.pusher import executor as pusher
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.proto.orchestration.execution_result_pb2 import ExecutorOutput
from tfx.types import standard_component_specs as specs
from tfx.types.artifact import Artifact
from tfx.utils import io_utils

from tfx_kubeflow.metadata.blessings import require_evaluated
from tfx_kubeflow.metadata.origin import origin
from tfx_kubeflow.protocol import SCHEDULED_TIME
from tfx_kubeflow.storage import served_versions
from tfx_kubeflow.storage.served_versions import Published

log = logging.getLogger(__name__)

Artifacts = dict[str, list[Artifact]]
MESSAGE = "message"
"""Custom property of the PushedModel: what was done, or why not."""


class Executor(pusher.Executor):
    """Pushes a model that every blessing allows."""

    def Do(  # noqa: N802
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        """Sets `pushed`, `pushed_version` and `pushed_destination` as TFX does, and `message`.

        A model that serves already counts as pushed, under that version. A record beside the
        version tells people where it comes from.

        Raises:
            ValueError: The push destination is neither a folder nor a URI.
            StepError: Another model was blessed, or no version can follow what is served.
            OSError: The copy failed; what was served before still is.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        (pushed,) = output_dict[specs.PUSHED_MODEL_KEY]
        if not self.CheckBlessing(input_dict):
            self._MarkNotPushed(pushed)
            return _report(pushed, "not pushed: a gate did not bless it")
        require_evaluated(input_dict)
        destination = exec_properties[specs.PUSH_DESTINATION_KEY]
        base = served_versions.destination(destination)
        if base is None:
            raise ValueError(f"push destination {destination}: its base_directory is missing")
        model = self.GetModelPath(input_dict)
        # TFX's contract: the artifact holds a copy of what was pushed. It comes first: where it
        # fails, nothing serves that the run does not know of.
        io_utils.copy_dir(model, pushed.uri)
        told = origin(input_dict, pushed, self._context)
        published = served_versions.publish(Path(model), base, origin=told)
        self._MarkPushed(pushed, pushed_destination=published.uri, pushed_version=published.version)
        return _report(pushed, _in_words(published))


def push(
    executor: BaseExecutor, inputs: Artifacts, outputs: Artifacts, exec_properties: dict[str, Any]
) -> ExecutorOutput | None:
    """Runs a Pusher's executor in its pod; in the place of TFX's own, the one above.

    The PushedModel records the time for which the run was scheduled, where the component is passed
    one. Executors of the pipeline's own are trusted with the destination.
    """
    if exec_properties.get(SCHEDULED_TIME):
        (pushed,) = outputs[specs.PUSHED_MODEL_KEY]
        pushed.set_string_custom_property(SCHEDULED_TIME, exec_properties[SCHEDULED_TIME])
    if type(executor) is pusher.Executor and served_versions.destination(
        exec_properties.get(specs.PUSH_DESTINATION_KEY)
    ):
        executor = Executor(executor._context)  # noqa: SLF001, its base class's
    report: ExecutorOutput | None = executor.Do(inputs, outputs, exec_properties)
    return report


def _in_words(published: Published) -> str:
    version, stable = published.version, published.stable
    if not published.new:
        serves = "already serves" if stable in (None, version) else "is"
        text = f"unchanged: version {version} {serves} this model"
    elif published.damaged:
        text = (
            f"pushed as version {version}, since version {published.damaged} is "
            "damaged: its files are not those that were pushed"
        )
    else:
        text = f"pushed as version {version}"
    return text if stable in (None, version) else f"{text}; version {stable} stays stable"


def _report(pushed: Artifact, message: str) -> None:
    pushed.set_string_custom_property(MESSAGE, message)
    log.info("%s", message)
