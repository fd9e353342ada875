"""Two houses by half-hours, as a file of one's own: local time, decimal comma, tariffs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

ZONE = ZoneInfo("Europe/Berlin")
START = int(datetime(2024, 3, 10, tzinfo=UTC).timestamp())
TARIFFS = {"a": "night", "b": "flat"}
DESCRIPTION = {
    "layouts": [
        {"timestamp": "when", "format": "%d.%m.%Y %H:%M", "delimiter": ";", "decimal": ","}
    ],
    "zone": "Europe/Berlin",
    "meter": "house",
    "group": "tariff",
    "cadence": "PT30M",
    "target": {"name": "energy", "column": "kWh", "unit": "kWh", "aggregate": "sum"},
}


def write_houses(path: Path, days: int = 30) -> dict[str, np.ndarray]:
    """Writes a file over the change to summer time; returns each house's kWh by half-hour."""
    instants = START + 1800 * np.arange(48 * days)
    rising = np.arange(instants.size) / 1000
    energy = {"a": 0.2 + rising, "b": 5.0 - rising}
    lines = ["when;house;tariff;kWh"]
    for number, instant in enumerate(instants.tolist()):
        when = datetime.fromtimestamp(instant, ZONE)
        for house, tariff in TARIFFS.items():
            value = f"{energy[house][number]:.3f}".replace(".", ",")
            lines.append(f"{when:%d.%m.%Y %H:%M};{house};{tariff};{value}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return energy
