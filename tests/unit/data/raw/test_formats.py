"""Layouts are recognised by their header, whatever it is that they describe."""

import gzip
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tfx_pipeline.data.raw.errors import BadRows, DataError
from tfx_pipeline.data.raw.reader import Reader
from tfx_pipeline.series.grid import Grid
from tfx_pipeline.series.spec import SeriesSpec

METER = {
    "layouts": [{"timestamp": "when", "delimiter": ";", "decimal": ","}],
    "cadence": "PT15M",
    "target": {"name": "energy", "column": "Verbrauch (kWh)", "unit": "kWh", "aggregate": "sum"},
}
ROWS = "when;Verbrauch (kWh)\n2024-03-01 00:00;0,25\n2024-03-01 00:15;1,5\n2024-03-01 00:30;?\n"


def spec(**changes):
    return SeriesSpec.model_validate(METER | changes)


def read(text, tmp_path, series=None, accepted=0):
    path = tmp_path / "meter.csv"
    path.write_text(text, encoding="utf-8")
    return list(Reader([str(path)], series or spec(), BadRows(accepted)))


def values(text, tmp_path, series=None):
    return [row.values.tolist() for row in read(text, tmp_path, series)]


def error(text, tmp_path, series=None):
    with pytest.raises(DataError) as caught:
        read(text, tmp_path, series)
    return caught.value.problems[0]


def test_a_header_as_described_is_read_in_any_order_and_case(tmp_path):
    (rows,) = read(ROWS, tmp_path)
    np.testing.assert_array_equal(rows.values, np.array([[0.25, 1.5, np.nan]], np.float32))
    assert (np.diff(rows.steps) == 1).all()
    turned = 'VERBRAUCH (kWh);"When"\n"0,25";2024-03-01 00:00\n'
    assert values(turned, tmp_path) == [[[0.25]]]


def test_ignored_columns_hold_anything(tmp_path):
    text = "when;Verbrauch (kWh);note;raw_1;raw_2\n2024-03-01;1;hello;x;\n"
    assert values(text, tmp_path, spec(ignored=["Note", "raw_*"])) == [[[1.0]]]
    assert "extra columns: 'raw_1', 'raw_2'" in str(error(text, tmp_path, spec(ignored="note")))


def test_of_several_layouts_it_is_the_one_whose_timestamps_are_there(tmp_path):
    layouts = [
        {"timestamp": ["day", "time"], "format": "%d.%m.%Y %H:%M", "delimiter": "|"},
        {"timestamp": "ts", "format": "seconds", "delimiter": "\t"},
    ]
    series = spec(layouts=layouts)
    (rows,) = read("day|time|Verbrauch (kWh)\n1.3.2024|00:15|2\n", tmp_path, series)
    (same,) = read("ts\tVerbrauch (kWh)\n1709252100\t2\n", tmp_path, series)
    assert rows.steps == same.steps


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("1.5", "'1.5' is no number (the decimal sign is described as ',')"),
        (
            "1.234,5",
            "'1.234,5' is no number (signs between thousands are described as `thousands`)",
        ),
        ("1 234 567", "signs between thousands are described"),
        ("viel", "'viel' is no number"),
    ],
)
def test_a_number_of_another_kind_is_refused_in_words(entry, words, tmp_path):
    problem = error(ROWS.replace("1,5", entry), tmp_path)
    assert words in str(problem)
    assert (problem.rule, problem.line, problem.column) == ("number", 3, "Verbrauch (kWh)")


def test_a_thousand_in_quotes_is_refused_where_the_point_is_the_decimal_sign(tmp_path):
    series = spec(layouts=[{"timestamp": "when"}])
    problem = error('when,Verbrauch (kWh)\n2024-03-01,"1,234"\n', tmp_path, series)
    assert "the decimal sign is described as '.'" in str(problem)


@pytest.mark.parametrize("missing", ["", "?", "NA", "null", "-", "unavailable"])
def test_missing_values_are_written_in_many_ways(missing, tmp_path):
    (rows,) = read(ROWS.replace("1,5", missing), tmp_path)
    assert np.isnan(rows.values[0, 1])


@pytest.mark.parametrize("missing", ["Null ", " n/a", "  ", " ? ", "\t-"])
@pytest.mark.parametrize("block", [40, 1 << 20])
def test_blanks_around_what_is_missing_do_not_matter(missing, block, tmp_path):
    path = tmp_path / "meter.csv"
    path.write_text(ROWS.replace("1,5", missing))
    rows = list(Reader([str(path)], spec(), BadRows(), block_bytes=block))
    found = np.concatenate([one.values[0] for one in rows])
    np.testing.assert_array_equal(found, np.array([0.25, np.nan, np.nan], np.float32))


THOUSANDS = {"timestamp": "when", "delimiter": ";", "decimal": ",", "thousands": "."}


def test_signs_between_thousands_are_read_where_they_are_described(tmp_path):
    series = spec(layouts=[THOUSANDS])
    text = ROWS.replace("0,25", "-1.234.567,25").replace("1,5", " 999,5 ").replace("?", "1.000")
    assert values(text, tmp_path, series) == [[[-1234567.25, 999.5, 1000.0]]]
    blanks = series.model_copy(
        update={"layouts": (series.layouts[0].model_copy(update={"thousands": " "}),)}
    )
    text = ROWS.replace("0,25", "1 234,5").replace("1,5", "1\u202f234\u00a0567")
    assert values(text, tmp_path, blanks)[0][0][:2] == [1234.5, 1234567.0]


@pytest.mark.parametrize(
    "entry", ["1.5", "12.34", "1.2345", "1.234.56", "1234.567", "1,234.5", "."]
)
def test_a_sign_that_is_not_between_thousands_is_refused(entry, tmp_path):
    problem = error(ROWS.replace("1,5", entry), tmp_path, spec(layouts=[THOUSANDS]))
    assert (problem.rule, problem.line) == ("number", 3)


ABOVE = "sep=;\nMeter;4711\n\nvon;2024-03-01\n"


@pytest.mark.parametrize("block", [20, 40, 1 << 20])
def test_what_stands_around_a_table_is_not_read(block, tmp_path):
    path = tmp_path / "meter.csv"
    text = ABOVE + ROWS.replace("\n", "\n;[kWh]\n", 1)
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    rows = list(Reader([str(path)], spec(), BadRows(), block_bytes=block))
    assert np.concatenate([one.values[0] for one in rows])[:2].tolist() == [0.25, 1.5]
    assert np.concatenate([one.lines for one in rows])[:2].tolist() == [7, 8]
    path.write_text(text.replace("1,5", "viel"))
    with pytest.raises(DataError) as caught:
        list(Reader([str(path)], spec(), BadRows(), block_bytes=block))
    assert caught.value.problems[0].line == 8


@pytest.mark.parametrize("text", [ROWS.replace("\n", ";\n"), ROWS.replace("\n", ";\n", 1)])
def test_a_delimiter_at_the_end_of_lines_is_no_column(text, tmp_path):
    assert values(text, tmp_path)[0][0][:2] == [0.25, 1.5]
    first, _, rest = ROWS.partition("\n")
    only_rows = f"{first}\n" + rest.replace("\n", ";\n")
    assert values(only_rows, tmp_path)[0][0][:2] == [0.25, 1.5]
    problem = error(only_rows.replace("1,5;", "1,5;2;"), tmp_path)
    assert (problem.rule, problem.line) == ("columns", 3)


def test_a_row_above_the_header_is_no_title(tmp_path):
    header, _, rest = ROWS.partition("\n")
    first, _, others = rest.partition("\n")
    problem = error("\n".join([first, header, others]), tmp_path)
    assert (problem.rule, problem.line) == ("header", 1)
    assert "a row before the header, which is in line 2" in problem.detail


def test_a_row_without_a_time_below_the_header_is_no_line_of_units(tmp_path):
    for entry in ("?;1,0", "?;?"):
        problem = error(ROWS.replace("\n", f"\n{entry}\n", 1), tmp_path)
        assert (problem.rule, problem.line) == ("timestamp", 2)


def test_another_delimiter_is_named_in_words(tmp_path):
    problem = error(ROWS.replace(";", "\t"), tmp_path)
    assert (problem.rule, problem.line) == ("delimiter", 1)
    assert r"separated by '\t', expected ';'" in problem.detail


def test_columns_that_are_meters_become_their_rows(tmp_path):
    series = spec(
        target={"name": "power", "unit": "kW"},
        layouts=[{"timestamp": "when"}],
        meter_columns=["MT_*"],
        ignored=["MT_9"],
    )
    text = (
        "MT_1,when,MT_2,MT_9\n"
        "1,2024-03-01 00:00:00,,x\n2,2024-03-01 00:15:00,5,x\n,2024-03-01 00:30:00,6,x\n"
    )
    found = {rows.meter: rows for rows in read(text, tmp_path, series)}
    assert {name: rows.values.tolist() for name, rows in found.items()} == {
        "MT_1": [[1.0, 2.0]],
        "MT_2": [[5.0, 6.0]],
    }
    assert (found["MT_2"].steps - found["MT_1"].steps == 1).all()
    assert found["MT_2"].lines.tolist() == [3, 4]
    problem = error(text.replace(",5,", ",five,"), tmp_path, series)
    assert (problem.line, problem.column) == (3, "MT_2")
    assert "no column is called MT_*" in str(
        error(text.replace("MT_", "M"), tmp_path, series.model_copy(update={"ignored": ("m*",)}))
    )


def test_an_hour_that_comes_twice_is_told_by_the_rows_of_all_meters(tmp_path):
    series = spec(
        target={"name": "energy", "unit": "kWh", "aggregate": "sum"},
        layouts=[{"timestamp": "when"}],
        meter_columns=["m*"],
        zone="Europe/Berlin",
        cadence="PT1H",
    )
    text = (
        "when,m1,m2\n2022-10-30 00:00,0,0\n2022-10-30 01:00,1,1\n2022-10-30 02:00,,2\n"
        "2022-10-30 02:00,3,3\n2022-10-30 03:00,4,\n2022-10-30 04:00,5,5\n"
    )
    found = {rows.meter: rows for rows in read(text, tmp_path, series)}
    hours = {name: (rows.steps - found["m1"].steps[0]).tolist() for name, rows in found.items()}
    assert hours == {"m1": [0, 1, 3, 4, 5], "m2": [0, 1, 2, 3, 5]}
    assert found["m1"].values.tolist() == [[0, 1, 3, 4, 5]]


def test_meters_have_groups(tmp_path):
    series = spec(
        layouts=[{"timestamp": "when"}], meter="id", group="tariff", target=METER["target"]
    )
    text = (
        "id,when,tariff,Verbrauch (kWh)\n"
        "a,2024-03-01 00:00,flat,1\nb,2024-03-01 00:00,night,1\na,2024-03-01 00:15,flat,2\n"
    )
    path = tmp_path / "meters.csv"
    path.write_text(text)
    reader = Reader([str(path)], series, BadRows())
    assert {rows.meter for rows in reader} == {"a", "b"}
    assert reader.groups == {"a": "flat", "b": "night"}
    problem = error(text.replace("flat,2", "night,2"), tmp_path, series)
    assert (problem.rule, problem.line, problem.column) == ("group", 4, "tariff")


FORMATS = [
    "iso",
    "seconds",
    "milliseconds",
    "%d.%m.%Y %H:%M",
    "%m/%d/%y %I:%M %p",
    "%Y-%m-%dT%H:%M%z",
]
ZONES = ["Europe/Berlin", "America/New_York", "Asia/Kolkata"]


def written(instant, form, zone):
    when = datetime.fromtimestamp(instant, ZoneInfo(zone))
    if form in ("seconds", "milliseconds"):
        return str(instant * (1000 if form == "milliseconds" else 1))
    return f"{when:%Y-%m-%d %H:%M:%S}" if form == "iso" else when.strftime(form)


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_the_numbers_in_a_file_of_any_layout_are_read_as_they_are(tmp_path, data):
    zone, form = data.draw(st.sampled_from(ZONES)), data.draw(st.sampled_from(FORMATS))
    decimal = data.draw(st.sampled_from(".,"))
    delimiter = data.draw(st.sampled_from([one for one in ";,\t|" if one != decimal]))
    halves = form.split(" ") if form == "%d.%m.%Y %H:%M" and data.draw(st.booleans()) else [form]
    meters = data.draw(st.sampled_from([[""], ["a"], ["north", "south", "east"]]))
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    # Both changes of the clock of every zone lie in these days.
    start = int(
        datetime(2024, *data.draw(st.sampled_from([(3, 8), (10, 26)])), tzinfo=UTC).timestamp()
    )
    instants = start + 900 * np.arange(96 * 3)
    truth = rng.normal(0, 100, (len(meters), 2, instants.size)).round(3)
    truth[rng.random(truth.shape) < 0.1] = np.nan
    names = [*(["day", "clock"] if len(halves) == 2 else ["when"]), "Last (kW)", "T", "note"]
    names += ["id"] if meters != [""] else []
    order = data.draw(st.permutations(range(len(names))))

    def number(value):
        text = "" if np.isnan(value) else f"{value:.3f}".replace(".", decimal)
        return f'"{text}"' if rng.random() < 0.2 else text

    lines = [delimiter.join(names[place] for place in order)]
    for row, instant in enumerate(instants.tolist()):
        for meter, values in zip(meters, truth, strict=True):
            text = written(instant, form, zone)
            fields = text.split(" ") if len(halves) == 2 else [text]
            fields += [*map(number, values[:, row]), "x"]
            fields += [meter] if meters != [""] else []
            lines.append(delimiter.join(fields[place] for place in order))
    text = ("\r\n" if rng.random() < 0.5 else "\n").join(lines) + "\n"
    path = tmp_path / "any"
    path.write_bytes(gzip.compress(text.encode()) if rng.random() < 0.3 else text.encode())
    layout = {"timestamp": names[: len(halves)], "format": form, "delimiter": delimiter}
    series = spec(
        layouts=[layout | {"decimal": decimal}],
        zone=zone,
        meter=["id"],
        ignored=["note"],
        target={"name": "power", "column": "Last (kW)", "unit": "kW"},
        covariates=[{"name": "outside", "column": "T", "unit": "degC"}],
    )
    blocks = data.draw(st.sampled_from([200, 1000, 1 << 20]))
    found = {meter: [] for meter in meters}
    for rows in Reader([str(path)], series, BadRows(), block_bytes=blocks):
        found[rows.meter].append(rows)
    for meter, values in zip(meters, truth, strict=True):
        own = found[meter]
        read_back = np.concatenate([rows.values for rows in own], axis=1)
        np.testing.assert_array_equal(read_back, values.astype(np.float32))
        steps = np.concatenate([rows.steps for rows in own])
        np.testing.assert_array_equal(Grid(series).seconds(steps), instants)
