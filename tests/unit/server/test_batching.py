"""What is joined, what is not, and what becomes of the rest when one request is bad."""

import threading

import numpy as np
import pytest

from tfx_pipeline.server.batching import Batcher, Call
from tfx_pipeline.server.errors import Code, ServingError
from tfx_pipeline.server.signature import Signature, Spec

DOUBLE = Signature("double", {"x": Spec("float32", (None,))}, {"y": Spec("float32", (None,))})
TOTAL = Signature("total", {"x": Spec("float32", (None,))}, {"y": Spec("float32", ())})
MATRIX = Signature(
    "matrix", {"x": Spec("float32", (None, None))}, {"y": Spec("float32", (None, None))}
)


class Version:
    """Doubles what it is given, and takes its time for the first call."""

    def __init__(self):
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.calls = []

    def call(self, name, inputs):
        self.calls.append(len(inputs["x"]))
        self.begun.set()
        assert self.go_on.wait(10)
        if (inputs["x"] < 0).any():
            raise ServingError(Code.INVALID_ARGUMENT, "negative")
        return {"y": inputs["x"].sum() if name == "total" else inputs["x"] * 2}


@pytest.fixture
def version():
    return Version()


def call(version, *values, signature=DOUBLE):
    return Call(version, signature, {"x": np.array(values, np.float32)})


def run(version, calls, max_batch=8, queue=100):
    """Has calls wait while the first one is computed; returns the rows of each computation."""
    rows = []
    batcher = Batcher(max_batch, queue, 1, rows.append)
    try:
        batcher.submit(call(version, 0.0))
        assert version.begun.wait(10)
        for one in calls:
            batcher.submit(one)
    finally:
        version.go_on.set()
        batcher.close()
    return rows[1:]


def test_what_waits_is_joined_in_order_up_to_the_bound(version):
    calls = [call(version, *range(n)) for n in (1, 3, 4, 2, 0, 9, 5)]
    assert run(version, calls) == [8, 2, 0, 9, 5]
    for one in calls:
        assert (one.outputs.result(0)["y"] == one.inputs["x"] * 2).all()


def test_one_that_comes_alone_is_computed_alone(version):
    alone = call(version, 1.0, 2.0)
    assert run(version, [alone]) == [2]
    assert version.calls == [1, 2]


def test_with_a_bound_of_one_nothing_is_joined(version):
    assert run(version, [call(version, n) for n in range(3)], 1) == [1] * 3


def test_other_versions_signatures_and_shapes_are_not_joined(version):
    other = Version()
    other.go_on.set()
    total = call(version, 3.0, 4.0, signature=TOTAL)
    wide, narrow = (Call(version, MATRIX, {"x": np.ones((2, n), np.float32)}) for n in (3, 4))
    calls = [call(version, 1.0), call(other, 1.0), total, wide, narrow]
    assert run(version, calls) == [1, 1, 1, 2, 2]
    assert total.outputs.result(0)["y"] == 7
    assert narrow.outputs.result(0)["y"].shape == (2, 4)


def test_a_bad_request_fails_alone(version):
    good, bad = call(version, 1.0), call(version, -1.0)
    assert run(version, [good, bad]) == [2]
    assert good.outputs.result(0)["y"] == [2.0]
    with pytest.raises(ServingError, match="negative"):
        bad.outputs.result(0)


def test_what_nobody_waits_for_any_more_is_not_computed(version):
    gone = [call(version, n) for n in range(2)]
    for one in gone:
        assert one.outputs.cancel()
    assert run(version, [gone[0], call(version, 5.0), gone[1], call(version, 6.0)]) == [2]


def test_a_full_queue_refuses(version):
    calls = [call(version, n) for n in range(3)]
    with pytest.raises(ServingError, match="2 requests wait already") as caught:
        run(version, calls, queue=2)
    assert caught.value.code is Code.UNAVAILABLE
    assert calls[1].outputs.result(0)["y"] == [2.0]


def test_who_gave_up_takes_no_place_in_the_queue(version):
    gone, calls = call(version, 1.0), [call(version, n) for n in (2, 3)]
    assert gone.outputs.cancel()
    run(version, [gone, *calls], queue=2)
    assert [one.outputs.result(0)["y"].tolist() for one in calls] == [[4.0], [6.0]]


def test_a_closed_batcher_takes_nothing(version):
    version.go_on.set()
    batcher = Batcher(8, 8, 1, lambda rows: None)
    batcher.close()
    with pytest.raises(ServingError, match="ends"):
        batcher.submit(call(version, 1.0))


def test_a_model_that_returns_other_rows_is_asked_for_each_alone(version):
    class Odd(Version):
        def call(self, name, inputs):
            rows = super().call(name, inputs)
            return rows if len(inputs["x"]) == 1 else {"y": rows["y"][:1]}

    odd = Odd()
    calls = [call(odd, 1.0), call(odd, 2.0)]
    assert run(odd, calls) == [2]
    assert [one.outputs.result(0)["y"].tolist() for one in calls] == [[2.0], [4.0]]


def test_an_unforeseen_error_fails_its_request_and_not_the_thread(version):
    class Failing(Version):
        def call(self, name, inputs):
            super().call(name, inputs)
            if inputs["x"][0] == 1:
                raise RuntimeError("unforeseen")
            return inputs

    failing = Failing()
    first, second = call(failing, 1.0), call(failing, 2.0, signature=TOTAL)
    run(failing, [first, second])
    with pytest.raises(RuntimeError, match="unforeseen"):
        first.outputs.result(0)
    assert second.outputs.result(0)
