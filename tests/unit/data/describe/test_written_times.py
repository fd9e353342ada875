"""Times in the forms that people write them in."""

from datetime import UTC, datetime

import numpy as np
import pytest

from tests.support.described import LOAD, QUARTERS, described, rows


@pytest.mark.parametrize(
    ("order", "form"), [("{1:02}/{0:02}/2023", "%m/%d/%Y"), ("{0:02}/{1:02}/2023", "%d/%m/%Y")]
)
def test_the_order_of_time_tells_days_from_months(order, form, tmp_path):
    """No day is above 12, but only one order goes on evenly."""
    times = [order.format(day, 3) + f" {hour:02}:00" for day in range(1, 10) for hour in range(24)]
    found = described(tmp_path, rows(times, LOAD[: len(times)]))
    assert found.values["layouts"][0]["format"] == f"{form} %H:%M"
    assert "evenly" in found.remarks.about("format")[0].text


@pytest.mark.parametrize("step", [900, 86_400])
@pytest.mark.parametrize(
    "form", ["%y-%m-%d", "%y/%m/%d", "%d-%m-%y", "%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%y-%b-%d"]
)
def test_the_order_of_time_tells_days_from_years(form, step, tmp_path):
    """No number is above 31, but only one order goes on by rows."""
    first = 1_672_617_600
    moments = [datetime.fromtimestamp(first + step * n, UTC) for n in range(3_000_000 // step + 9)]
    times = [f"{one:{form} %H:%M}" for one in moments]
    found = described(tmp_path, rows(times, np.resize(LOAD, len(times)), "time,kW"))
    assert found.values["layouts"][0]["format"] == f"{form} %H:%M"
    assert found.spec.cadence.total_seconds() == step
    assert not found.remarks.doubtful("format")


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("05/05/2023", "%d/%m is day first, %m/%d is month first"),
        ("23-01-14", "%d/%m is day first, %y/%m is year first"),
    ],
)
def test_dates_that_fit_several_orders_are_said_to(day, said, tmp_path):
    times = [f"{day} {n // 4:02}:{n % 4 * 15:02}" for n in range(96)]
    found = described(tmp_path, rows(times, LOAD[:96]))
    assert found.remarks.doubtful("format")
    assert said in found.remarks.about("format")[0].text


def test_midnight_at_the_end_of_a_day(tmp_path):
    times = [f"{day:02}/01/2023,{hour}" for day in range(1, 21) for hour in range(1, 25)]
    found = described(tmp_path, rows(times, LOAD, "fecha,hora,consumo kWh"))
    assert found.values["layouts"][0]["timestamp"] == ["fecha", "hora"]
    assert found.values["interval_ends"]
    assert found.remarks.doubtful("interval_ends")


@pytest.mark.parametrize("offset", ["-06:00", "-0600", "-06"])
def test_offsets_are_read_however_they_are_written(offset, tmp_path):
    found = described(tmp_path, rows([f"{one}{offset}" for one in QUARTERS], LOAD))
    assert found.values["layouts"][0]["format"] == "iso"
    assert "-06:00" in found.remarks.about("zone")[0].text


def test_times_that_are_called_utc(tmp_path):
    found = described(tmp_path, rows(QUARTERS, LOAD, "utc_timestamp,power kW"))
    assert found.values["layouts"][0]["zone"] == "UTC"
    assert found.values["zone"] == "UTC"
