"""Parameters become what the executor takes."""

import pytest
from tfx.proto import example_gen_pb2
from tfx_kubeflow.steps import parameters

SPLIT = example_gen_pb2.Input.Split


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (1.0, "int", 1),
        ("7", "int", 7),
        (1, "float", 1.0),
        (1.0, "bool", True),
        ("False", "bool", False),
        (True, "bool", True),
        ('{"a": [1]}', "json", {"a": [1]}),
        ([1], "json", [1]),
        ("text", "str", "text"),
    ],
)
def test_parameters_become_the_executors_own(value, kind, expected):
    found = parameters.parameter(value, kind)
    assert found == expected
    assert type(found) is type(expected)


def test_messages_are_parsed():
    found = parameters.parameter('{"name": "a"}', "message:tfx.proto.example_gen_pb2.Input.Split")
    assert found == SPLIT(name="a")
