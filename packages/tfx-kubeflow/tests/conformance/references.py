"""What KFP's driver would stumble over in a package that compiles: references, types, values.

The drivers of KFP resolve references at run time, so a compiler, a loader and a validator accept
packages that cannot run. This reads a package as a driver will.
"""

import math
import re
from collections.abc import Iterator, Sequence
from typing import Any

import yaml

Spec = dict[str, Any]

NAME = re.compile(r"[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?")
LONGEST_NAME = 121  # "-driver" and Argo's limit of 128
RESERVED = {"root", "entrypoint", "not", "true", "false", "nil", "in", "and", "or"}
PLACEHOLDER = re.compile(
    r"\{\{\$(?P<whole>|\.pipeline_job_uuid|\.pipeline_job_name|\.pipeline_task_uuid)\}\}"
    r"|\{\{\$\.inputs\.parameters\['(?P<parameter>[^']+)'\]\}\}"
    r"|\{\{\$\.inputs\.artifacts\['(?P<input>[^']+)'\]\.(?:uri|path)\}\}"
    r"|\{\{\$\.outputs\.artifacts\['(?P<output>[^']+)'\]\.(?:uri|path)\}\}"
    r"|\{\{\$\.outputs\.parameters\['(?P<result>[^']+)'\]\.output_file\}\}"
)
INPUT_GROUPS = {
    "inputs.artifacts[": "artifacts",
    "inputs.parameter_values[": "parameters",
    "inputs.parameters[": "parameters",
}
LITERAL = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")
WHOLE_RUN = "{{$.pipeline_job_uuid}}"
LAST_LETTER = 0xFFFF
"""KFP's API server speaks MySQL's utf8 of three bytes, and fails after it has started the run."""
EXACT = 2**53
"""From here on JSON's numbers, which are KFP's, lose integers."""
KINDS: dict[str, tuple[type, ...]] = {
    "STRING": (str,),
    "NUMBER_INTEGER": (int, float),
    "NUMBER_DOUBLE": (int, float),
    "BOOLEAN": (bool,),
    "LIST": (list,),
    "STRUCT": (dict,),
}


def problems(spec: Spec, classes: Sequence[str] = ()) -> list[str]:
    """Returns what would fail on a cluster, a line each; nothing, if all is well.

    Args:
        spec: The PipelineSpec.
        classes: Executors that must be in it.
    """
    return sorted(
        {
            *_dag_problems(spec, "root", spec["root"]),
            *_strange_texts(spec),
            *_lost_executors(spec, classes),
        }
    )


def _lost_executors(spec: Spec, classes: Sequence[str]) -> Iterator[str]:
    executors = spec["deploymentSpec"]["executors"].values()
    args = [" ".join(executor.get("container", {}).get("args", ())) for executor in executors]
    for name in set(classes):
        there = sum(f'"{name}"' in text for text in args)
        if there < classes.count(name):
            yield f"{name} is in {there} of {classes.count(name)} steps"


def _dag_problems(spec: Spec, name: str, owner: Spec) -> Iterator[str]:
    yield from (f"{name}: {problem}" for problem in _defaults(owner))
    tasks = owner["dag"]["tasks"]
    for task_id, task in tasks.items():
        for problem in _task_problems(spec, owner, tasks, task_id, task):
            yield f"{name}/{task_id}: {problem}"
        component = spec["components"].get(task.get("componentRef", {}).get("name"), {})
        if "dag" in component:
            yield from _dag_problems(spec, f"{name}/{task_id}", component)
    for kind in ("artifacts", "parameters"):
        for key, output in owner["dag"].get("outputs", {}).get(kind, {}).items():
            for selector in output.get("artifactSelectors", [output.get("valueFromParameter")]):
                if selector["producerSubtask"] not in tasks:
                    yield f"{name}: output {key!r} is of no task"
    yield from (f"{name}: {problem}" for problem in _cycles(tasks))


def _defaults(owner: Spec) -> Iterator[str]:
    for name, declared in owner.get("inputDefinitions", {}).get("parameters", {}).items():
        if "defaultValue" in declared:
            for problem in _value_problems(declared["defaultValue"], declared["parameterType"]):
                if "expands" not in problem:
                    yield f"default of {name!r}: {problem}"


def _task_problems(spec: Spec, owner: Spec, tasks: Spec, task_id: str, task: Spec) -> Iterator[str]:
    if not NAME.fullmatch(task_id) or len(task_id) > LONGEST_NAME or task_id in RESERVED:
        yield "Argo takes no such name"
    component = spec["components"].get(task.get("componentRef", {}).get("name"))
    if component is None:
        yield "its component is not there"
        return
    before = _before(tasks, task_id)
    for other in task.get("dependentTasks", ()):
        if other not in tasks:
            yield f"waits for {other!r}, which is not there"
    declared = component.get("inputDefinitions", {})
    given = task.get("inputs", {})
    yield from _parameter_problems(spec, owner, tasks, before, declared, given)
    yield from _artifact_problems(spec, owner, tasks, before, declared, given)
    yield from _condition_problems(task, given)
    if "dag" not in component:
        executors = spec["deploymentSpec"]["executors"]
        executor = executors.get(component.get("executorLabel"))
        if executor is None:
            yield "its executor is not there"
        elif "container" in executor:
            yield from _container_problems(executor["container"], component, given)
        elif "importer" in executor:
            yield from _importer_problems(executor["importer"], component)


def _parameter_problems(
    spec: Spec, owner: Spec, tasks: Spec, before: set[str], declared: Spec, given: Spec
) -> Iterator[str]:
    kinds, values = declared.get("parameters", {}), given.get("parameters", {})
    for name, kind in kinds.items():
        optional = kind.get("isOptional") or "defaultValue" in kind
        if name not in values and not optional:
            yield f"parameter {name!r} is not given"
    for name, value in values.items():
        where = f"parameter {name!r}"
        if name not in kinds:
            yield f"{where} is not declared"
            continue
        kind = kinds[name]["parameterType"]
        if "runtimeValue" in value:
            constant = value["runtimeValue"].get("constant")
            yield from (f"{where} {problem}" for problem in _value_problems(constant, kind))
            continue
        source = _parameter_source(spec, owner, tasks, before, value)
        if isinstance(source, str):
            yield f"{where} {source}"
        elif source.get("parameterType", kind) != kind:
            yield f"{where} is {kind} and is given {source['parameterType']}"


def _parameter_source(
    spec: Spec, owner: Spec, tasks: Spec, before: set[str], value: Spec
) -> Spec | str:
    """Declaration of what a parameter is given, or what is wrong with it."""
    if "componentInputParameter" in value:
        name = value["componentInputParameter"]
        found = owner.get("inputDefinitions", {}).get("parameters", {}).get(name)
        return found or f"is given the DAG's input {name!r}, which is not there"
    if "taskFinalStatus" in value:
        producer = value["taskFinalStatus"]["producerTask"]
        return {} if producer in tasks else f"is the status of {producer!r}, which is not there"
    if "taskOutputParameter" in value:
        reference = value["taskOutputParameter"]
        producer, key = reference["producerTask"], reference["outputParameterKey"]
        found = _output(spec, tasks, producer, "parameters", key)
        if found is None:
            return f"is output {key!r} of {producer!r}, which is not there"
        return found if producer in before else f"does not wait for {producer!r}"
    return "is given nothing"


def _artifact_problems(
    spec: Spec, owner: Spec, tasks: Spec, before: set[str], declared: Spec, given: Spec
) -> Iterator[str]:
    kinds, values = declared.get("artifacts", {}), given.get("artifacts", {})
    for name, kind in kinds.items():
        if name not in values and not kind.get("isOptional"):
            yield f"input {name!r} is not given"
    for name, value in values.items():
        if name not in kinds:
            yield f"input {name!r} is not declared"
        elif "taskOutputArtifact" in value:
            reference = value["taskOutputArtifact"]
            producer, key = reference["producerTask"], reference["outputArtifactKey"]
            found = _output(spec, tasks, producer, "artifacts", key)
            if found is None:
                yield f"input {name!r} is output {key!r} of {producer!r}, which is not there"
            elif producer not in before:
                yield f"input {name!r} does not wait for {producer!r}"
            elif _title(found) != _title(kinds[name]):
                yield f"input {name!r} is {_title(kinds[name])} and is given {_title(found)}"
        elif "componentInputArtifact" in value:
            key = value["componentInputArtifact"]
            if key not in owner.get("inputDefinitions", {}).get("artifacts", {}):
                yield f"input {name!r} is the DAG's input {key!r}, which is not there"
        else:
            yield f"input {name!r} is given nothing"


def _output(spec: Spec, tasks: Spec, producer: str, kind: str, key: str) -> Spec | None:
    component = spec["components"].get(tasks.get(producer, {}).get("componentRef", {}).get("name"))
    found = (component or {}).get("outputDefinitions", {}).get(kind, {}).get(key)
    return found if found is None else dict(found)


def _title(declared: Spec) -> str:
    kind = declared.get("artifactType", {})
    schema = yaml.safe_load(kind.get("instanceSchema", "") or "{}") or {}
    return str(kind.get("schemaTitle") or schema.get("title"))


def _before(tasks: Spec, task_id: str) -> set[str]:
    """All tasks that end before one starts."""
    found: set[str] = set()
    waiting = list(tasks[task_id].get("dependentTasks", ()))
    while waiting:
        other = waiting.pop()
        if other not in found:
            found.add(other)
            waiting += tasks.get(other, {}).get("dependentTasks", ())
    return found


def _cycles(tasks: Spec) -> Iterator[str]:
    for task_id in tasks:
        if task_id in _before(tasks, task_id):
            yield f"{task_id!r} waits for itself"


def _condition_problems(task: Spec, given: Spec) -> Iterator[str]:
    condition = task.get("triggerPolicy", {}).get("condition", "")
    for literal in LITERAL.finditer(condition):
        before = condition[: literal.start()]
        for prefix, kind in INPUT_GROUPS.items():
            if before.endswith(prefix) and literal[0][1:-1] not in given.get(kind, {}):
                yield f"its condition reads {literal[0]}, which is no input"
    bare = LITERAL.sub("", condition)
    if "'" in bare or '"' in bare or "\\" in bare or bare.count("(") != bare.count(")"):
        yield f"its condition is no CEL: {condition}"
    if "Unknown" in bare:
        yield f"its condition is TFX's failure to express it: {condition}"


def _value_problems(value: Any, kind: str) -> Iterator[str]:
    if not isinstance(value, KINDS[kind]) or (kind != "BOOLEAN" and isinstance(value, bool)):
        yield f"is {kind} and is given {value!r:.80}"
    elif isinstance(value, float) and not math.isfinite(value):
        yield f"is {value}, which JSON does not know"
    elif kind == "NUMBER_INTEGER" and (value != int(value) or abs(value) >= EXACT):
        yield f"is an integer and is given {value!r}"
    if isinstance(value, str) and value != WHOLE_RUN and "{{" in value:
        yield f"holds what KFP or Argo expands: {value!r:.80}"


def _container_problems(container: Spec, component: Spec, given: Spec) -> Iterator[str]:
    inputs, outputs = component.get("inputDefinitions", {}), component.get("outputDefinitions", {})
    for text in [*container.get("command", ()), *container.get("args", ())]:
        for match in PLACEHOLDER.finditer(text):
            for group, side, kind in (
                ("parameter", inputs, "parameters"),
                ("input", inputs, "artifacts"),
                ("output", outputs, "artifacts"),
                ("result", outputs, "parameters"),
            ):
                name = match[group]
                if name is not None and name not in side.get(kind, {}):
                    yield f"its command reads {match[0]}, which is not declared"
                elif name is not None and side is inputs and name not in given.get(kind, {}):
                    yield f"its command reads {match[0]}, which is not given"
    names = [variable["name"] for variable in container.get("env", ())]
    if len(names) != len(set(names)):
        yield "an environment variable is there twice"


def _importer_problems(importer: Spec, component: Spec) -> Iterator[str]:
    name = importer["artifactUri"].get("runtimeParameter")
    if name and name not in component.get("inputDefinitions", {}).get("parameters", {}):
        yield f"imports from the parameter {name!r}, which is not declared"
    if not name and not importer["artifactUri"].get("constant"):
        yield "imports from nowhere"
    if component.get("outputDefinitions", {}).get("parameters"):
        yield "an importer puts out no parameters"


def _strange_texts(spec: Spec) -> Iterator[str]:
    for path, text in _texts(spec, ""):
        # An Argo variable is how a run's parameter learns the time that the run was due.
        if "{{" in PLACEHOLDER.sub("", text) and not path.endswith("/defaultValue"):
            yield f"{path}: KFP or Argo would expand {text!r:.120}"
        if any(ord(letter) > LAST_LETTER for letter in text):
            yield f"{path}: KFP's database does not take {text!r:.120}"


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(key, path)
            yield from _texts(inner, f"{path}/{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, path)
