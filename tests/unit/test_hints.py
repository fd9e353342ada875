"""Suggestions."""

from tfx_pipeline.hints import did_you_mean


def test_the_most_alike_is_suggested_and_nothing_far_off():
    assert did_you_mean("row", ["rows", "path", "bad_rows"]) == "; did you mean rows?"
    assert did_you_mean("surprise", ["rows", "path"]) == ""
