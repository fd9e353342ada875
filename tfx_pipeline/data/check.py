"""Checks the raw data as ExampleGen would, without TFX and without writing anything."""

from __future__ import annotations

import re
from pathlib import Path

from tfx_pipeline.data.inspection import inspect
from tfx_pipeline.data.options import DataOptions
from tfx_pipeline.data.raw.location import Location, locate
from tfx_pipeline.data.summary import DataSummary

_PLACE_HOLDER = re.compile(r"\{(SPAN|YYYY|MM|DD|VERSION)(?::\d+)?\}")
_IMPORTANCE = ("SPAN", "YYYY", "MM", "DD", "VERSION")


def check(path: str | None, options: DataOptions) -> DataSummary:
    """Reads all rows, and counts the Examples that they give.

    Args:
        path: The setting `data.path`: a file, a folder, a pattern, or None for the embedded data.
        options: How the files are read and cut.

    Raises:
        DataError: The data breaks a rule.
        FileNotFoundError: Nothing is there.
    """
    return inspect(newest_files(locate(path)), options).summary


def newest_files(location: Location) -> list[str]:
    """Lists what matches the pattern; of several spans and versions only the newest.

    The same choice as the driver of TFX's file-based ExampleGens makes.

    Raises:
        FileNotFoundError: No file matches.
    """
    regex = re.compile(_regex(location.pattern))
    found: dict[tuple[int, ...], list[str]] = {}
    for file in sorted(Path(location.base).glob(_PLACE_HOLDER.sub("*", location.pattern))):
        match = regex.fullmatch(file.relative_to(location.base).as_posix())
        if match and file.is_file() and not file.name.startswith("."):
            numbers = match.groupdict()
            key = tuple(int(numbers[name]) for name in _IMPORTANCE if name in numbers)
            found.setdefault(key, []).append(str(file))
    if not found:
        raise FileNotFoundError(f"data.path: no file matches {location.base}/{location.pattern}")
    return found[max(found)]


def _regex(pattern: str) -> str:
    place_held = _PLACE_HOLDER.sub(lambda match: f"\0{match[1]}\0", pattern)
    escaped = re.escape(place_held).replace(r"\*", "[^/]*").replace(r"\?", "[^/]")
    return re.sub("\0([A-Z]+)\0", r"(?P<\1>[0-9]+)", escaped)
