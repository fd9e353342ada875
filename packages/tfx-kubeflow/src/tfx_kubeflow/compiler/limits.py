"""What fits: one argument of a process, and one Workflow of Argo's with the state of its run.

A package that does not fit is accepted by KFP's API and fails later: its driver cannot be started,
or the run's state cannot be written any more.
"""

import json
import zlib
from collections.abc import Mapping
from typing import Any

from tfx_kubeflow.compiler import ir
from tfx_kubeflow.errors import CompileError
from tfx_kubeflow.protocol import ARGUMENT

ARGUMENT_RESERVE = 16 * 1024
"""For what a step's inputs hold only at run time: artifacts, and other nodes' values."""
WORKFLOW = 1024 * 1024
"""Bytes of a Workflow that Argo's controller writes (MAX_WORKFLOW_SIZE), below etcd's 1.5 MiB; of
what it holds, only the state of the run is compressed."""
EMPTY_WORKFLOW = 10_000
"""Bytes that KFP 2.17 makes of a pipeline without tasks."""
TASK_TEMPLATE = 1_100
"""Bytes in it for each task, beside its JSON."""
DEPENDENCY = 60
"""Bytes for each task that a task waits for, beside its name. These three are from
twelve packages of 11 to 460 KB (tests/compiler/test_limits.py): the estimate is 0 to 8 % above what
KFP's compiler makes, and 2 KB above for a single task."""
STATE_COPIES = 5
"""How often the state of a run holds a task's inputs: those of the driver, its patch of the pod,
handed on twice, and the DAG's."""
TASK_STATE = 600
"""Bytes of a task's further state, compressed."""
HINT = "Hand large values on as artifacts or files, install modules in the image, or split the {}."


def check_size(spec: ir.Spec, platform: ir.Spec, ids: Mapping[str, str]) -> None:
    """Refuses a package that KFP, Argo or Linux would not take whole.

    Args:
        spec: The PipelineSpec, as it is sent.
        platform: The platform document.
        ids: Task's name -> id of the node, for the message.

    Raises:
        CompileError: With the node that takes most.
    """
    sizes = {}
    for task in ir.tasks(spec):
        parts = [task.body, ir.component(spec, task.body), ir.executor(spec, task.body)]
        largest = max(_size(part) for part in parts if "dag" not in part)
        if largest > ARGUMENT - ARGUMENT_RESERVE:
            raise CompileError(
                ids[task.id],
                f"it takes {largest} bytes, with its parameters; Kubeflow Pipelines passes them as "
                f"one argument, for which there are {ARGUMENT - ARGUMENT_RESERVE}",
                HINT.format("node"),
            )
        sizes[ids[task.id]] = sum(_size(part) for part in parts)
    total = workflow_bytes(spec, platform) + state_bytes(spec)
    if total > WORKFLOW:
        largest_id = max(sizes, key=sizes.__getitem__)
        raise CompileError(
            f"pipeline {spec['pipelineInfo']['name']!r}",
            f"its {len(sizes)} tasks would take some {total // 1024} KiB of the {WORKFLOW // 1024} "
            f"that Argo Workflows has for a run; most is {largest_id}'s ({sizes[largest_id]} "
            "bytes, which are written several times)",
            HINT.format("pipeline"),
        )


def workflow_bytes(spec: ir.Spec, platform: ir.Spec) -> int:
    """Estimates the Workflow that KFP makes of a package.

    It holds the JSON of each component, executor and task as a text: a task's twice, there and in
    the DAG around it.
    """
    executors = spec["deploymentSpec"]["executors"].values()
    configured = platform.get("platforms", {}).get("kubernetes", {}).get("deploymentSpec", {})
    parts = [
        spec["root"],
        *spec["components"].values(),
        *(content for executor in executors for content in executor.values()),
        *2 * list(configured.get("executors", {}).values()),  # as they are, and in its template
    ]
    total = EMPTY_WORKFLOW + sum(_quoted(part) for part in parts)
    for task in ir.tasks(spec):
        before = task.body.get("dependentTasks", ())
        total += _quoted(task.body) + TASK_TEMPLATE + sum(DEPENDENCY + len(name) for name in before)
    return total


def state_bytes(spec: ir.Spec) -> int:
    """Estimates what the state of a run takes at its end, compressed and in base 64."""
    tasks = ir.tasks(spec)
    text = "".join(_json(task.body) + _json(ir.executor(spec, task.body)) for task in tasks)
    compressed = len(zlib.compress(text.encode())) * 4 // 3
    return STATE_COPIES * compressed + TASK_STATE * len(tasks)


def _quoted(part: Any) -> int:
    """Bytes of a part whose JSON stands in JSON again."""
    text = _json(part)
    return len(text.encode()) + text.count('"') + text.count("\\") + 2


def _size(part: Any) -> int:
    return len(_json(part).encode())


def _json(part: Any) -> str:
    """JSON as Go writes it."""
    text = json.dumps(part, ensure_ascii=False, separators=(",", ":"))
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text
