"""JSON to tensors and back: values survive to the last bit, faults are named with their place."""

import contextlib
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tfx_pipeline.server.errors import ServingError
from tfx_pipeline.server.json_document import parse
from tfx_pipeline.server.json_tensors import (
    array_to_json,
    columns_to_json,
    rows_to_json,
    to_array,
)
from tfx_pipeline.server.signature import Spec

SHAPES = arrays.array_shapes(min_dims=0, max_dims=3, min_side=1, max_side=4)


def there_and_back(array, dtype):
    text = b'{"a":%s}' % array_to_json("a", array)
    found = to_array(parse(text)["a"], Spec(dtype, None), "a")
    assert found.dtype == array.dtype
    assert found.shape == array.shape
    return found


@settings(deadline=None)
@given(arrays.arrays(np.float32, SHAPES, elements=st.floats(width=32)))
def test_float32_survives_to_the_bit(array):
    found = there_and_back(array, "float32")
    # NaN is NaN, whatever its bits.
    same = (found.view(np.uint32) == array.view(np.uint32)) | (np.isnan(found) & np.isnan(array))
    assert same.all()


@settings(deadline=None)
@given(arrays.arrays(np.float64, SHAPES, elements=st.floats()))
def test_float64_survives(array):
    np.testing.assert_array_equal(there_and_back(array, "float64"), array)


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "int64", "uint8", "uint32", "uint64"])
def test_integers_survive_up_to_their_bounds(dtype):
    bounds = np.iinfo(dtype)
    array = np.array([[bounds.min, 0], [1, bounds.max]], dtype)
    assert (there_and_back(array, dtype) == array).all()
    for beyond in (bounds.min - 1, bounds.max + 1):
        with pytest.raises(ServingError, match=r"a\[1\]: is a number .* fits in"):
            to_array([0, beyond], Spec(dtype, None), "a")


def test_booleans_survive_and_numbers_are_none():
    array = np.array([True, False])
    assert (there_and_back(array, "bool") == array).all()
    with pytest.raises(ServingError, match=r"a\[0\]: is a number .* true or false"):
        to_array([1], Spec("bool", None), "a")


@settings(deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=("Cs",))), min_size=1))
def test_text_survives(values):
    array = np.array([one.encode() for one in values] + [None], object)[:-1]
    assert there_and_back(array, "string").tolist() == array.tolist()


@settings(deadline=None)
@given(st.lists(st.binary(), min_size=1))
def test_bytes_survive_in_base_64(values):
    array = np.array([*values, None], object)[:-1]
    text = b'{"a":%s}' % array_to_json("a_bytes", array)
    assert to_array(parse(text)["a"], Spec("string", None), "a").tolist() == values


def test_bytes_that_are_no_text_need_a_name_that_says_so():
    with pytest.raises(ServingError, match="does not end with '_bytes'"):
        array_to_json("a", np.array([b"\xff"], object))


@pytest.mark.parametrize("text", ["_-8=", "_-8", "/+8=", "/+8"])
def test_either_alphabet_of_base_64_is_read_padded_or_not(text):
    found = to_array({"b64": text}, Spec("string", ()), "a")
    assert found.item() == b"\xff\xef"


def test_numbers_are_written_short_and_others_as_tokens():
    array = np.array([0.1, 4, -1e-7, 3e38, np.nan, np.inf, -np.inf], np.float32)
    text = array_to_json("a", array)
    assert text == b"[0.1,4.0,-1e-7,3e+38,NaN,Infinity,-Infinity]"
    assert np.isnan(json.loads(text)[4])


def test_several_outputs_are_objects_and_one_is_bare():
    a, b = np.array([[1.0, np.nan], [2.0, 3.0]], np.float32), np.array([5, 6])
    assert rows_to_json({"a": a}) == b"[[1.0,NaN],[2.0,3.0]]"
    assert rows_to_json({"b": b}) == b"[5,6]"
    assert rows_to_json({"a": a, "b": b}) == b'[{"a":[1.0,NaN],"b":5},{"a":[2.0,3.0],"b":6}]'
    assert rows_to_json({"a": a[1:], "b": b[1:]}) == b'[{"a":[2.0,3.0],"b":6}]'
    assert columns_to_json({"b": b}) == b"[5,6]"
    assert columns_to_json({"a": a[0], "b": b}) == b'{"a":[1.0,NaN],"b":[5,6]}'
    assert rows_to_json({"a": a[:0], "b": b[:0]}) == b"[]"


def test_outputs_without_equal_rows_have_no_row_format():
    with pytest.raises(ServingError, match="ask with 'inputs'"):
        rows_to_json({"a": np.zeros(2), "b": np.zeros(3)})
    with pytest.raises(ServingError, match="ask with 'inputs'"):
        rows_to_json({"a": np.array(1.0)})
    assert columns_to_json({"a": np.array(1.0)}) == b"1.0"


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.floats()
    | st.integers(-(2**63), 2**63 - 1)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=20,
)
SPECS = st.sampled_from(["float32", "int64", "int8", "bool", "string"]).map(
    lambda dtype: Spec(dtype, None)
)


@settings(deadline=None)
@given(JSON, SPECS)
def test_any_json_is_an_array_or_refused_with_its_place(value, spec):
    message, dtype = "inputs['x']", spec.numpy_dtype
    try:
        dtype = to_array(value, spec, "inputs['x']").dtype
    except ServingError as error:
        message = str(error)
    assert message.startswith("inputs['x']")
    assert dtype == spec.numpy_dtype


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=3), JSON, max_size=4))
def test_what_json_is_read_python_reads_as_well(document):
    text = json.dumps(document, ensure_ascii=False)
    try:
        encoded = text.encode()
    except UnicodeEncodeError:
        return
    assert repr(parse(encoded)) == repr(json.loads(text))


@settings(deadline=None)
@given(st.binary(max_size=50))
def test_any_bytes_are_an_object_or_refused(body):
    with contextlib.suppress(ServingError):
        assert isinstance(parse(body), dict)
