"""Reads the description of a series: a preset's, or that of a user's own file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from tfx_pipeline.hints import did_you_mean
from tfx_pipeline.series.spec import SeriesSpec

PRESETS = Path(__file__).parent / "presets"
UCI_HOUSEHOLD = "uci-household"
"""The preset of the UCI data set "Individual household electric power consumption"."""

DATA_FILES = "files"
"""Key of a description: where its data are, relative to it. Of this machine, so it does not travel
with the series."""


class SeriesError(ValueError):
    """A description cannot be used; the message names the file, the field and what to do."""


def presets() -> list[str]:
    """Names of the presets."""
    return sorted(file.stem for file in PRESETS.glob("*.yaml"))


def read_series(name: str | Path) -> SeriesSpec:
    """Reads a description.

    Args:
        name: A preset's name, or the path of a YAML file.

    Raises:
        SeriesError: There is no such file, or it is no description.
    """
    file, values = _read(name)
    try:
        return SeriesSpec.model_validate(
            {key: value for key, value in values.items() if key != DATA_FILES}
        )
    except ValidationError as error:
        faults = (
            f"{'.'.join(map(str, item['loc'])) or 'series'}: "
            f"{item['msg'].removeprefix('Value error, ')}"
            for item in error.errors(include_url=False)
        )
        raise SeriesError(f"{file}: " + f"\n{file}: ".join(faults)) from error


def described_files(name: str | Path) -> str | None:
    """The path of the data that a description is of; None where it names none.

    Args:
        name: A preset's name, or the path of a YAML file.

    Raises:
        SeriesError: There is no such file, or it is no description.
    """
    file, values = _read(name)
    files = values.get(DATA_FILES)
    if files is None:
        return None
    if not isinstance(files, str) or not files.strip():
        raise SeriesError(f"{file}: {DATA_FILES}: expected a path, a folder or a pattern")
    return str(file.parent / files)


def _read(name: str | Path) -> tuple[Path, dict[str, Any]]:
    """The file of a description, and what it holds."""
    preset = PRESETS / f"{name}.yaml"
    file = preset if str(name) in presets() else Path(name)
    try:
        values = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        hint = did_you_mean(str(name), presets()) or f"; presets are {', '.join(presets())}"
        raise SeriesError(f"{name}: {error.strerror}{hint}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SeriesError(f"{file}: not YAML: {error}") from error
    if not isinstance(values, dict):
        raise SeriesError(f"{file}: expected a description, one `key: value` a line")
    return file, values
