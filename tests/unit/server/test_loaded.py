"""A version in memory: what it says of itself, and that it goes when nobody asks it any more."""

import gc
import weakref

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.eager import context

from tests.support.saved_models import write_half_plus, write_version
from tfx_pipeline.server.errors import Code, ServingError
from tfx_pipeline.server.loaded import LoadedVersion
from tfx_pipeline.server.signature import Spec


class WithGradient(tf.Module):
    """`silu` brings a gradient of its own, as networks do."""

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, "x")])
    def predict(self, x):
        return {"y": tf.nn.silu(x)}


def test_signatures_and_their_specs(tmp_path):
    version = LoadedVersion(write_version(tmp_path, 7), 7)
    signature = version.signature("serving_default")
    assert signature.inputs["Voltage"] == Spec("float32", (None, 50))
    assert signature.inputs["timestamp"] == Spec("int64", (None,))
    assert signature.outputs["p50"] == Spec("float32", (None, 5))
    assert signature.joinable
    assert version.signature("serving_examples").inputs["examples"].dtype == "string"
    assert version.warm_up() == 2
    assert b'"horizon"' in version.metadata
    with pytest.raises(ServingError, match='"x" is not in the model, it has serving_default'):
        version.signature("x")


def test_a_model_of_anyone_has_no_metadata_and_no_warm_up(tmp_path):
    version = LoadedVersion(write_half_plus(tmp_path), 123)
    assert version.metadata is None
    assert version.warm_up() == 0
    assert version.call("serving_default", {"x": np.float32([1, 2])})["y"].tolist() == [2.5, 3.0]


def test_what_tensorflow_cannot_compute_is_the_requests_fault(tmp_path):
    version = LoadedVersion(write_version(tmp_path, 1), 1)
    with pytest.raises(ServingError, match="serving_examples") as caught:
        version.call("serving_examples", {"examples": np.array([b"no example"], object)})
    assert caught.value.code is Code.INVALID_ARGUMENT
    assert "\n" not in str(caught.value)


def test_it_ends_after_its_last_request(tmp_path):
    version, ended = LoadedVersion(write_half_plus(tmp_path), 1), []
    with version.in_use():
        with version.in_use():
            version.retire(lambda: ended.append(True))
        assert ended == []
    assert ended == [True]


def test_a_version_that_went_leaves_nothing_behind(tmp_path):
    """TensorFlow registers gradients, and with them whole models, for good."""
    module = WithGradient()
    tf.saved_model.save(module, str(tmp_path / "1"), {"serving_default": module.predict})

    def functions_after_a_load():
        version = LoadedVersion(tmp_path / "1", 1)
        assert version.call("serving_default", {"x": np.ones((3, 2), np.float32)})["y"].shape == (
            3,
            2,
        )
        gone = weakref.ref(version)
        del version
        gc.collect()
        assert gone() is None
        return len(context.context().list_function_names())

    first = functions_after_a_load()
    assert functions_after_a_load() == first
