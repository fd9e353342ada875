"""Rows of five days, and what is found out about a file of them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tfx_pipeline.data.describe.description import Description, describe


def rows(
    times: Iterable[Any], values: Iterable[Any], header: str = "time,power kW", sign: str = ","
) -> str:
    """A text with a time and what else there is in each line."""
    lines = (f"{one}{sign}{value}" for one, value in zip(times, values, strict=True))
    return "\n".join([header, *lines]) + "\n"


QUARTERS = [f"2023-01-{1 + n // 96:02} {n // 4 % 24:02}:{n % 4 * 15:02}" for n in range(480)]
LOAD = [f"{0.2 + n * 7 % 13 / 10:.2f}" for n in range(480)]
TEXT = rows(QUARTERS, LOAD)


def described(folder: Path, content: str | bytes) -> Description:
    """Writes a file and has it described."""
    file = folder / "file"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return describe(str(file))
