"""ServingCheck: a fresh process must answer recorded requests as the trainer did, before a push."""

import logging
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.dsl.io import fileio
from tfx.types.standard_artifacts import InfraBlessing, Model
from tfx.utils import path_utils
from tfx_kubeflow.metadata import blessings

from tfx_pipeline.serving.report import ServingReport

log = logging.getLogger(__name__)

FRESH_PROCESS_MODULE = "tfx_pipeline.serving.answer"
REPORT_FILE = "serving_check.json"
REASON_PROPERTY = "reason"
LATENCY_PROPERTY = "latency_ms"
TIMEOUT_SECONDS = 180
"""Loading TensorFlow and a model takes about ten seconds on two busy cores."""


@component
def ServingCheck(  # noqa: N802
    model: InputArtifact[Model],
    blessing: OutputArtifact[InfraBlessing],
    timeout_seconds: Parameter[int] = TIMEOUT_SECONDS,
) -> None:
    """Blesses a model that answers in a fresh process as it did when it was saved.

    A wrong answer, a crash and a hang are reasons, not errors: the pipeline ends well and nothing
    is pushed. It does not wait for the gate, so that on a cluster both look at a model at once.

    Args:
        model: What the Trainer made, with recorded requests and a warm-up file.
        blessing: Read by the Pusher. Its custom properties hold `blessed`, `reason`, the model's
            digest and, where it was measured, `latency_ms`; its folder the whole report as
            `serving_check.json`.
        timeout_seconds: How long the fresh process may take.
    """
    report = ask_in_fresh_process(path_utils.serving_model_path(model.uri), timeout_seconds)
    # As TFX's own InfraValidator leaves it.
    fileio.makedirs(blessing.uri)
    marker = "INFRA_NOT_BLESSED" if report.reasons else "INFRA_BLESSED"
    for name, text in ((marker, ""), (REPORT_FILE, report.model_dump_json(indent=2))):
        with fileio.open(f"{blessing.uri}/{name}", "w") as file:
            file.write(text)
    blessing.set_int_custom_property("blessed", int(not report.reasons))
    reason = "; ".join(report.reasons) or "every recorded request was answered as recorded"
    blessing.set_string_custom_property(REASON_PROPERTY, reason)
    blessings.record_digest(blessing, {"model": model})
    if report.latency_ms is not None:
        blessing.set_float_custom_property(LATENCY_PROPERTY, report.latency_ms)
    log.info("%s", reason)


def ask_in_fresh_process(model: str, timeout_seconds: float) -> ServingReport:
    """Runs `tfx_pipeline.serving.answer` on a SavedModel.

    Returns:
        Its report; where there is none, a report whose reason says how the process ended.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / REPORT_FILE
        command = [sys.executable, "-m", FRESH_PROCESS_MODULE, model, str(report)]
        # A server has no accelerator of the trainer's, and logs are of use only after a crash.
        environment = os.environ | {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
        try:
            done = subprocess.run(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=timeout_seconds,
            )
        except subprocess.TimeoutExpired:
            reason = f"the fresh process gave no answer in {timeout_seconds} s"
            return ServingReport(reasons=(reason,))
        if done.returncode == 0 and report.is_file():
            return ServingReport.model_validate_json(report.read_bytes())
        end = f"signal {-done.returncode}" if done.returncode < 0 else f"status {done.returncode}"
        last = "".join(f": {line}" for line in done.stderr.strip().splitlines()[-1:])
        return ServingReport(reasons=(f"the fresh process crashed with {end}{last}",))
