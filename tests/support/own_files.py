"""Files in shapes that people have, made from known truth.

>>> from pathlib import Path
>>> sorted(FILES)[0]
'blanks'
"""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from tests.support.series import household
from tfx_pipeline.cli import main

Truth = dict[str, tuple[np.ndarray, np.ndarray]]
"""Meter -> seconds since 1970 at which steps begin (UTC, or of the wall clock where there is no
zone), and what the target is in them."""


@dataclass(frozen=True)
class Made:
    """A file, and what is true of it."""

    path: Path
    truth: Truth


@dataclass(frozen=True)
class OwnFile:
    """A shape of files.

    Attributes:
        make: Writes one into a folder.
        expected: The description that is to be found, as YAML has it.
        corrections: What a person knows better than the file can say.
    """

    make: Callable[[Path], Made]
    expected: dict[str, Any]
    corrections: dict[str, Any]


FILES: dict[str, OwnFile] = {}


def described(name: str, folder: Path) -> tuple[Made, Path]:
    """Makes a file, has it described, and corrects the description as its owner would.

    Returns:
        The file, and the description.
    """
    made, output = FILES[name].make(folder), folder / f"{name}.yaml"
    code = main(["data", "describe", str(made.path), f"--output={output}"])
    assert code == 0
    values = yaml.safe_load(output.read_text(encoding="utf-8")) | FILES[name].corrections
    output.write_text(yaml.safe_dump(values, sort_keys=False), encoding="utf-8")
    return made, output


def settings_of(name: str) -> list[str]:
    """Settings for a short run with one of the files: small windows, little training."""
    daily = FILES[name].expected["cadence"] == "P1D"
    window, horizon, origins = (14, 2, 7) if daily else (24, 4, 24)
    return [
        f"--name={name.replace('_', '-')}",
        f"--windowing.window={window}",
        f"--windowing.horizon={horizon}",
        f"--windowing.origins={origins}",
        "--data.max_gap=2",
        "--validation.max_missing_fraction=0.5",
        "--validation.max_frozen=P30D",
        "--validation.frozen_warning=P30D",
        f"--model.stride={1 if daily else 2}",
        f"--model.batch={70 if daily else 240}",
        "--model.steps=200",
        "--tuner.enabled=false",
        "--gate.min_time=PT10H",
        "--gate.min_slice_time=PT5H",
        "--gate.margin=0",
        "--gate.mae_margin=0",
        "--gate.step_bound=10",
        "--gate.slice_bound=100",
        "--gate.coverage_tolerance=0.5",
    ]


def _shape(
    corrections: dict[str, Any] | None = None, **expected: Any
) -> Callable[[Callable[[Path], Made]], Callable[[Path], Made]]:
    def add(make: Callable[[Path], Made]) -> Callable[[Path], Made]:
        FILES[make.__name__] = OwnFile(make, expected, corrections or {})
        return make

    return add


def _seconds(start: str, count: int, step: int) -> np.ndarray:
    first = round(datetime.fromisoformat(start).replace(tzinfo=UTC).timestamp())
    return first + step * np.arange(count)


def _kilowatts(count: int, step: int, seed: int) -> np.ndarray:
    """Mean power of steps of whole minutes."""
    minutes = step // 60
    return household(count * minutes, seed=seed).values[0].reshape(count, minutes).mean(axis=1)


def _texts(seconds: Iterable[int], pattern: str, zone: str | None = None) -> list[str]:
    clock = ZoneInfo(zone) if zone else UTC
    return [datetime.fromtimestamp(int(one), clock).strftime(pattern) for one in seconds]


def _lines(path: Path, header: str, rows: Iterable[Iterable[str]], delimiter: str) -> Path:
    body = "\n".join(delimiter.join(row) for row in rows)
    path.write_text(f"{header}\n{body}\n", encoding="utf-8")
    return path


def _comma(values: Iterable[float], digits: int = 3) -> list[str]:
    return [f"{one:.{digits}f}".replace(".", ",") for one in values]


def _point(values: Iterable[float], digits: int = 3) -> list[str]:
    return [f"{one:.{digits}f}" for one in values]


def _csv(
    timestamp: Any, form: str = "iso", delimiter: str = ",", decimal: str = "."
) -> list[dict[str, Any]]:
    layout = {"timestamp": timestamp, "format": form, "delimiter": delimiter, "decimal": decimal}
    return [layout]


@_shape(
    layouts=_csv("time"),
    cadence="PT15M",
    target={
        "name": "meter_reading_kWh",
        "column": "meter reading [kWh]",
        "unit": "kWh",
        "aggregate": "difference",
        "lowest": 0,
    },
    ignored=["note"],
)
def counter(folder: Path) -> Made:
    """A counter that is set back when the meter is exchanged, and is once read anew."""
    count, step = 70 * 96, 900
    seconds = _seconds("2023-01-09 00:00", count, step)
    energy = (_kilowatts(count, step, 1) * step / 3600).round(3)
    reading = 48_211.0 + np.concatenate(([0.0], np.cumsum(energy)[:-1]))
    exchanged = [2000, 5000]
    for place in exchanged:
        reading[place:] -= reading[place]
    rows = zip(_texts(seconds, "%Y-%m-%d %H:%M:%S"), _point(reading), [""] * count, strict=True)
    path = _lines(folder / "counter.csv", "time,meter reading [kWh],note", rows, ",")
    # What was used while the meter was exchanged is not known; nor what comes after the end.
    known = ~np.isin(np.arange(count), [*(place - 1 for place in exchanged), count - 1])
    return Made(path, {"": (seconds[known], energy[known])})


@_shape(
    layouts=_csv("timestamp"),
    cadence="PT1M",
    target={"name": "power_W", "column": "power (W)", "unit": "W", "lowest": 0},
    covariates=[{"name": "voltage", "unit": "V", "lowest": 0}],
)
def watts_every_seven_seconds(folder: Path) -> Made:
    """A logger's power, every seven seconds or so."""
    rng = np.random.default_rng(2)
    steps = rng.choice([5, 6, 7, 8, 9], p=[0.05, 0.2, 0.5, 0.2, 0.05], size=5 * 86_400 // 7)
    seconds = _seconds("2023-01-02 00:00:03", 1, 1)[0] + np.cumsum(steps)
    minute = seconds // 60 - seconds[0] // 60
    power = 1000 * household(int(minute[-1]) + 1, seed=2).values[0][minute]
    power = (power + rng.normal(0, 5, power.size)).clip(0).round()
    voltage = (236 + rng.normal(0, 1.5, power.size)).round(1)
    rows = zip(
        _texts(seconds, "%Y-%m-%d %H:%M:%S"), _point(power, 0), _point(voltage, 1), strict=True
    )
    path = _lines(folder / "logger.csv", "timestamp,power (W),voltage", rows, ",")
    starts, inverse = np.unique(seconds // 60 * 60, return_inverse=True)
    mean = np.bincount(inverse, power) / np.bincount(inverse)
    return Made(path, {"": (starts, mean)})


@_shape(
    layouts=_csv(["Datum", "Uhrzeit"], "%d.%m.%Y %H:%M", ";", ","),
    zone="Europe/Paris",
    cadence="PT30M",
    target={
        "name": "Verbrauch_kWh",
        "column": "Verbrauch [kWh]",
        "unit": "kWh",
        "aggregate": "sum",
        "lowest": 0,
    },
    ignored=["Status"],
    corrections={"zone": "Europe/Berlin"},
)
def half_hours_over_both_clock_changes(folder: Path) -> Made:
    """A year of half-hours in local time: an hour is missing in spring, one comes twice."""
    count, step = 365 * 48, 1800
    seconds = _seconds("2022-12-31 23:00", count, step)
    energy = (_kilowatts(count, step, 3) / 2).round(3)
    dates, clocks = (_texts(seconds, form, "Europe/Berlin") for form in ("%d.%m.%Y", "%H:%M"))
    rows = zip(dates, clocks, _comma(energy), ["W"] * count, strict=True)
    path = _lines(folder / "lastgang.csv", "Datum;Uhrzeit;Verbrauch [kWh];Status", rows, ";")
    return Made(path, {"": (seconds, energy)})


@_shape(
    layouts=_csv("Zeitpunkt", "%d/%m/%y %H:%M", ";", ","),
    cadence="PT10M",
    target={"name": "Wirkleistung_kW", "column": "Wirkleistung (kW)", "unit": "kW", "lowest": 0},
    covariates=[{"name": "Aussentemperatur_C", "column": "Außentemperatur (°C)", "unit": "degC"}],
)
def day_first(folder: Path) -> Made:
    """Days before months, years of two digits, decimal commas; gzip."""
    count, step = 50 * 144, 600
    seconds = _seconds("2023-04-03 00:00", count, step)
    power = _kilowatts(count, step, 4).round(3)
    outside = 12 + 8 * np.sin(2 * np.pi * (seconds % 86_400 / 86_400 - 0.4)) - 9 * (power > 3)
    rows = zip(_texts(seconds, "%d/%m/%y %H:%M"), _comma(power), _comma(outside, 1), strict=True)
    path = _lines(folder / "a.csv", "Zeitpunkt;Wirkleistung (kW);Außentemperatur (°C)", rows, ";")
    packed = folder / "leistung.csv.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()
    return Made(packed, {"": (seconds, power)})


@_shape(
    layouts=_csv("horodate", delimiter=";"),
    zone="Europe/Paris",
    cadence="PT1H",
    target={"name": "puissance_W", "column": "puissance (W)", "unit": "W", "lowest": 0},
)
def offsets(folder: Path) -> Made:
    """ISO times with the offset of winter and summer."""
    count, step = 300 * 24, 3600
    seconds = _seconds("2023-01-31 23:00", count, step)
    power = (1000 * _kilowatts(count, step, 5)).round()
    times = [
        datetime.fromtimestamp(int(one), ZoneInfo("Europe/Paris")).isoformat() for one in seconds
    ]
    path = _lines(
        folder / "enedis.csv",
        "horodate;puissance (W)",
        zip(times, _point(power, 0), strict=True),
        ";",
    )
    return Made(path, {"": (seconds, power)})


@_shape(
    layouts=_csv("ts", "milliseconds"),
    zone="UTC",
    cadence="PT5M",
    target={"name": "load_w", "unit": "W", "lowest": 0},
    ignored=["firmware"],
)
def epoch_milliseconds(folder: Path) -> Made:
    """Milliseconds since 1970."""
    count, step = 40 * 288, 300
    seconds = _seconds("2023-05-01 00:00", count, step)
    power = (1000 * _kilowatts(count, step, 6)).round(1)
    rows = zip(map(str, seconds * 1000), _point(power, 1), ["shelly em"] * count, strict=True)
    path = _lines(folder / "export.csv", "ts,load_w,firmware", rows, ",")
    return Made(path, {"": (seconds, power)})


@_shape(
    layouts=[{"timestamp": "time", "format": "iso"}],
    meter_columns=["MT_*"],
    cadence="PT15M",
    target={"name": "energy", "unit": "kWh", "aggregate": "sum", "lowest": 0},
    corrections={"target": {"name": "power", "unit": "kW", "lowest": 0}},
)
def wide(folder: Path) -> Made:
    """A column for each of twelve meters, as Parquet."""
    count, step = 60 * 96, 900
    seconds = _seconds("2023-01-09 00:00", count, step)
    meters = {
        f"MT_{number + 1:03}": _kilowatts(count, step, 20 + number).round(3) for number in range(12)
    }
    times = pa.array(seconds, pa.timestamp("s")).cast(pa.timestamp("us"))
    path = folder / "wide.parquet"
    pq.write_table(pa.table({"time": times, **meters}), path)
    return Made(path, {name: (seconds, values) for name, values in meters.items()})


@_shape(
    layouts=[{"timestamp": "timestamp", "format": "iso"}],
    zone="UTC",
    meter="household",
    group="tariff",
    cadence="PT30M",
    target={"name": "kwh", "unit": "kWh", "aggregate": "sum", "lowest": 0},
    covariates=[{"name": "temperature", "unit": "degC"}],
    corrections={"zone": "Europe/London"},
)
def many_meters(folder: Path) -> Made:
    """Twenty meters in one long Parquet file, one after the other."""
    count, step = 60 * 48, 1800
    seconds = _seconds("2023-02-01 00:00", count, step)
    times = pa.array(seconds, pa.timestamp("s")).cast(pa.timestamp("ms", "UTC"))
    outside = 8 + 6 * np.sin(2 * np.pi * (seconds % 86_400 / 86_400 - 0.4))
    truth: Truth = {}
    tables = []
    for number in range(20):
        energy = (_kilowatts(count, step, 40 + number) / 2).round(3)
        truth[str(1000 + number)] = (seconds, energy)
        columns = {
            "household": pa.repeat(pa.scalar(1000 + number, pa.int32()), count),
            "timestamp": times,
            "tariff": pa.repeat("night" if number % 3 == 0 else "flat", count),
            "kwh": pa.array(energy),
            "temperature": pa.array(outside),
        }
        tables.append(pa.table(columns))
    path = folder / "households.parquet"
    pq.write_table(pa.concat_tables(tables), path, row_group_size=20_000)
    return Made(path, truth)


@_shape(
    layouts=_csv("when"),
    zone="UTC",
    meter="site",
    cadence="PT1H",
    target={"name": "energy_kwh", "unit": "kWh", "aggregate": "sum", "lowest": 0},
)
def two_zones(folder: Path) -> Made:
    """Two sites in two zones, each with its offset; rows in order of time."""
    count, step = 120 * 24, 3600
    seconds = _seconds("2023-02-01 05:00", count, step)
    truth, rows = {}, []
    for number, (site, zone) in enumerate(
        (("Lyon", "Europe/Paris"), ("Boston", "America/New_York"))
    ):
        energy = _kilowatts(count, step, 70 + number).round(3)
        truth[site] = (seconds, energy)
        times = [datetime.fromtimestamp(int(one), ZoneInfo(zone)).isoformat() for one in seconds]
        rows += zip(seconds, times, [site] * count, _point(energy), strict=True)
    rows = [row[1:] for row in sorted(rows, key=lambda row: row[0])]
    path = _lines(folder / "sites.csv", "when,site,energy_kwh", rows, ",")
    return Made(path, truth)


@_shape(
    layouts=_csv("time"),
    cadence="PT5M",
    target={"name": "grid_power_kw", "unit": "kW"},
    covariates=[{"name": "pv_kw", "unit": "kW", "lowest": 0}],
)
def solar(folder: Path) -> Made:
    """A house with panels: below zero by day."""
    count, step = 40 * 288, 300
    seconds = _seconds("2023-05-01 00:00", count, step)
    sun = (4.5 * np.sin(2 * np.pi * (seconds % 86_400 / 86_400 - 0.25)).clip(0)).round(3)
    power = (_kilowatts(count, step, 8) - sun).round(3)
    rows = zip(_texts(seconds, "%Y-%m-%dT%H:%M"), _point(power), _point(sun), strict=True)
    path = _lines(folder / "solar.csv", "time,grid_power_kw,pv_kw", rows, ",")
    return Made(path, {"": (seconds, power)})


@_shape(
    layouts=_csv(["DATE", "START TIME"], "%m/%d/%Y %I:%M %p"),
    cadence="PT15M",
    target={
        "name": "USAGE_kWh",
        "column": "USAGE (kWh)",
        "unit": "kWh",
        "aggregate": "sum",
        "lowest": 0,
    },
    ignored=["END TIME", "TYPE", "NOTES"],
)
def month_first(folder: Path) -> Made:
    """Months before days, AM and PM, start and end of each interval in columns; zip."""
    count, step = 60 * 96, 900
    seconds = _seconds("2023-06-01 00:00", count, step)
    energy = (_kilowatts(count, step, 9) / 4).round(2)
    rows = zip(
        ["Electric usage"] * count,
        _texts(seconds, "%m/%d/%Y"),
        _texts(seconds, "%I:%M %p"),
        _texts(seconds + step - 60, "%I:%M %p"),
        _point(energy, 2),
        [""] * count,
        strict=True,
    )
    text = io.StringIO("TYPE,DATE,START TIME,END TIME,USAGE (kWh),NOTES\r\n")
    text.seek(0, io.SEEK_END)
    text.writelines(",".join(row) + "\r\n" for row in rows)
    path = folder / "usage.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("usage.csv", text.getvalue())
    return Made(path, {"": (seconds, energy)})


@_shape(
    layouts=_csv("date_time", "%Y/%m/%d %H:%M", "\t"),
    cadence="PT15M",
    target={"name": "total_kwh", "unit": "kWh", "aggregate": "sum", "lowest": 0},
    covariates=[
        {"name": f"{room}_w", "unit": "W", "lowest": 0, "part_of_target": True}
        for room in ("kitchen", "heating", "ev")
    ],
)
def parts_in_other_units(folder: Path) -> Made:
    """Energy of the whole, power of three parts of it."""
    count, step = 60 * 96, 900
    seconds = _seconds("2023-06-01 00:00", count, step)
    values = household(count * 15, seed=10).values.reshape(7, count, 15)
    parts = (values[4:].mean(axis=2) * 60).round()
    total = (values[0].mean(axis=1) / 4).round(4)
    rows = zip(
        _texts(seconds, "%Y/%m/%d %H:%M"),
        _point(total, 4),
        *(_point(part, 0) for part in parts),
        strict=True,
    )
    header = "date_time\ttotal_kwh\tkitchen_w\theating_w\tev_w"
    return Made(_lines(folder / "parts.tsv", header, rows, "\t"), {"": (seconds, total)})


@_shape(
    layouts=_csv("Horodatage", "%d/%m/%Y %H:%M:%S", ";", ","),
    cadence="PT10M",
    target={"name": "Puissance_kW", "column": "Puissance kW", "unit": "kW", "lowest": 0},
    covariates=[{"name": "Tension_V", "column": "Tension V", "unit": "V", "lowest": 0}],
    ignored=["Commentaire", "Qualité"],
)
def blanks(folder: Path) -> Made:
    """Quoted fields, columns of texts, thousands of blank fields."""
    count, step = 60 * 144, 600
    seconds = _seconds("2023-06-01 00:00", count, step)
    power = _kilowatts(count, step, 11).round(3)
    rng = np.random.default_rng(11)
    blank = rng.random(count) < 0.2
    tension = _comma(236 + rng.normal(0, 1.5, count), 1)
    rows = (
        (
            f'"{time}"',
            '"panne; ""coupure"""' if missing else '""',
            "" if missing else f'"{one}"',
            "" if missing else volt,
            "réelle",
        )
        for time, one, volt, missing in zip(
            _texts(seconds, "%d/%m/%Y %H:%M:%S"), _comma(power), tension, blank, strict=True
        )
    )
    header = '"Horodatage";"Commentaire";"Puissance kW";"Tension V";"Qualité"'
    path = _lines(folder / "releve.csv", header, rows, ";")
    return Made(path, {"": (seconds[~blank], power[~blank])})


@_shape(
    layouts=_csv("fecha"),
    meter="CUPS",
    cadence="P1D",
    target={"name": "consumo_kWh", "unit": "kWh", "aggregate": "sum", "lowest": 0},
)
def daily(folder: Path) -> Made:
    """A row a day for each of four contracts."""
    count, step = 500, 86_400
    seconds = _seconds("2021-01-01 00:00", count, step)
    truth, rows = {}, []
    for number in range(4):
        name = f"ES00210000{number:06}"
        energy = (24 * _kilowatts(count, step, 90 + number)).round(2)
        truth[name] = (seconds, energy)
        rows += zip([name] * count, _texts(seconds, "%Y-%m-%d"), _point(energy, 2), strict=True)
    path = _lines(folder / "datadis.csv", "CUPS,fecha,consumo_kWh", rows, ",")
    return Made(path, truth)


@_shape(
    layouts=_csv("Interval End", "%d-%b-%Y %H:%M"),
    interval_ends=True,
    meter="Meter No",
    cadence="PT30M",
    target={
        "name": "Energy_Import_Wh",
        "column": "Energy Import Wh",
        "unit": "Wh",
        "aggregate": "sum",
        "lowest": 0,
    },
    corrections={"zone": "Asia/Kolkata"},
)
def ends_of_intervals(folder: Path) -> Made:
    """Times are the ends of intervals, months have names, the zone is half an hour off."""
    count, step = 60 * 48, 1800
    seconds = _seconds("2022-12-31 18:30", count, step)
    energy = (500 * _kilowatts(count, step, 12)).round()
    times = _texts(seconds + step, "%d-%b-%Y %H:%M", "Asia/Kolkata")
    rows = zip(["60117"] * count, times, _point(energy, 0), strict=True)
    path = _lines(folder / "amr.csv", "Meter No,Interval End,Energy Import Wh", rows, ",")
    return Made(path, {"60117": (seconds, energy)})


@_shape(
    layouts=_csv("Zeitstempel", "%d.%m.%Y %H:%M", ";", ","),
    cadence="PT15M",
    target={
        "name": "Wirkarbeit",
        "unit": "kWh",
        "aggregate": "sum",
        "lowest": 0,
    },
    covariates=[{"name": "Temperatur", "unit": "degC"}],
    ignored=["Status"],
)
def report(folder: Path) -> Made:
    """A table within a report: a mark, Excel's line, a title, units, a delimiter more."""
    count, step = 60 * 96, 900
    seconds = _seconds("2023-06-01 00:00", count, step)
    energy = (_kilowatts(count, step, 13) / 4).round(3)
    rng = np.random.default_rng(13)
    lost = rng.random(count) < 0.02
    rows = zip(
        _texts(seconds, "%d.%m.%Y %H:%M"),
        (" n/a " if gone else one for one, gone in zip(_comma(energy), lost, strict=True)),
        _comma(15 + 5 * np.sin(2 * np.pi * (seconds % 86_400 / 86_400 - 0.4)), 1),
        ["W"] * count,
        [""] * count,
        strict=True,
    )
    header = (
        "\ufeffsep=;\nLastgang\nZählpunkt;DE0001234567\nvon;01.06.2023\n\n"
        "Zeitstempel;Wirkarbeit;Temperatur;Status\n;[kWh];[°C];"
    )
    path = _lines(folder / "bericht.csv", header, rows, ";")
    return Made(path, {"": (seconds[~lost], energy[~lost])})


@_shape(
    layouts=[_csv("Interval Start", "%m/%d/%Y %H:%M")[0] | {"thousands": ","}],
    cadence="PT1H",
    target={"name": "Load_W", "column": "Load (W)", "unit": "W", "lowest": 0},
)
def thousands(folder: Path) -> Made:
    """Watts with commas between thousands, in quotes where there are any."""
    count, step = 120 * 24, 3600
    seconds = _seconds("2023-06-01 00:00", count, step)
    power = (1000 * _kilowatts(count, step, 14)).round(1)
    texts = (f'"{one:,.1f}"' if one >= 1000 else f"{one:.1f}" for one in power)
    rows = zip(_texts(seconds, "%m/%d/%Y %H:%M"), texts, strict=True)
    path = _lines(folder / "load.csv", "Interval Start,Load (W)", rows, ",")
    return Made(path, {"": (seconds, power)})
