"""Switching events, by hand-made series."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from modules import events

WINDOW = 20
# Sizes of jumps, and of those of what is not in parts, and where the three parts are on.
JUMPS = (0.1, 0.25, 0.5, 1.0, 1.6)
REST_JUMPS = (0.1, 0.25, 0.5, 1.0)
ON = ((0.5, 8.0),) * 3
KW = 0.06  # of one Wh per minute
SWITCHES = len(JUMPS) + len(REST_JUMPS) + 6
UP = JUMPS.index(0.5)
DOWN = UP + SWITCHES
NONE = WINDOW - 1


def find(target: np.ndarray, origin: int, missing: tuple[int, ...] = (), sub_meter=None):
    """Events of a series of the target, seen from one origin."""
    filled = np.zeros((1, len(target), 7), np.float32)
    filled[0, :, 0] = target
    if sub_meter is not None:
        filled[0, :, 4] = sub_meter
    observed = np.ones_like(filled)
    observed[0, list(missing)] = 0.0
    segments = {
        "filled": filled,
        "scaled": filled,
        "observed": observed,
        "level": filled[..., 0],
        "rest": filled[..., 0] - KW * filled[..., 4:].sum(axis=-1),
        "jumps": [JUMPS],
        "rest_jumps": [REST_JUMPS],
        "on": [ON],
        "changes": [[2.0] * 3],
    }
    segments = {name: tf.constant(values, tf.float32) for name, values in segments.items()}
    segments["watched"] = tf.constant([[4, 5, 6]], tf.int64)
    last = tf.constant([[float(target[origin])]])
    found = events.find_events(
        segments, events.changes_of(segments), tf.constant([origin]), WINDOW, last
    )
    return events.Events(*(values[0, 0].numpy() for values in found))


def boxes(length: int, *on: tuple[int, int]) -> np.ndarray:
    """0.3 kW, and 1 kW in each [start, stop)."""
    target = np.full(length, 0.3, np.float32)
    for start, stop in on:
        target[start:stop] = 1.0
    return target


def test_a_jump_has_an_age_a_size_and_the_level_before_it():
    found = find(boxes(40, (30, 40)), origin=33)
    assert found.age[UP] == 3
    assert found.age[DOWN] == NONE
    assert found.size[UP] == pytest.approx(0.7)
    assert found.level[UP] == pytest.approx(0.3)
    # 0.7 kW is no jump of 1 kW.
    assert found.age[JUMPS.index(1.0)] == NONE
    assert found.size[JUMPS.index(1.0)] == 0.0


def test_the_gap_reaches_back_to_the_jump_before():
    found = find(boxes(40, (22, 25), (30, 34)), origin=36)
    assert found.gap[UP] == 8
    assert found.gap[DOWN] == 9
    assert find(boxes(40, (30, 34)), origin=36).gap[UP] == NONE


def test_what_remains_is_the_length_of_the_phase_the_time_before():
    target = boxes(40, (22, 28), (31, 40))
    assert find(target, origin=33).remaining[UP] == 6 - 2
    assert find(target, origin=39).remaining[UP] == 6 - 8
    assert find(target, origin=33).has_remaining[UP]
    assert not find(target, origin=29).has_remaining[UP]


def test_an_event_outside_the_window_is_none():
    target = boxes(40, (10, 40))
    # The jump into minute 10 needs minute 9, which the origin 28 still sees.
    assert find(target, origin=28).age[UP] == 18
    assert find(target, origin=29).age[UP] == NONE


def test_a_jump_across_a_missing_minute_is_none():
    target = boxes(40, (30, 40))
    assert find(target, origin=33, missing=(29,)).age[UP] == NONE
    assert find(target, origin=33, missing=(30,)).age[UP] == NONE


def test_a_jump_tells_which_appliance_it_was():
    sub_meter = np.zeros(40, np.float32)
    sub_meter[30:] = 11.0
    found = find(boxes(40, (30, 40)), origin=33, sub_meter=sub_meter)
    assert found.covariates[UP].tolist() == [0.0, 0.0, 0.0, 11.0, 0.0, 0.0]
    assert not found.covariates[len(JUMPS) + UP].any()


def test_what_no_sub_meter_measures_has_jumps_of_its_own():
    sub_meter = np.zeros(40, np.float32)
    sub_meter[30:] = 0.7 / KW
    metered = find(boxes(40, (30, 40)), origin=33, sub_meter=sub_meter)
    elsewhere = find(boxes(40, (30, 40)), origin=33)
    unmetered = len(JUMPS) + REST_JUMPS.index(0.5)
    assert elsewhere.age[unmetered] == 3
    assert metered.age[unmetered] == NONE
    assert metered.age[UP] == 3


def test_sub_meters_switch_on_and_off_and_change():
    sub_meter = np.zeros(40, np.float32)
    sub_meter[22:26] = 1.0
    sub_meter[28:33] = 18.0
    sub_meter[33:] = 1.0
    found = find(boxes(40), origin=34, sub_meter=sub_meter)
    low = len(JUMPS) + len(REST_JUMPS)
    high = low + 3
    assert (found.age[low], found.gap[low]) == (6, 6)
    assert found.age[low + SWITCHES] == 8
    assert (found.age[high], found.gap[high]) == (6, NONE)
    assert found.age[high + SWITCHES] == 1
    assert found.age[2 * SWITCHES] == 1
    # On for six minutes now, and for four the time before.
    assert found.remaining[low] == 4 - 6
    assert (found.age[[low + 1, low + 2, 2 * SWITCHES + 1]] == NONE).all()


@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(1, 4))
@settings(max_examples=50, deadline=None)
def test_the_last_switches_are_those_of_a_walk_along_the_segment(seed, batch, kinds):
    rng = np.random.default_rng(seed)
    happens = rng.random((batch, 2 * kinds + 2, 30)) < rng.choice([0.0, 0.05, 0.4])
    origins = np.sort(rng.choice(30, 6, replace=False)).astype(np.int32)
    found = events.last_switches(tf.constant(happens), tf.constant(origins), 2 * kinds)
    latest, earlier, opposite = (values.numpy() for values in found)

    def before(one: int, kind: int, step: int) -> int:
        return max((at for at in range(step) if happens[one, kind, at]), default=-1)

    for one, n, kind in np.ndindex(latest.shape):
        last = before(one, kind, origins[n] + 1)
        assert latest[one, n, kind] == last
        if kind < 2 * kinds:
            assert earlier[one, n, kind] == before(one, kind, last)
            assert opposite[one, n, kind] == before(one, (kind + kinds) % (2 * kinds), last)


def test_no_segments_have_no_switches():
    found = events.last_switches(tf.zeros([0, 4, 30], tf.bool), tf.constant([3]), 4)
    assert [values.shape.as_list() for values in found] == [[0, 1, 4]] * 3
