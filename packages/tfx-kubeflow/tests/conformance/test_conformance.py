"""Every case becomes what it must, and what is recorded of it."""

from functools import cache

import pytest
from conformance import table
from conformance.outcomes import Outcome, disagreements, outcome
from conformance.references import problems
from conformance.registry import CASES
from google.protobuf import json_format
from kfp import components
from kfp.pipeline_spec import pipeline_spec_pb2

LONGEST_REFUSAL = 600


@cache
def compiled(name: str) -> Outcome:
    return outcome(CASES[name])


@pytest.mark.parametrize("name", CASES, ids=[case.key for case in CASES.values()])
def test_a_case_becomes_what_it_must(name):
    case, found = CASES[name], compiled(name)
    allowed = {"compiles", "refused"} if case.expect == "either" else {case.expect}
    assert found.verdict in allowed, found.words
    if found.verdict == "refused":
        assert_is_a_refusal(found.words, case.at)
    if found.verdict == "compiles":
        assert_is_a_package(found)
        if case.runs is not None or case.fails:
            assert disagreements(case, found.package) == []


def assert_is_a_refusal(words, where):
    assert "\n" not in words
    assert len(words) < LONGEST_REFUSAL
    assert where in words
    assert not any(name in words for name in ("Traceback", "Error(", "object at 0x"))


def assert_is_a_package(found):
    spec, platform = found.documents
    message = json_format.ParseDict(spec, pipeline_spec_pb2.PipelineSpec())
    json_format.ParseDict(spec["deploymentSpec"], pipeline_spec_pb2.PipelineDeploymentConfig())
    assert components.load_component_from_text(found.package).pipeline_spec == message
    labels = platform.get("platforms", {}).get("kubernetes", {}).get("deploymentSpec", {})
    assert set(labels.get("executors", {})) <= set(spec["deploymentSpec"]["executors"])
    assert problems(spec, found.classes) == []


def test_there_are_enough_cases():
    own = [case for case in CASES.values() if case.theme != "shipped"]
    assert len(own) > 60


def test_what_is_recorded_is_what_is_so():
    recorded = table.verdicts()
    assert set(recorded) == set(CASES)
    stale = [
        name
        for name in CASES
        if (compiled(name).verdict, compiled(name).words, compiled(name).digest)
        != tuple(recorded[name].get(key, "") for key in ("verdict", "words", "digest"))
    ]
    assert stale == [], "run `python -m conformance`, see its docstring"
    assert table.TABLE.read_text(encoding="utf-8") == table.table(recorded)


def test_the_judge_accepts_all_that_compiles():
    recorded = table.verdicts()
    said = {name: recorded[name].get("judge", "not judged") for name in CASES}
    accepted = {name: said[name] for name in said if compiled(name).package}
    assert {name: words for name, words in accepted.items() if words != "ok"} == {}
