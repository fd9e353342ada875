"""What is read with a found description is what is true of the file."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.own_files import FILES
from tfx_pipeline.data.describe.description import describe
from tfx_pipeline.data.describe.errors import DescribeError
from tfx_pipeline.data.raw.errors import BadRows, DataError
from tfx_pipeline.data.raw.reader import Reader
from tfx_pipeline.series.grid import Grid
from tfx_pipeline.series.spec import SeriesSpec


def read(path, spec):
    """Meter -> seconds at which its steps begin, and the target's values where it has them."""
    grid, parts = Grid(spec), {}
    for rows in Reader([str(path)], spec, BadRows()):
        kept = rows.where(np.isfinite(rows.values[0]))
        parts.setdefault(rows.meter, []).append((grid.seconds(kept.steps), kept.values[0]))
    return {
        meter: tuple(np.concatenate(part) for part in zip(*found, strict=True))
        for meter, found in parts.items()
    }


@pytest.mark.parametrize("name", FILES)
def test_the_numbers_read_are_the_true_ones(name, tmp_path):
    made = FILES[name].make(tmp_path)
    found = describe(str(made.path)).values | FILES[name].corrections
    values = read(made.path, SeriesSpec.model_validate(found))
    assert values.keys() == made.truth.keys()
    for meter, (seconds, truth) in made.truth.items():
        assert np.array_equal(values[meter][0], seconds)
        assert values[meter][1] == pytest.approx(truth, rel=1e-5, abs=1e-5)


FORMATS = (
    *("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S%z", "%Y/%m/%d %H:%M", "%Y%m%d%H%M"),
    *("%d.%m.%Y %H:%M", "%d/%m/%y %H:%M:%S", "%m/%d/%Y %I:%M %p", "%d-%b-%Y %H:%M", "seconds"),
    "%y-%m-%d %H:%M",
)
KINDS = {
    "Power [kW]": ("mean", 1.0),
    "Leistung (W)": ("mean", 1000.0),
    "Consumption kWh": ("sum", 1.0),
    "Zaehlerstand [kWh]": ("difference", 1.0),
}
SHAPES = st.fixed_dictionaries(
    {
        "delimiter": st.sampled_from(";,\t|"),
        "decimal": st.sampled_from(".,"),
        "form": st.sampled_from(FORMATS),
        "two_columns": st.booleans(),
        "zone": st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"]),
        "kind": st.sampled_from(sorted(KINDS)),
        "step": st.sampled_from([60, 300, 900, 1800, 3600]),
        "day": st.integers(0, 40),
        "above": st.sampled_from(["", "sep={}\n", "Meter 7\n\n", "Meter{}7\nfrom{}1.2.2023\n"]),
        "headed": st.sampled_from([True] * 9 + [False]),
        "units": st.booleans(),
        "behind": st.sampled_from(["", "{}"]),
        "mark": st.sampled_from(["", "\ufeff"]),
        "missing": st.sampled_from(["", "n/a", " Null ", "?", "  "]),
        "grouped": st.booleans(),
        "quoted": st.booleans(),
        "end": st.sampled_from(["\n", "\r\n"]),
        "seed": st.integers(0, 1000),
    }
)


def write_shape(path, shape):
    """Writes a file, and returns its steps, UTC and of the wall clock, and their values."""
    rng, count, step = np.random.default_rng(shape["seed"]), 500, shape["step"]
    zone = ZoneInfo(shape["zone"])
    first = datetime(2023, 1, 3, tzinfo=zone).timestamp() + 86_400 * shape["day"]
    seconds = int(first) + step * np.arange(count)
    clock = [datetime.fromtimestamp(int(one), zone) for one in seconds]
    local = np.array([int(one.replace(tzinfo=UTC).timestamp()) for one in clock])
    aggregate, scale = KINDS[shape["kind"]]
    values = (
        scale * rng.gamma(2, 0.3, count) * (1.0 if aggregate == "mean" else step / 3600)
    ).round(3)
    written = (5000 + np.append(0, np.cumsum(values)[:-1])) if aggregate == "difference" else values
    lost = rng.random(count) < (0.0 if aggregate == "difference" else 0.03)
    delimiter, point = shape["delimiter"], shape["decimal"]
    between = {".": ",", ",": "."}[point] if shape["grouped"] else ""

    def number(value, gone):
        text = shape["missing"] if gone else f"{value:,.3f}".translate({44: between, 46: point})
        return f'"{text}"' if shape["quoted"] or delimiter in text else text

    form = shape["form"]
    two = shape["two_columns"] and " " in form
    lines = []
    for when, second, value, gone in zip(clock, seconds, written, lost, strict=True):
        text = str(second) if form == "seconds" else when.strftime(form)
        times = text.split(" ", 1) if two else [text]
        lines.append(delimiter.join([*times, number(value, gone), "ok"]) + shape["behind"])
    names = ["Date", "Time of day"] if two else ["timestamp"]
    column = shape["kind"].split(" ")[0] if shape["units"] else shape["kind"]
    unit = shape["kind"].split(" ")[1]
    header = [delimiter.join([*names, column, "status"])] if shape["headed"] else []
    header += [delimiter.join([*[""] * len(names), unit, ""])] if shape["units"] else []
    lines = [shape["mark"] + shape["above"] + line for line in header[:1]] + header[1:] + lines
    text = "\n".join(lines).replace("{}", delimiter) + "\n"
    path.write_bytes(text.replace("\n", shape["end"]).encode())
    known = ~lost
    if aggregate == "difference":
        known[-1] = False
    return seconds[known], local[known], values[known]


@given(SHAPES)
@settings(max_examples=100, deadline=None)
def test_a_file_of_any_shape_is_read_as_it_is_or_refused_in_words(tmp_path_factory, shape):
    path = tmp_path_factory.getbasetemp() / "shape.csv"
    seconds, local, truth = write_shape(path, shape)
    words = ""
    try:
        found = describe(str(path))
        values = read(path, found.spec)
    except (DescribeError, DataError) as refusal:
        words, values = str(refusal), {}
    if not shape["headed"] or shape["decimal"] == shape["delimiter"]:
        assert not values
        assert str(path) in words
        return
    assert values.keys() == {""}, words
    if found.remarks.doubtful("format"):  # day or month: a person decides
        return
    if shape["form"] == "seconds" and seconds[0] % shape["step"]:
        # Hours from half past to half past of UTC are those of a zone, which a person writes.
        assert found.remarks.doubtful("zone")
        values = read(path, found.spec.model_copy(update={"zone": shape["zone"]}))
    times, numbers = values[""]
    assert np.array_equal(times, seconds if found.spec.zone else local)
    assert numbers == pytest.approx(truth, rel=1e-5, abs=1e-3)


def read_as_described(path, times):
    """Writes a file with these times, and returns when its steps are, as described."""
    path.write_text("time,kW\n" + "".join(f"{one},{n % 7}.5\n" for n, one in enumerate(times)))
    return read(path, describe(str(path)).spec)[""][0]


@pytest.mark.parametrize("behind", [" UTC", " GMT", "Z", " Z", "+00:00", " +0000"])
@pytest.mark.parametrize("form", ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%d.%m.%Y %H:%M"])
def test_times_that_say_utc_are_read_as_described(form, behind, tmp_path):
    seconds = 1_672_704_000 + 900 * np.arange(200)
    times = [f"{datetime.fromtimestamp(int(one), UTC):{form}}{behind}" for one in seconds]
    assert np.array_equal(read_as_described(tmp_path / "utc.csv", times), seconds)


@pytest.mark.parametrize("form", ["{:%Y-%m-%d} {}:{:%M}", "{:%Y-%m-%dT}{}:{:%M:%S}"])
@pytest.mark.parametrize("hour", ["{:02}", "{}"])
def test_hours_that_iso_has_not_are_read_as_described(form, hour, tmp_path):
    """Midnight as the end of a day, hours of one digit."""
    seconds = 1_672_531_200 + 1800 * np.arange(1, 8 * 48 + 1)
    before = [datetime.fromtimestamp(int(one) - 1, UTC) for one in seconds]
    clock = [datetime.fromtimestamp(int(one), UTC) for one in seconds]
    times = [
        form.format(day, hour.format(one.hour or 24 * (not one.minute)), one)
        for day, one in zip(before, clock, strict=True)
    ]
    assert np.array_equal(read_as_described(tmp_path / "day.csv", times), seconds - 1800)
