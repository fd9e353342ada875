"""Writes a description as YAML that a person reads and corrects."""

from __future__ import annotations

import json
import os
import re
import textwrap
from collections.abc import Iterable, Mapping
from pathlib import Path
from shlex import quote
from typing import Any

from tfx_pipeline.data.describe.description import Description
from tfx_pipeline.data.describe.errors import DescribeError, Remark
from tfx_pipeline.series.files import DATA_FILES

_WIDTH = 100
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_/+-]*")
_WORDS = frozenset(("null", "true", "false", "yes", "no", "on", "off", "y", "n"))


def write(description: Description, output: Path, overwrite: bool) -> None:
    """Writes the description to a file.

    Args:
        description: What was found.
        output: The file.
        overwrite: Whether a file of that name is replaced.

    Raises:
        DescribeError: `refuse` says so, or it cannot be written.
    """
    refuse(output, description.file, overwrite)
    try:
        with output.open("w" if overwrite else "x", encoding="utf-8") as stream:
            stream.write(as_yaml(description, output))
    except OSError as error:
        raise DescribeError(f"{output}: not written: {error.strerror}") from error


def refuse(output: Path, file: str, overwrite: bool) -> None:
    """Refuses what cannot become the description of a file, before anything is looked at.

    Args:
        output: The description.
        file: The data.
        overwrite: Whether a file of that name is replaced.

    Raises:
        DescribeError: It is there already, or holds the data, or a name cannot be written.
    """
    for path in (file, output):
        try:
            str(Path(path).absolute()).encode()
        except UnicodeEncodeError as error:
            shown = str(path).encode(errors="backslashreplace").decode()
            raise DescribeError(f"{shown}: its path is not UTF-8; rename it") from error
    if output.exists() and Path(file).exists() and output.samefile(file):
        raise DescribeError(f"{output}: these are the data; give another --output")
    if output.exists() and not overwrite:
        raise DescribeError(f"{output}: there already; give --overwrite, or another --output")


def as_yaml(description: Description, output: Path) -> str:
    """The description as commented YAML, which `read_series` reads."""
    lines = [
        *_comment(f"{Path(description.file).name}: looked at {description.seen}."),
        *_comment("What is UNSURE was guessed from the data: correct it, and remove the word."),
        f"# Then: {next_command(output)}",
        f"{DATA_FILES}: {_value(os.path.relpath(description.file, output.parent))}",
    ]
    for key, value in description.values.items():
        lines += _field(key, value, description)
    if "zone" not in description.values:
        # Behind the layouts, where it would stand.
        place = next(n for n, line in enumerate(lines) if line.startswith(("cadence", "meter")))
        while lines[place - 1].startswith("#"):
            place -= 1
        remarks = _remarks(description.remarks.about("zone"))
        lines[place:place] = [*remarks, "zone: null"]
    return "\n".join(lines) + "\n"


def next_command(output: Path) -> str:
    """How a person goes on."""
    return f'make run ARGS="--series={quote(str(output))}"'


def _field(key: str, value: Any, description: Description) -> list[str]:
    said = description.remarks.about
    if key == "layouts":
        lines = [*_remarks(said("layouts")), "layouts:"]
        for layout in value:
            for number, (name, part) in enumerate(layout.items()):
                lead = "  - " if number == 0 else "    "
                # What is said of the zone is about that of the series.
                about = said(name) if name != "zone" else []
                lines += [*_remarks(about, "    "), f"{lead}{name}: {_value(part)}"]
        return lines
    if isinstance(value, dict) and key != "target":
        inner = (f"  {name}: {_value(part)}" for name, part in value.items())
        return [*_remarks(said(key)), f"{key}:", *inner]
    if key == "target":
        about = [*said("target"), *said(_column(value)), *_of_wide(description)]
        inner = (f"  {name}: {_value(part)}" for name, part in value.items())
        return [*_remarks(_once(about)), "target:", *inner]
    if key in ("covariates", "known_ahead"):
        lines = [*_remarks(said(key)), f"{key}:"]
        for one in value:
            lines += [*_remarks(said(_column(one)), "  "), f"  - {_mapping(one)}"]
        return lines
    if key == "ignored":
        doubts = [
            Remark(name, f"{name}: {one.text}", unsure=True)
            for name in map(_plain_name, value)
            for one in said(name)
            if one.unsure
        ]
        return [*_remarks([*said(key), *doubts[:20]]), *_list(key, value)]
    remarks = _remarks(said(key))
    return [
        *remarks,
        *(_list(key, value) if isinstance(value, list) else [f"{key}: {_value(value)}"]),
    ]


def _of_wide(description: Description) -> list[Remark]:
    if "meter_columns" not in description.values:
        return []
    names = [line.column for line in description.lines]
    return [one for name in names[:1] for one in description.remarks.about(name)]


def _once(remarks: Iterable[Remark]) -> list[Remark]:
    return list({one.text: one for one in remarks}.values())


def _column(measurement: Mapping[str, Any]) -> str:
    return str(measurement.get("column", measurement["name"]))


def _remarks(remarks: Iterable[Remark], indent: str = "") -> list[str]:
    texts = (f"UNSURE: {one.text}" if one.unsure else one.text for one in remarks)
    return [line for text in texts for line in _comment(text, indent)]


def _comment(text: str, indent: str = "") -> list[str]:
    clean = "".join(one if one.isprintable() else " " for one in " ".join(text.split()))
    return textwrap.wrap(
        clean,
        _WIDTH,
        initial_indent=f"{indent}# ",
        subsequent_indent=f"{indent}#   ",
        break_on_hyphens=False,
    )


def _plain_name(pattern: str) -> str:
    """The column that an escaped pattern stands for."""
    return re.sub(r"\[([*?[])\]", r"\1", pattern)


def _list(key: str, values: list[str]) -> list[str]:
    text = ", ".join(map(_value, values))
    if len(key) + len(text) + 4 <= _WIDTH:
        return [f"{key}: [{text}]"]
    return [f"{key}:", *(f"  - {_value(value)}" for value in values)]


def _mapping(values: Mapping[str, Any]) -> str:
    return "{" + ", ".join(f"{key}: {_value(value)}" for key, value in values.items()) + "}"


def _value(value: Any) -> str:
    if isinstance(value, str):
        plain = _PLAIN.fullmatch(value) and value.lower() not in _WORDS
        return value if plain else '"' + "".join(map(_quoted, value)) + '"'
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value)


def _quoted(one: str) -> str:
    """A character between YAML's double quotes."""
    if one in '"\\':
        return f"\\{one}"
    return one if one.isprintable() else f"\\U{ord(one):08x}"
