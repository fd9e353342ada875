"""Files in shapes that people have are described as they are, without a word of theirs."""

import gzip
import os
import time
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.described import LOAD, QUARTERS, TEXT, described, rows
from tests.support.own_files import FILES
from tests.support.series import household, write_uci
from tfx_pipeline.data.describe.description import describe, identifier
from tfx_pipeline.data.describe.errors import DescribeError
from tfx_pipeline.data.describe.writer import as_yaml
from tfx_pipeline.series.files import UCI_HOUSEHOLD, read_series


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What is found out about each of the files."""
    folder = tmp_path_factory.mktemp("files")
    return {name: describe(str(file.make(folder).path)) for name, file in FILES.items()}


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_described_as_it_is(name, found, tmp_path):
    found = found[name]
    assert found.values == FILES[name].expected
    written = tmp_path / "found.yaml"
    written.write_text(as_yaml(found, written))
    assert read_series(written) == found.spec


@pytest.mark.parametrize("name", FILES)
def test_a_zone_is_never_guessed_in_silence(name, found):
    assert found[name].remarks.doubtful("zone")


@pytest.mark.parametrize(
    ("name", "about", "said"),
    [
        ("half_hours_over_both_clock_changes", "zone", "changes in 2 places as in Europe/Paris"),
        ("counter", "zone", "without summer time"),
        ("day_first", "zone", "cannot be seen"),
        ("two_zones", "zone", "not those of one zone"),
        ("watts_every_seven_seconds", "cadence", "s apart; each step sums up about 9"),
        ("wide", "meter_columns", "12 columns of one naming scheme"),
        ("wide", "MT_001", "taken for energy"),
        ("solar", "target", "chosen before pv_kw"),
        ("solar", "grid_power_kw", "as with solar panels"),
        ("many_meters", "group", "the same in all rows of a meter"),
        ("parts_in_other_units", "kitchen_w", "a part of total_kwh"),
        ("month_first", "format", "month first, as the second number goes up to 30"),
        ("day_first", "format", "day first, as time goes on evenly so"),
    ],
)
def test_what_was_guessed_is_said(name, about, said, found):
    assert said in " ".join(one.text for one in found[name].remarks.about(about))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"\n \n\n", "empty"),
        (b"time,power\n", "no rows"),
        (b"time,power", "no rows"),
        (bytes(range(256)) * 99, "no text"),
        (b"time,power\n" + b"\0" * 999 + b"\n", "no text"),
        ("v\n" + "\n".join(map(str, range(999))), "no delimiter"),
        ("time\n" + "\n".join(QUARTERS), "no delimiter"),
        (TEXT.replace("\n", "\r"), "CR alone"),
        (TEXT.encode("utf-16"), "UTF-16"),
        (TEXT.replace("power", "Zählerstand").encode("latin-1"), "line 1: byte 0xe4"),
        (TEXT.partition("\n")[2], "no header"),
        ("Meter 7\nexported today\n\n" + TEXT.partition("\n")[2], "no header .* in line 4"),
        (rows(QUARTERS, ["NaN"] * 480), "no column with power"),
        (rows(QUARTERS, ["1.0"] * 480), "no column with power"),
        (rows(QUARTERS[:1], LOAD[:1]), "no two rows"),
        (rows(QUARTERS[::-1], LOAD), "oldest first"),
        (rows(QUARTERS, [f"{one};x" for one in LOAD], sign=";", header="t;p"), "name every column"),
        (rows(QUARTERS, [f"1,{one}" for one in LOAD], "time,power,Power"), "two columns"),
        (rows([f"2023-{n:02}-01" for n in range(1, 13)], LOAD[:12]), "longest step is a day"),
        (rows(range(480), LOAD, "number,power"), "no column holds times"),
        (rows([f"{16725312 + n}00000000000" for n in range(480)], LOAD), "nanoseconds"),
        ("day,00:00,06:00,12:00,18:00\n" + "2023-01-01,1,2,3,4\n" * 9, "each time of day"),
        (rows(QUARTERS, [f'"1,{n % 10}"' for n in range(480)]), "part columns by ;"),
        (b"a,b\n" + b"x" * 3_000_000, "no line end"),
        (gzip.compress(TEXT.encode(), mtime=0)[:300], "cut off"),
        (b"PK\x03\x04" + b"1" * 99, "damaged"),
        (b"PAR1" + b"1" * 99, "damaged"),
        (b"\xd0\xcf\x11\xe0" + b"1" * 999, "Excel"),
    ],
)
def test_what_cannot_be_described_is_refused_in_words(content, said, tmp_path):
    with pytest.raises(DescribeError, match=said) as refusal:
        described(tmp_path, content)
    assert str(refusal.value).startswith(str(tmp_path / "file"))


@pytest.mark.parametrize("name", ["nowhere.csv", ".", "pipe"])
def test_no_file_is_refused(name, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DescribeError):
        describe(str(tmp_path / name))


@pytest.mark.parametrize(
    "content",
    [
        TEXT.replace("\n", "\r\n"),
        TEXT.replace("\n", "\r\n", 100),
        "\ufeff" + TEXT,
        "\n\n" + TEXT,
        TEXT.rstrip("\n"),
        TEXT.replace("time,power kW", '"time","power kW"'),
        TEXT.replace(",", ";"),
        TEXT.replace(",", "\t"),
        TEXT.replace(",", " ; ").replace("time ; ", "time;"),
        TEXT.replace("2023-", "2023-").replace(" ", "T").replace("powerTkW", "power kW"),
    ],
)
def test_the_same_table_in_other_dress(content, tmp_path):
    values = described(tmp_path, content).values
    assert values["cadence"] == "PT15M"
    assert values["target"] == {
        "name": "power_kW",
        "column": "power kW",
        "unit": "kW",
        "lowest": 0,
    }


def test_row_numbers_and_constants_are_no_measurements(tmp_path):
    table = [f"{one},{n},3" for n, one in enumerate(LOAD)]
    found = described(tmp_path, rows(QUARTERS, table, "time,power kW,,phases")).spec
    assert found.names == ("power_kW",)
    assert found.ignored == ("", "phases")


def test_an_aggregate_and_its_appliances(tmp_path):
    """As in the REFIT data: nothing says watts, and the total is not the last column."""
    table = [f"{1672531200 + 900 * n},{300 + n * 7 % 13},{n % 5},{n % 3}" for n in range(480)]
    content = rows(QUARTERS, table, "Time,Unix,Aggregate,Appliance1,Appliance2")
    found = described(tmp_path, content).spec
    assert found.layouts[0].timestamp == ("Time",)
    assert found.target.name == "Aggregate"
    assert list(found.parts) == ["Appliance1", "Appliance2"]
    assert found.ignored == ("Unix",)


def test_parts_without_a_total(tmp_path):
    table = [f"{one},{n % 5}" for n, one in enumerate(LOAD)]
    found = described(tmp_path, rows(QUARTERS, table, "time,kitchen kW,heating kW"))
    assert found.spec.target.name == "heating_kW"
    assert "no column is a total" in found.remarks.about("target")[1].text


def test_many_columns_of_no_scheme_are_meters(tmp_path):
    names = [f"Panther_{one}{other}i" for one in "stuvx" for other in "agnox"]
    table = [",".join(f"{(n * place) % 101 + 1.5}" for place in range(2, 27)) for n in range(480)]
    found = described(tmp_path, rows(QUARTERS, table, f",{','.join(names)}"))
    assert found.values["meter_columns"] == names
    assert found.spec.layouts[0].timestamp == ("",)


def test_a_counter_beside_a_power_is_no_part_of_it(tmp_path):
    table = [f"{900 + n % 7},{225 * n + n // 2},{90 * n}" for n in range(480)]
    found = described(tmp_path, rows(QUARTERS, table, "time,P W,Pt,Qt")).spec
    assert (found.target.name, found.parts) == ("P_W", {})


def test_the_uci_household_is_described_as_its_preset(tmp_path):
    file = tmp_path / "uci.txt"
    write_uci(file, household(3000))
    found = describe(str(file)).spec
    preset = read_series(UCI_HOUSEHOLD)
    assert found.layouts[0] in preset.layouts
    assert found.cadence == preset.cadence
    assert found.power_triangle == preset.power_triangle
    assert found.names == preset.names
    assert found.parts == preset.parts


def test_a_column_with_summer_and_winter_is_no_meter(tmp_path):
    """An hour that comes twice tells the two apart as a meter's name would."""
    zone = ZoneInfo("Europe/Paris")
    moments = [datetime.fromtimestamp(1672531200 + 3600 * n, zone) for n in range(8000)]
    table = [f"{n % 7 + 0.5},{'S' if one.dst() else 'W'}" for n, one in enumerate(moments)]
    times = [f"{one:%Y-%m-%d %H:%M}" for one in moments]
    found = described(tmp_path, rows(times, table, "time,kWh,season"))
    assert found.spec.meter == ()
    assert found.spec.zone == "Europe/Paris"
    assert found.spec.ignored == ("season",)


@pytest.mark.parametrize("end", ["", "\r"])
def test_what_stands_around_a_table(end, tmp_path):
    """A mark, Excel's line, a title, a line of units, a delimiter more, what is missing."""
    values = [f"{one}; n/a ;".replace(".", ",") for one in LOAD]
    above = "\ufeffsep=;\nZähler;12 345\nvom 1.1.2023; bis\n\nZeit;Wirkarbeit;Temperatur\n;kWh;°C;"
    text = rows(QUARTERS, values, above, sign=";").replace("\n", f"{end}\n")
    found = described(tmp_path, text)
    assert found.values["layouts"] == [
        {"timestamp": "Zeit", "format": "iso", "delimiter": ";", "decimal": ","}
    ]
    assert (found.spec.target.unit, found.spec.target.aggregate) == ("kWh", "sum")
    assert found.values["ignored"] == ["Temperatur"]
    notes = [one.text for one in found.remarks.about("layouts")]
    assert notes[0] == "the header is in line 5, below what is not read"


def test_two_columns_of_a_title_are_no_header(tmp_path):
    above = "Zähler;4711\nvon;01.01.2023\nZeit;kWh"
    found = described(tmp_path, rows(QUARTERS, LOAD, above, sign=";"))
    assert found.spec.layouts[0].timestamp == ("Zeit",)
    assert found.spec.target.column == "kWh"


@pytest.mark.parametrize(
    ("written", "decimal", "thousands", "sure"),
    [
        (["1.234,5", "12,25"], ",", ".", True),
        (['"1,234.5"', "12.25"], ".", ",", True),
        (['"1,234,567.5"', "3.5"], ".", ",", True),
        (["1 234,5", "12,25"], ",", " ", True),
        (["1\u202f234,5", "12,25"], ",", " ", True),
        (["1'234.5", "12.25"], ".", "'", True),
        (["1.234.567", "1.000"], ",", ".", True),
        (["1.234", "12,5"], ",", ".", True),
        (["1.234", "981"], ",", ".", False),
        (["1.234", "981.5"], ".", None, True),
        (["1.234", "0.981"], ".", None, True),
        (["1.234", "9810"], ".", None, True),
        (["1.234", "2.981"], ",", ".", False),
        (["1,234", "2,981"], ".", ",", False),
        (["45.234", "52.981"], ".", None, True),
    ],
)
def test_signs_between_thousands(written, decimal, thousands, sure, tmp_path):
    values = [written[n * 7 % 13 % 2] for n in range(480)]
    found = described(tmp_path, rows(QUARTERS, values, "time;power W", sign=";"))
    layout = found.spec.layouts[0]
    assert (layout.decimal, layout.thousands) == (decimal, thousands)
    assert found.remarks.doubtful("thousands") == (not sure)


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("time;power kW", "{}"),
        ("time;power W;Spannung V", "{};230.5"),
        ("time;power W;fridge W", "{};0.123"),
    ],
)
def test_three_digits_that_are_tenths(header, row, tmp_path):
    values = [row.format(("1.712", "2.981")[n % 2]) for n in range(480)]
    found = described(tmp_path, rows(QUARTERS, values, header, sign=";"))
    assert found.spec.layouts[0].thousands is None


def test_ten_thousand_columns(tmp_path):
    count = 10_000
    numbers = np.round(np.random.default_rng(1).random((48, count)), 2)
    lines = [",".join(map(str, row)) for row in numbers]
    started = time.process_time()
    header = "time," + ",".join(f"meter{n}" for n in range(count))
    found = described(tmp_path, rows(QUARTERS[:48], lines, header))
    assert found.values["meter_columns"] == ["meter*"]
    assert found.meters == count
    assert time.process_time() - started < 60


FIELD = st.one_of(
    st.sampled_from(
        ["", "NaN", "1,5", "2.5", "01/02/2023", "12:30", "2023-01-01 00:15", '"', "a;b"]
    ),
    st.integers().map(str),
    st.floats().map(str),
    st.text(max_size=6),
)
TABLE = st.lists(st.lists(FIELD, min_size=1, max_size=5), min_size=1, max_size=30)


@given(TABLE, st.sampled_from([",", ";", "\t", "|", " "]), st.sampled_from(["\n", "\r\n"]))
@settings(max_examples=100, deadline=None)
def test_any_text_is_described_or_refused_in_words(tmp_path_factory, table, sign, end):
    file = tmp_path_factory.getbasetemp() / "any.csv"
    file.write_bytes(end.join(sign.join(row) for row in table).encode(errors="replace"))
    try:
        found = describe(str(file))
    except DescribeError:
        return
    assert found.spec


@given(st.binary(max_size=2000))
@settings(max_examples=100, deadline=None)
def test_any_bytes_are_described_or_refused_in_words(tmp_path_factory, content):
    file = tmp_path_factory.getbasetemp() / "any.bin"
    file.write_bytes(content)
    try:
        describe(str(file))
    except DescribeError:
        return


NUMBER = st.floats(allow_nan=True, allow_infinity=True, width=32)


@given(
    st.lists(st.tuples(st.integers(0, 10**6), NUMBER, NUMBER), min_size=2, max_size=60),
    st.lists(st.text(min_size=1, max_size=8), min_size=3, max_size=3),
)
@settings(max_examples=100, deadline=None)
def test_any_numbers_are_described_or_refused_in_words(tmp_path_factory, values, names):
    file = tmp_path_factory.getbasetemp() / "any.parquet"
    times, one, other = zip(*values, strict=True)
    moments = pa.array([1_672_531_200 + at for at in times], pa.timestamp("s"))
    columns = [moments, pa.array(one), pa.array(other)]
    pq.write_table(pa.table(columns, names=names), file)
    try:
        found = describe(str(file))
    except DescribeError:
        return
    assert as_yaml(found, file)
    assert found.spec


@given(st.text(max_size=80))
def test_any_column_gets_a_name(column):
    used = {"power"}
    name = identifier(column, used)
    assert name.isascii()
    assert name.isidentifier()
    assert name.lower() in used
    assert identifier(column, used).lower() != name.lower()
