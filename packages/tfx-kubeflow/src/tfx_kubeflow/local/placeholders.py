"""Placeholders such as `{{$.inputs.parameters['x']}}`, which KFP's driver and launcher replace."""

import json
import re
from collections.abc import Mapping
from typing import Any

PLACEHOLDER = re.compile(r"\{\{\$[^{}]*\}\}")


def replaced(text: str, values: Mapping[str, str]) -> str:
    """Replaces the placeholders of a text, once; what is unknown stays as it is."""
    return PLACEHOLDER.sub(lambda match: values.get(match[0], match[0]), text)


def of_run(pipeline: str, run_id: str, task: str) -> dict[str, str]:
    """Returns placeholder -> text for what is known of a run.

    Args:
        pipeline: Its name.
        run_id: Its id.
        task: The task that asks.
    """
    return {
        "{{$.pipeline_job_uuid}}": run_id,
        "{{$.pipeline_job_name}}": pipeline,
        "{{$.pipeline_job_resource_name}}": run_id,
        "{{$.pipeline_task_uuid}}": f"{run_id}-{task}",
        "{{$.pipeline_task_name}}": task,
    }


def of_parameters(parameters: Mapping[str, Any]) -> dict[str, str]:
    """Returns placeholder -> text for input parameters."""
    return {
        f"{{{{$.inputs.parameters['{name}']}}}}": as_text(value)
        for name, value in parameters.items()
    }


def of_input(executor_input: Mapping[str, Any]) -> dict[str, str]:
    """Returns placeholder -> text for all of an ExecutorInput."""
    found = {"{{$}}": json.dumps(executor_input)}
    found |= of_parameters(executor_input["inputs"].get("parameterValues", {}))
    for side in ("inputs", "outputs"):
        for name, group in executor_input[side].get("artifacts", {}).items():
            uri = group["artifacts"][0]["uri"]
            for field in ("uri", "path"):
                found[f"{{{{$.{side}.artifacts['{name}'].{field}}}}}"] = uri
    for name, output in executor_input["outputs"].get("parameters", {}).items():
        found[f"{{{{$.outputs.parameters['{name}'].output_file}}}}"] = output["outputFile"]
    return found


def as_text(value: Any) -> str:
    """Returns a parameter as KFP writes it into a text."""
    return value if isinstance(value, str) else json.dumps(value)
