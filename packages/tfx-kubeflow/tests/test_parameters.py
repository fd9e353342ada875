import pytest
from tfx_kubeflow.errors import ParameterError
from tfx_kubeflow.parameters import typed_parameters

SPEC = {
    "root": {
        "inputDefinitions": {
            "parameters": {
                "n": {"parameterType": "NUMBER_INTEGER", "defaultValue": 1},
                "x": {"parameterType": "NUMBER_DOUBLE", "isOptional": True},
                "must": {"parameterType": "STRING"},
            }
        }
    }
}


def test_parameters_are_checked_before_the_server_sees_them():
    assert typed_parameters(SPEC, {"n": "2", "x": "0.5", "must": "7"}) == {
        "n": 2,
        "x": 0.5,
        "must": "7",
    }
    for given, message in (
        ({"must": "a", "nn": "1"}, "no runtime parameter 'nn'; the pipeline has: must, n, x"),
        ({"must": "a", "n": "1.5"}, "n: '1.5' is no NUMBER_INTEGER"),
        ({}, "must: without a default"),
    ):
        with pytest.raises(ParameterError, match=message):
            typed_parameters(SPEC, given)
