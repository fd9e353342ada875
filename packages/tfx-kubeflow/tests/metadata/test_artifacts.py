"""An artifact's properties, there and back through Kubeflow Pipelines and ML Metadata."""

import json
import math

import pytest
from google.protobuf import json_format
from hypothesis import example, given
from hypothesis import strategies as st
from kubeflow_cases.steps import TYPES
from ml_metadata.proto import metadata_store_pb2
from tfx.proto import example_gen_pb2
from tfx.types.artifact import Artifact, Property, PropertyType
from tfx_kubeflow.metadata import values
from tfx_kubeflow.metadata.artifacts import make_artifact, properties


class Everything(Artifact):
    """Declares a property of every type."""

    TYPE_NAME = "Everything"
    PROPERTIES = {
        "number": Property(PropertyType.INT),
        "share": Property(PropertyType.FLOAT),
        "text": Property(PropertyType.STRING),
        "flag": Property(PropertyType.BOOLEAN),
        "json": Property(PropertyType.JSON_VALUE),
        "proto": Property(PropertyType.PROTO),
    }


CLASS = f"{__name__}.Everything"


def through_kfp(metadata):
    """What KFP's launcher records of metadata, and its driver hands to the next step.

    As backend/src/v2/metadata/converter.go does it: toMLMDArtifact, then toRuntimeArtifact.
    """
    record = metadata_store_pb2.Artifact()
    for key, value in json.loads(json.dumps(metadata, allow_nan=False)).items():
        target = record.custom_properties[key]
        match value:
            case bool():
                target.int_value = int(value)
            case int() | float():
                target.double_value = value
            case str():
                target.string_value = value
            case list():
                json_format.ParseDict({"list": value}, target.struct_value)
            case dict():
                json_format.ParseDict({"struct": value}, target.struct_value)
            case _:
                raise AssertionError(f"KFP's launcher fails: {key} is {value!r}")
    handed = {"display_name": "x", "store_session_info": "{}"}
    for key, value in record.custom_properties.items():
        kind = value.WhichOneof("value")
        struct = kind == "struct_value"
        content = getattr(value, kind)
        handed[key] = json_format.MessageToDict(content) if struct else content
    return json.loads(json.dumps(handed))


def there_and_back(artifact):
    raw = through_kfp(properties(artifact))
    return make_artifact(CLASS, "/x", "12", values.metadata(raw))


def number(text):
    """A number, NaN as what is equal to itself."""
    return repr(text)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=8,
)
INT64 = st.integers(-(2**63), 2**63 - 1)


@given(INT64, st.floats(), TEXTS, st.booleans(), JSON)
@example(2**53 + 1, math.nan, "", False, {"list": [1.0]})
@example(-(2**63), math.inf, "1", True, {"struct": {"a": None}})
@example(0, -math.inf, "null", True, True)
def test_declared_properties_come_back_exactly(integer, share, text, flag, value):
    artifact = Everything()
    artifact.number, artifact.share, artifact.text, artifact.flag = integer, share, text, flag
    artifact.json = value
    artifact.proto = example_gen_pb2.Input.Split(name=text)
    found = there_and_back(artifact)
    assert (found.number, found.text, found.flag) == (integer, text, flag)
    assert [type(found.number), type(found.flag)] == [int, bool]
    assert number(found.share) == number(share)
    assert found.json == value
    assert type(found.json) is type(value)
    assert found.proto == example_gen_pb2.Input.Split(name=text)
    assert not found.mlmd_artifact.custom_properties


@given(INT64, st.floats(), TEXTS, st.booleans(), JSON)
@example(2**62 + 1, math.nan, "", False, "text")
@example(0, 0.0, "", False, None)
@example(0, 0.0, "$$5 $(NAME)", False, ["$$"])
def test_custom_properties_come_back_exactly(integer, share, text, flag, value):
    artifact = Everything()
    artifact.set_int_custom_property("number", integer)  # the names of declared ones, too
    artifact.set_float_custom_property("share", share)
    artifact.set_string_custom_property("words", text)
    artifact.set_bool_custom_property("flag", flag)
    artifact.set_json_value_custom_property("json", value)
    artifact.set_proto_custom_property("split", example_gen_pb2.Input.Split(name=text))
    found = there_and_back(artifact)
    assert found.get_int_custom_property("number") == integer
    assert number(found.get_float_custom_property("share")) == number(share)
    assert found.get_string_custom_property("words") == text
    assert found.get_bool_custom_property("flag") is flag
    assert found.get_json_value_custom_property("json") == value
    assert type(found.get_json_value_custom_property("json")) is type(value)
    assert found.get_proto_custom_property("split") == example_gen_pb2.Input.Split(name=text)
    assert not found.mlmd_artifact.properties
    assert there_and_back(found).mlmd_artifact == found.mlmd_artifact, "from now on it stays"


def test_kfps_own_names_may_be_used():
    artifact = Everything()
    artifact.set_string_custom_property("display_name", "best")
    found = there_and_back(artifact)
    assert found.get_string_custom_property("display_name") == "best"


def test_what_shows_its_kind_stands_in_kfp_as_it_is():
    artifact = Everything()
    artifact.number, artifact.share, artifact.flag, artifact.text = 3, 0.5, True, "x"
    artifact.set_int_custom_property("blessed", 1)
    artifact.set_json_value_custom_property("many", {"a": [1.0, None]})
    assert properties(artifact) == {
        "number": 3.0,
        "share": 0.5,
        "flag": 1.0,
        "text": "x",
        "blessed": 1.0,
        "many": {"a": [1.0, None]},
    }


@pytest.mark.parametrize(("value", "stored"), [("yes", "yes"), (True, 1.0), (3, 3.0)])
def test_a_condition_finds_what_is_in_json(value, stored):
    artifact = Everything()
    artifact.json = value
    artifact.set_json_value_custom_property("own", value)
    found = properties(artifact)
    assert (found["json"], found["own"]) == (stored, stored)


def test_json_of_an_earlier_release_is_read():
    metadata = {"json": '"yes"', "own": "true", values.KINDS: '{"json": "json", "own": "json"}'}
    found = make_artifact(CLASS, "/x", "1", metadata)
    assert (found.json, found.get_json_value_custom_property("own")) == ("yes", True)


def test_nulls_are_not_recorded():
    artifact = Everything()
    artifact.json = None
    artifact.set_json_value_custom_property("none", None)
    artifact.set_json_value_custom_property("some", [None])
    artifact.mlmd_artifact.custom_properties["empty"].SetInParent()
    assert properties(artifact) == {"some": [None]}
    assert through_kfp(properties(artifact))["some"] == {"list": [None]}


def test_what_does_not_fit_a_declared_property_is_kept_beside_it():
    found = make_artifact(CLASS, "/x", "1", {"number": "many", "text": 3.0, "flag": {"a": 1.0}})
    assert found.get_string_custom_property("number") == "many"
    assert found.get_int_custom_property("text") == 3
    assert found.get_json_value_custom_property("flag") == {"a": 1.0}
    assert not found.mlmd_artifact.properties


@pytest.mark.parametrize("value", [True, 1, 1.0])
def test_a_boolean_of_any_origin_is_one(value):
    assert make_artifact(CLASS, "/x", "1", {"flag": value}).flag is True


def test_names_of_inputs_are_ids_and_others_are_not():
    assert make_artifact(f"{TYPES}Model", "/x", "12", {}).id == 12
    assert make_artifact(f"{TYPES}Model", "/x", "model", {}).id > 2**32


def test_what_kfp_wraps_is_unwrapped():
    raw = {"l": {"list": [1, {"struct": {"a": 1}}]}, "display_name": "x", "list": "kept", "n": [1]}
    assert values.metadata(raw) == {"l": [1, {"struct": {"a": 1}}], "list": "kept", "n": [1]}


def test_properties_survive_the_way_there_and_back():
    metadata = {
        "span": 3,
        "split_names": '["a"]',
        "custom:span": 4.0,
        "share": 0.5,
        "text": "x",
        "many": {"a": [1.0]},
    }
    artifact = make_artifact(f"{TYPES}Examples", "/x", "12", metadata)
    assert (artifact.id, artifact.span, artifact.split_names) == (12, 3, '["a"]')
    assert artifact.get_int_custom_property("span") == 4
    assert artifact.get_float_custom_property("share") == 0.5
    assert artifact.get_json_value_custom_property("many") == {"a": [1.0]}
    assert properties(artifact) == {**metadata, "span": 3.0}
