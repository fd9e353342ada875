"""Shows a description on the terminal."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tfx_pipeline.data.describe.description import Description
from tfx_pipeline.data.describe.writer import next_command

_DOUBTS = 30


def show(description: Description, output: Path, console: Console) -> None:
    """Prints what was found, what is unsure, and the next command."""
    values = description.values
    layout = values["layouts"][0]
    table = Table(box=None, header_style="bold")
    table.add_column("column", overflow="fold")
    table.add_column("what", no_wrap=True)
    table.add_column("unit")
    for heading in ("min", "mean", "max", "missing"):
        table.add_column(heading, justify="right")
    table.add_column("sure")
    for line in description.lines:
        figures = (_figure(one) for one in (line.least, line.mean, line.most))
        missing = f"{line.missing:.1%}" if line.missing else ""
        texts = (line.column or '""', line.kind, line.unit)
        table.add_row(*map(escape, texts), *figures, missing, "" if line.sure else "no")
    print_ = partial(console.print, highlight=False, markup=False, soft_wrap=True)
    print_(f"{description.file}: looked at {description.seen}")
    time = layout["timestamp"]
    time = time if isinstance(time, str) else " and ".join(time)
    zone = values.get("zone", "no zone")
    meters = f"; {description.meters:,} meters seen" if description.meters > 1 else ""
    print_(f"time: {time}, {layout['format']}, {zone}; a step of {values['cadence']}{meters}\n")
    console.print(table)
    doubts = [one for one in description.remarks.made if one.unsure]
    if doubts:
        print_("\nTo decide:", style="bold")
        for one in doubts[:_DOUBTS]:
            print_(f"- {one.field}: {one.text}")
        if len(doubts) > _DOUBTS:
            print_(f"- and {len(doubts) - _DOUBTS:,} more, in {output}")
    print_(f"\nWritten to {output}. Correct it, then:")
    print_(f"    {next_command(output)}")


def _figure(value: float) -> str:
    return "" if math.isnan(value) else f"{value:,.4g}" if abs(value) < 1e4 else f"{value:,.0f}"
