"""The check of references finds what a driver of KFP's would stumble over."""

import copy

import pytest
from conformance import components as c
from conformance.outcomes import outcome
from conformance.references import problems
from conformance.registry import Case
from tfx import v1


@pytest.fixture(scope="module")
def spec():
    made = c.Write(lines=3, by="me")
    output = made.outputs["report"]
    with v1.dsl.Cond(output.future()[0].property("lines") == 3):
        read = c.Read(report=output)
    case = Case("a condition", "here", lambda: [made, read])
    return outcome(case).documents[0]


def of(spec, *path):
    for key in path:
        spec = spec[key]
    return spec


def test_a_package_of_ours_has_no_problems(spec):
    assert problems(spec) == []


TASKS = ("root", "dag", "tasks")
CHANGES = {
    "waits for 'nobody', which is not there": (
        lambda s: of(s, *TASKS, "read")["dependentTasks"].append("nobody")
    ),
    "does not wait for 'write'": lambda s: of(s, *TASKS, "read").pop("dependentTasks"),
    "is output 'nothing' of 'write'": (
        lambda s: of(s, *TASKS, "read", "inputs", "artifacts", "report", "taskOutputArtifact")
        .update(outputArtifactKey="nothing")
    ),
    "input 'report' is not given": (
        lambda s: of(s, *TASKS, "read", "inputs", "artifacts").pop("report")
    ),
    "parameter 'lines' is not given": (
        lambda s: of(s, *TASKS, "write", "inputs", "parameters").pop("lines")
    ),
    "is NUMBER_INTEGER and is given '3'": (
        lambda s: of(s, *TASKS, "write", "inputs", "parameters", "lines", "runtimeValue")
        .update(constant="3")
    ),
    "is an integer and is given 9007199254740992": (
        lambda s: of(s, *TASKS, "write", "inputs", "parameters", "lines", "runtimeValue")
        .update(constant=2**53)
    ),
    "its condition is no CEL": (
        lambda s: of(s, *TASKS, "read", "triggerPolicy").update(condition="'it's' == 'x'")
    ),
    "reads 'other', which is no input": (
        lambda s: of(s, *TASKS, "read", "triggerPolicy")
        .update(condition="inputs.artifacts['other'].artifacts[0].uri == ''")
    ),
    "would expand 'a {{workflow.name}}'": (
        lambda s: of(s, *TASKS, "write", "inputs", "parameters", "by", "runtimeValue")
        .update(constant="a {{workflow.name}}")
    ),
    "KFP's database does not take '🙂'": (
        lambda s: of(s, *TASKS, "write", "inputs", "parameters", "by", "runtimeValue").update(
            constant="🙂"
        )
    ),
    "its executor is not there": (
        lambda s: of(s, "deploymentSpec", "executors").pop(
            of(s, "components", of(s, *TASKS, "read", "componentRef", "name"), "executorLabel"))
    ),
    "waits for itself": (
        lambda s: of(s, *TASKS, "write").update(dependentTasks=["read"])
    ),
}  # fmt: skip


@pytest.mark.parametrize("problem", CHANGES)
def test_a_problem_is_found(spec, problem):
    changed = copy.deepcopy(spec)
    CHANGES[problem](changed)
    assert any(problem in found for found in problems(changed))


def test_a_lost_node_is_found(spec):
    assert problems(spec, ["conformance.components.Lost"]) == [
        "conformance.components.Lost is in 0 of 1 steps"
    ]
