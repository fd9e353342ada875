"""Two versions on the same requests, whose answers are made up."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from tfx_pipeline.versions.comparison import BATCH, compare
from tfx_pipeline.versions.live_requests import Windows

STEPS = 3


def windows(count: int = BATCH + 6, known: bool = True) -> Windows:
    last = np.linspace(0, 1, count, dtype=np.float32)
    truth = np.repeat(last[:, None].astype(float), STEPS, axis=1)
    truth[0] = np.nan
    return Windows({"power": last[:, None]}, truth if known else np.full_like(truth, np.nan))


class Persistence:
    """Answers the last value plus something that grows with the steps ahead."""

    def __init__(self, apart: float = 0.0, band: float = 0.1) -> None:
        self.apart, self.band = apart, band
        self.batches: list[int] = []

    def __call__(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        last = inputs["power"][:, -1:]
        self.batches.append(len(last))
        mean = last + self.apart * np.arange(1, STEPS + 1, dtype=np.float32)
        return {"mean": mean, "p10": mean - self.band, "p50": mean, "p90": mean + self.band}


def test_differences_are_told_by_step_and_errors_where_the_truth_is_known() -> None:
    other = Persistence(0.2)
    found = compare(windows(), {"1": Persistence(), "2": other}, "kW")
    assert (found.windows, found.known) == (BATCH + 6, (BATCH + 5) * STEPS)
    assert [step.mean for step in found.steps] == pytest.approx([0.2, 0.4, 0.6])
    assert found.steps[2].maximum == pytest.approx(0.6)
    assert found.outputs["p90"] == pytest.approx(0.4)
    first, second = found.sides
    assert (first.version, first.mse, first.coverage) == ("1", pytest.approx(0), 1.0)
    assert second.mse == pytest.approx((0.04 + 0.16 + 0.36) / 3)
    assert second.mae == pytest.approx(0.4)
    assert second.coverage == 0
    assert 0 < second.p50_ms <= second.p99_ms
    assert other.batches[:2] == [BATCH, 6]
    assert not found.within(0.5)
    assert found.within(0.7)
    assert found.within(None)


def test_without_the_truth_there_are_no_errors() -> None:
    found = compare(windows(known=False), {"1": Persistence(), "2": Persistence()}, "kW")
    assert found.known == 0
    assert [(one.mse, one.mae, one.coverage) for one in found.sides] == [(None, None, None)] * 2
    assert found.within(0.0)


def test_a_value_that_only_one_of_them_has_is_out_of_any_tolerance() -> None:
    def broken(inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        answer = Persistence()(inputs)
        median = answer["p50"].copy()
        median[0, 0] = np.nan
        return {**answer, "p50": median}

    found = compare(windows(), {"1": Persistence(), "2": broken}, "kW")
    assert [one.not_numbers for one in found.sides] == [0, 2], "one in each request"
    assert not found.within(None)


def test_what_neither_of_them_can_forecast_is_no_difference() -> None:
    def silent(inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {name: values * np.nan for name, values in Persistence()(inputs).items()}

    found = compare(windows(), {"1": silent, "2": silent}, "kW")
    assert found.within(0.0)
    assert found.sides[0].mse is None
