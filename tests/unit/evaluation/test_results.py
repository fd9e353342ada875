"""Which naive forecast is the best, in words."""

import pytest

from tests.support.summary import evaluation, step

DAY, WEEK = "same_time_yesterday", "same_time_last_week"


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([], "none"),
        (["persistence"] * 5, "persistence at every step"),
        (
            ["persistence"] * 3 + [DAY] * 21,
            "persistence for steps 1..3, same time yesterday from 4 on",
        ),
        (
            ["persistence", DAY, DAY, WEEK],
            "persistence for step 1, same time yesterday for steps 2..3, "
            "same time last week for step 4",
        ),
        (
            [DAY, WEEK] * 6 + [DAY, "persistence"],
            "same time yesterday at 7 of 14 steps, same time last week at 6, persistence at 1",
        ),
    ],
)
def test_the_best_naive_forecast_is_told_by_step(names, words):
    rows = tuple(
        step(number).model_copy(update={"naive_mse_of": name})
        for number, name in enumerate(names, start=1)
    )
    assert evaluation(per_step=rows).best_naive == words
