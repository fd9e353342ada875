"""Generates households that differ: half-hours of a year as one Parquet file, and its description.

    python benchmarks/meters.py /tmp/meters                          # 500 meters
    python benchmarks/meters.py /tmp/others --first=500 --meters=20  # twenty others
    python runner_local.py --series=/tmp/meters/meters.yaml --data.path=/tmp/meters/meters.parquet

Meter number k is the same household whatever the first and the number of meters; another seed makes
another town. All share one weather and the public holidays of France. What makes them differ:

- one to five persons, and when they are at home: workers, at home all day, retired, shifts that
  change by the week; weekends and public holidays; weeks away, in which only the base load stays;
- a base load of 30 to 350 W, a refrigerator and often a freezer that work harder in warm weeks;
- light that follows dusk, dawn and presence, screens in the evening;
- cooking, kettle, washing, drying, dishes: which of them there are, power, duration, uses in a week
  and habitual hours are the household's own;
- water heated by electricity for a third, at night where the tariff has a night;
- electric heating for a third: heat loss, set point, night setback and inertia of its own, by a
  heat pump for some; air conditioning for one in eight; a car charged at home for one in ten;
- habits that drift from month to month, and noise.

Uses of appliances are drawn minute by minute; their energy in a half-hour is exact. A row is the
energy of one meter in one half-hour, kWh, rounded to a watt-hour, with the time at which it begins
(UTC) and the temperature that was forecast for it. Nothing is missing and nothing is fed back.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import holidays
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

Array = npt.NDArray[np.float64]

ZONE = "Europe/Paris"
FIRST_DAY = date(2023, 1, 1)
STEP = 1800
"""Seconds."""
DESCRIPTION = """\
# Households made by benchmarks/meters.py, a row for each half-hour of each meter.
layouts:
  - timestamp: timestamp
zone: Europe/Paris
meter: meter
group: tariff
cadence: PT30M
target: {name: energy, unit: kWh, aggregate: sum, lowest: 0, highest: 20}
known_ahead:
  - {name: temperature, unit: degC, lowest: -40, highest: 50}
holidays: FR
"""


class Weather(NamedTuple):
    """What all meters share, one entry per half-hour.

    Attributes:
        seconds: int64, UTC start of each since 1970.
        hour: Of the local clock, with its fraction.
        day: int64, days since the first, of the local calendar.
        free: bool, Saturday, Sunday or public holiday.
        dark: 0 by day to 1 by night.
        temperature: degC.
        forecast: degC, what was forecast of it.
    """

    seconds: npt.NDArray[np.int64]
    hour: Array
    day: npt.NDArray[np.int64]
    free: npt.NDArray[np.bool_]
    dark: Array
    temperature: Array
    forecast: Array


class Household(NamedTuple):
    """One meter.

    Attributes:
        name: Its name.
        tariff: `flat` or `night`.
        energy: kWh in each half-hour.
        forecast: degC, the forecast for where it stands.
    """

    name: str
    tariff: str
    energy: Array
    forecast: Array


class Appliance(NamedTuple):
    """How a kind of appliance is used: ranges from which each household takes its own values.

    Attributes:
        owned: Fraction of the households that have it.
        kilowatts: While it runs.
        hours: That it runs.
        weekly: Uses in a week, for each person.
        habits: Hours of the day around which it is used.
        spread: Hours around them.
    """

    owned: float
    kilowatts: tuple[float, float]
    hours: tuple[float, float]
    weekly: tuple[float, float]
    habits: tuple[float, ...]
    spread: float


APPLIANCES = (
    Appliance(0.95, (1.0, 3.2), (0.25, 1.1), (2.0, 3.5), (12.3, 19.2), 0.7),  # cooking
    Appliance(0.90, (1.8, 2.4), (0.03, 0.08), (5, 12), (7.2, 10, 16, 20.5), 1.0),  # kettle
    Appliance(0.70, (0.9, 1.5), (0.05, 0.3), (2, 5), (7.0, 12.4, 19.0), 0.6),  # microwave
    Appliance(0.93, (0.35, 0.9), (1.0, 2.2), (0.8, 1.6), (9, 14, 18.5), 2.0),  # washing
    Appliance(0.40, (1.0, 2.3), (0.8, 1.6), (0.4, 1.2), (11, 16, 20), 2.0),  # drying
    Appliance(0.65, (0.7, 1.2), (1.2, 2.2), (1.0, 1.8), (13.5, 20.7, 22.5), 0.8),  # dishes
    Appliance(0.85, (0.06, 0.25), (1.0, 3.5), (4, 8), (13, 20.3), 1.2),  # screens
    Appliance(0.60, (0.8, 1.8), (0.2, 0.7), (0.4, 1.0), (10, 17), 2.5),  # cleaning, ironing
)
_KINDS = ("worker", "at home", "retired", "shifts")


def weather(days: int, seed: int) -> Weather:
    """Makes the weather and the calendar.

    Args:
        days: Of 24 hours, from the first of January, 0 h UTC.
        seed: Of the random numbers.
    """
    rng = np.random.default_rng([seed, 0])
    start = (FIRST_DAY - date(1970, 1, 1)).days * 86_400
    seconds = start + np.arange(days * 86_400 // STEP) * STEP
    local = _local(seconds)
    day = local // 86_400 - start // 86_400
    hour = local % 86_400 / 3600
    dates = [FIRST_DAY + timedelta(days=int(n)) for n in range(day[-1] + 1)]
    public = holidays.country_holidays("FR", years={one.year for one in dates})
    free = np.array([one.weekday() > 4 or one in public for one in dates])
    season = np.cos(2 * np.pi * (day - 200) / 365.25)
    fronts = np.repeat(_wander(rng, days + 1, 0.75) * 3.3, 86_400 // STEP)
    fronts = np.convolve(fronts, np.full(48, 1 / 48), "same")[: seconds.size]
    daily = (3 + 1.5 * season) * np.cos(2 * np.pi * (hour - 15.5) / 24)
    temperature = 11.5 + 8.5 * season + fronts + daily
    error = _wander(rng, seconds.size, 0.97) * 0.8
    daylight = 12 + 4 * np.cos(2 * np.pi * (day - 172) / 365.25)
    beyond = np.abs(hour - 13.5) - daylight / 2
    dark = 1 / (1 + np.exp(-3 * beyond))
    return Weather(seconds, hour, day, free[day], dark, temperature, temperature + error)


def household(number: int, shared: Weather, seed: int) -> Household:
    """Makes one meter.

    Args:
        number: Of the meter; it alone, with the seed, decides what household it is.
        shared: The weather and the calendar.
        seed: Of the random numbers.
    """
    rng = np.random.default_rng([seed, 1 + number])
    steps = shared.seconds.size
    persons = int(rng.choice(5, p=(0.35, 0.32, 0.14, 0.13, 0.06))) + 1
    size = rng.lognormal(0, 0.25) * persons**0.4
    night_tariff = rng.random() < 0.4
    altitude = rng.normal(0, 1.5)
    outside = shared.temperature - altitude
    home, awake = _presence(rng, shared)
    drift = np.exp(0.15 * np.interp(np.arange(steps), *_monthly(rng, steps)))

    power = np.full(steps, rng.uniform(0.03, 0.12) * size + rng.exponential(0.05))
    cold = rng.uniform(0.02, 0.07) * (1 + (rng.random() < 0.5))
    power += cold * (1 + 0.025 * np.clip(outside - 12, -10, None)) * rng.gamma(8, 1 / 8, steps)
    power += rng.uniform(0.03, 0.16) * size * awake * shared.dark * drift
    power += _climate(rng, shared, outside, home, size)

    energy = power * STEP / 3600
    uses = [
        _uses(rng, shared, appliance, persons, home, drift)
        for appliance in APPLIANCES
        if rng.random() < appliance.owned
    ]
    uses += _scheduled(rng, shared, persons, home, night_tariff)
    energy += _energy(*(np.concatenate(part) for part in zip(*uses, strict=True)), shared)
    energy *= np.exp(0.04 * _wander(rng, steps, 0.8))
    tariff = "night" if night_tariff else "flat"
    return Household(f"M{number:05d}", tariff, energy.round(3), shared.forecast - altitude)


def _local(seconds: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Wall clock of the zone, in seconds since 1970."""
    times = pa.array(seconds, pa.timestamp("s", ZONE))
    return pc.local_timestamp(times).cast(pa.int64()).to_numpy()


def _wander(rng: np.random.Generator, steps: int, memory: float) -> Array:
    """A first-order autoregressive series of variance 1."""
    if memory > 0.9:  # by every sixth value, for speed
        few = _wander(rng, steps // 6 + 2, memory**6)
        return np.interp(np.arange(steps) / 6, np.arange(few.size), few)
    taps = memory ** np.arange(int(np.log(0.01) / np.log(memory)) + 1)
    noise = rng.standard_normal(steps + taps.size - 1)
    return np.convolve(noise, taps, "valid") * np.sqrt(1 - memory**2)


def _monthly(rng: np.random.Generator, steps: int) -> tuple[Array, Array]:
    """Places and values of a habit that drifts from month to month."""
    places = np.arange(0, steps + 1500, 1440.0)
    return places, rng.standard_normal(places.size)


def _presence(rng: np.random.Generator, shared: Weather) -> tuple[Array, Array]:
    """Fraction of the persons that are at home, and at home and awake, in each half-hour."""
    kind = rng.choice(_KINDS, p=(0.5, 0.2, 0.2, 0.1))
    days = int(shared.day[-1]) + 1
    rises = rng.normal(6.8 if kind == "worker" else 7.8, 0.6) + rng.normal(0, 0.25, days)
    sleeps = rng.normal(22.9, 0.7) + rng.normal(0, 0.4, days)
    leaves, returns = (rises + rng.uniform(0.7, 1.5), rng.normal(17.5, 1.0) + rng.normal(0, 0.6))
    stays = {"worker": 0.08, "at home": 0.8, "retired": 0.75, "shifts": 0.2}[kind]
    works = rng.random(days) < {"worker": 0.93, "shifts": 0.75}.get(kind, 0.35)
    hour, day = shared.hour, shared.day
    if kind == "shifts":  # early, late and night, by the week
        hour = (hour - 7.5 * ((day // 7 + rng.integers(3)) % 3)) % 24
    rest = shared.free & (kind != "shifts")
    rises = rises[day] + rest * rng.uniform(0.5, 2)
    out = (hour > leaves[day]) & (hour < returns) & works[day] & ~rest
    errands = rng.random(days)[day] < 0.3
    out |= rest & errands & (hour > 13.5) & (hour < 17.5)
    gone = np.zeros(days, bool)
    for start in rng.integers(0, days, rng.poisson(2.2 * days / 365)):
        gone[start : start + rng.integers(2, 16)] = True
    home = np.where(out, stays, 1.0) * ~gone[day]
    return home, home * ((hour > rises) & (hour < sleeps[day]))


def _climate(
    rng: np.random.Generator, shared: Weather, outside: Array, home: Array, size: float
) -> Array:
    """Mean kW of heating and cooling."""
    power = np.zeros(outside.size)
    hour = shared.hour
    loss = rng.uniform(0.04, 0.13) * size  # kW for each degree
    inertia = int(rng.uniform(6, 40))
    felt = np.convolve(np.pad(outside, (inertia - 1, 0), "edge"), np.full(inertia, 1 / inertia))
    felt = felt[inertia - 1 : inertia - 1 + outside.size]
    if rng.random() < 0.33:
        point = rng.normal(17.5, 1.2) - rng.uniform(0, 2.5) * ((hour < 5.5) | (hour > 22.5))
        point = point - rng.uniform(0, 3) * (home < 0.3)
        demand = loss * np.clip(point - felt, 0, None)
        if rng.random() < 0.4:  # a heat pump
            demand /= np.clip(3.2 + 0.08 * (outside - 7), 1.6, 4.5)
        power += np.minimum(demand, rng.uniform(2, 9)) * rng.gamma(12, 1 / 12, outside.size)
    if rng.random() < 0.125:
        power += 0.4 * loss * np.clip(felt - rng.normal(23, 1), 0, None) * (home > 0.3)
    return power


Uses = tuple[Array, Array, Array]
"""Starts in hours since the first step, durations in hours, kW."""


def _uses(
    rng: np.random.Generator,
    shared: Weather,
    appliance: Appliance,
    persons: int,
    home: Array,
    drift: Array,
) -> Uses:
    """Uses of an appliance, where somebody is at home for it."""
    days = int(shared.day[-1]) + 1
    weekly = rng.uniform(*appliance.weekly) * persons**0.7
    habits = np.asarray(appliance.habits) + rng.normal(0, 0.6, len(appliance.habits))
    liking = rng.dirichlet(np.full(habits.size, 1.5))
    count = rng.poisson(1.6 * weekly * days / 7)  # of which some find nobody at home
    starts = 24 * rng.integers(0, days, count).astype(float)
    hours = rng.choice(habits, count, p=liking) + rng.normal(0, appliance.spread, count)
    starts = _in_zone(shared, starts + hours)
    step = np.clip((starts * 3600 / STEP).astype(int), 0, home.size - 1)
    starts = starts[rng.random(count) < home[step] * 0.75 * drift[step]]
    usual, kilowatts = rng.uniform(*appliance.hours), rng.uniform(*appliance.kilowatts)
    lengths = usual * rng.lognormal(0, 0.3, starts.size)
    return starts, lengths, np.full(starts.size, kilowatts)


def _scheduled(
    rng: np.random.Generator, shared: Weather, persons: int, home: Array, night_tariff: bool
) -> Iterator[Uses]:
    """Hot water and the car, which begin by the clock where the night is cheap."""
    day = np.arange(int(shared.day[-1]) + 1)
    someone = np.interp(24 * day + 20, np.arange(home.size) * STEP / 3600, home)
    if rng.random() < (0.6 if night_tariff else 0.15):
        kilowatts = rng.uniform(1.2, 2.4)
        begins = rng.uniform(22.2, 26) if night_tariff else rng.uniform(5, 20)
        liters = 45 * persons * rng.lognormal(0, 0.25, day.size) * (0.15 + 0.85 * (someone > 0))
        starts = 24.0 * day + begins + rng.normal(0, 0.02, day.size)
        yield (
            _in_zone(shared, starts),
            liters * 0.045 / kilowatts,
            np.full(day.size, kilowatts),
        )
    if rng.random() < 0.1:
        kilowatts = float(rng.choice([2.3, 3.7, 7.4], p=[0.3, 0.3, 0.4]))
        charged = day[(rng.random(day.size) < rng.uniform(0.25, 0.7)) & (someone > 0)]
        begins = 23.0 if night_tariff else rng.normal(18.4, 0.7)
        starts = 24.0 * charged + begins + rng.exponential(0.3, charged.size)
        energy = rng.gamma(3, rng.uniform(2, 5), charged.size)
        yield (
            _in_zone(shared, starts),
            energy / kilowatts,
            np.full(charged.size, kilowatts),
        )


def _in_zone(shared: Weather, local_hours: Array) -> Array:
    """Hours of the local clock since the first day, as hours since the first step."""
    utc_day = (shared.seconds - shared.seconds[0]) // 86_400
    offset = 24 * (shared.day - utc_day) + shared.hour - shared.seconds % 86_400 / 3600
    places = np.clip((local_hours * 3600 / STEP).astype(int), 0, offset.size - 1)
    return local_hours - offset[places]


def _energy(starts: Array, hours: Array, kilowatts: Array, shared: Weather) -> Array:
    """Energy, kWh, in each half-hour of uses that begin and end anywhere: exact."""
    bounds = np.concatenate((starts, starts + hours))
    order = np.argsort(bounds)
    bounds = bounds[order]
    power = np.cumsum(np.concatenate((kilowatts, -kilowatts))[order])
    used = np.concatenate(([0.0], np.cumsum(power[:-1] * np.diff(bounds))))
    edges = np.arange(shared.seconds.size + 1) * STEP / 3600
    return np.clip(np.diff(np.interp(edges, bounds, used)), 0, None)


def write(folder: Path, first: int, meters: int, days: int, seed: int) -> Path:
    """Writes `meters.parquet`, a row group for each meter, and `meters.yaml`, its description.

    Args:
        folder: Where to; made if it is not there.
        first: Number of the first meter.
        meters: How many.
        days: Of each.
        seed: Of the random numbers.

    Returns:
        The Parquet file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "meters.yaml").write_text(DESCRIPTION, encoding="utf-8")
    shared = weather(days, seed)
    times = pa.array(shared.seconds, pa.timestamp("s")).cast(pa.timestamp("ms", "UTC"))
    schema = pa.schema(
        {
            "timestamp": times.type,
            "meter": pa.string(),
            "tariff": pa.string(),
            "energy": pa.float32(),
            "temperature": pa.float32(),
        }
    )
    file = folder / "meters.parquet"
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for number in range(first, first + meters):
            one = household(number, shared, seed)
            columns = [
                times,
                pa.repeat(one.name, len(times)),
                pa.repeat(one.tariff, len(times)),
                pa.array(one.energy.astype(np.float32)),
                pa.array(one.forecast.round(1).astype(np.float32)),
            ]
            writer.write_table(pa.table(columns, schema=schema))
    return file


def main() -> None:
    """Writes the meters that the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="gets meters.parquet and meters.yaml")
    parser.add_argument("--first", type=int, default=0, help="number of the first meter")
    parser.add_argument("--meters", type=int, default=500)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--seed", type=int, default=20261122)
    asked = parser.parse_args()
    started = time.perf_counter()
    file = write(asked.folder, asked.first, asked.meters, asked.days, asked.seed)
    seconds = time.perf_counter() - started
    print(f"{file}: {asked.meters:,} meters, {file.stat().st_size:,} bytes, {seconds:.0f} s")


if __name__ == "__main__":
    main()
