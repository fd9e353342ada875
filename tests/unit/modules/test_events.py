"""Switching events, by hand-made series."""

import numpy as np
import pytest
import tensorflow as tf

from modules import events

WINDOW = 20
UP_HALF_KW = events.THRESHOLDS.index(0.5)
DOWN_HALF_KW = UP_HALF_KW + len(events.THRESHOLDS)
NONE = WINDOW - 1


def find(target: np.ndarray, origin: int, missing: tuple[int, ...] = (), sub_meter=None):
    """Events of a series of the target, seen from one origin."""
    filled = np.zeros((1, len(target), 7), np.float32)
    filled[0, :, 0] = target
    if sub_meter is not None:
        filled[0, :, 4] = sub_meter
    observed = np.ones_like(filled)
    observed[0, list(missing)] = 0.0
    base = tf.constant([[float(target[origin])]])
    found = events.find_events(
        tf.constant(filled), tf.constant(observed), tf.constant([origin]), WINDOW, base
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
    assert found.age[UP_HALF_KW] == 3
    assert found.age[DOWN_HALF_KW] == NONE
    assert found.size[UP_HALF_KW] == pytest.approx(0.7)
    assert found.level[UP_HALF_KW] == pytest.approx(0.3)
    # 0.7 kW is no jump of 1 kW.
    assert found.age[events.THRESHOLDS.index(1.0)] == NONE
    assert found.size[events.THRESHOLDS.index(1.0)] == 0.0


def test_the_gap_reaches_back_to_the_jump_before():
    found = find(boxes(40, (22, 25), (30, 34)), origin=36)
    assert found.gap[UP_HALF_KW] == 8
    assert found.gap[DOWN_HALF_KW] == 9
    assert find(boxes(40, (30, 34)), origin=36).gap[UP_HALF_KW] == NONE


def test_what_remains_is_the_length_of_the_phase_the_time_before():
    target = boxes(40, (22, 28), (31, 40))
    assert find(target, origin=33).remaining[UP_HALF_KW] == 6 - 2
    assert find(target, origin=39).remaining[UP_HALF_KW] == 6 - 8
    assert find(target, origin=33).has_remaining[UP_HALF_KW]
    assert not find(target, origin=29).has_remaining[UP_HALF_KW]


def test_an_event_outside_the_window_is_none():
    target = boxes(40, (10, 40))
    # The jump into minute 10 needs minute 9, which the origin 28 still sees.
    assert find(target, origin=28).age[UP_HALF_KW] == 18
    assert find(target, origin=29).age[UP_HALF_KW] == NONE


def test_a_jump_across_a_missing_minute_is_none():
    target = boxes(40, (30, 40))
    assert find(target, origin=33, missing=(29,)).age[UP_HALF_KW] == NONE
    assert find(target, origin=33, missing=(30,)).age[UP_HALF_KW] == NONE


def test_sub_meters_switch_on_and_off_and_change():
    sub_meter = np.zeros(40, np.float32)
    sub_meter[25:30] = 18.0
    sub_meter[28:30] = 10.0
    found = find(boxes(40), origin=32, sub_meter=sub_meter)
    on, off, change = (events.JUMPS + 3 * kind for kind in range(3))
    assert found.age[on] == 7
    assert found.age[off] == 2
    assert found.age[change] == 2
    assert find(boxes(40), origin=29, sub_meter=sub_meter).age[change] == 1
    assert (found.age[[on + 1, off + 1, change + 1]] == NONE).all()
