"""Numbers, times and lines as they are printed."""

from __future__ import annotations

import io

import numpy as np
import pytest
from rich.console import Console

from tfx_pipeline.client.forecaster import Forecast
from tfx_pipeline.client.show import iso, number, print_lines, print_table, records, sparkline


@pytest.fixture
def forecast(windows):
    mean = np.array([[1.25, 2], [np.nan, np.nan]], np.float32)
    return Forecast(windows, mean, mean - 1, mean, mean + 1, "3", None)


def printed(show, *arguments):
    text = io.StringIO()
    show(*arguments, Console(file=text, width=100))
    return text.getvalue().splitlines()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.98765, "0.988"),
        (1.23456, "1.235"),
        (12.3456, "12.35"),
        (12345.6, "12,346"),
        (-0.5, "-0.500"),
        (float("nan"), "-"),
        (0.00001, "0.000"),
    ],
)
def test_numbers_have_four_digits(value, text):
    assert number(value) == text


def test_times_are_of_the_local_clock(model):
    assert iso(1_672_531_200, model.series) == "2023-01-01T01:00:00+01:00"
    nowhere = model.series.model_copy(update={"zone": None})
    assert iso(1_672_531_200, nowhere) == "2023-01-01T00:00:00"


def test_where_there_is_no_value_there_is_null(forecast):
    first, second = records(forecast)
    assert [step["mean"] for step in first["steps"]] == [1.25, 2.0]
    assert [step["came"] for step in first["steps"]] == [None, 5.0]
    assert [step["mean"] for step in second["steps"]] == [None, None]
    assert (second["meter"], second["observed_steps"]) == ("home", 3)


def test_a_table_has_what_came(forecast):
    title, header, *rows = printed(print_table, forecast, "house")
    assert title == "power, kW, by house, version 3"
    assert header.split() == ["from", "mean", "P10", "P50", "P90", "came"]
    assert rows[0].split()[2:] == ["1.250", "0.250", "1.250", "2.250", "-"]
    assert rows[1].split()[2:] == ["2.000", "1.000", "2.000", "3.000", "5.000"]


def test_a_line_for_each_window(forecast):
    first, second = printed(print_lines, forecast)
    assert first.startswith("home  2023-01-01 01:45 .. 2023-01-01 02:00  1.250 2.000 kW  P10..P90")
    assert second.endswith("- - kW  P10..P90 - .. -, version 3")


def test_a_sparkline_shows_gaps(windows):
    mean = np.array([[5, 1]], np.float32)
    one = windows.where(slice(1, 2))
    assert sparkline(Forecast(one, mean, mean, mean, mean, None, None)) == "1.000 ▃▅ █│█▁ 5.000 kW"
