"""Windows from files, as the pipeline reads them for training."""

from __future__ import annotations

from collections.abc import Sequence

from tfx_pipeline.client.errors import ForecastError
from tfx_pipeline.client.windows import History, Windows
from tfx_pipeline.data.gather import gathered
from tfx_pipeline.data.raw.errors import BadRows
from tfx_pipeline.data.raw.reader import Reader, in_order
from tfx_pipeline.data.raw.source import Opener
from tfx_pipeline.hints import did_you_mean
from tfx_pipeline.model_contract import ModelMetadata
from tfx_pipeline.series.grid import Grid


def read_windows(
    files: Sequence[str],
    model: ModelMetadata,
    *,
    meter: str | None = None,
    at: int | None = None,
    last: int = 1,
    bad_rows: BadRows | None = None,
    opener: Opener = open,  # type: ignore[assignment]
) -> Windows:
    """Reads the newest windows of files, those that training would cut at the same steps.

    Args:
        files: Paths of files as the model's series is described.
        model: What is asked.
        meter: One of those in the files; None: all of them.
        at: Instant from which on is forecast; None: from the end of what is complete.
        last: Windows of each meter, a step apart; fewer where the files hold fewer steps.
        bad_rows: Takes note of the rows that are left out; None: none may be bad.
        opener: Opens a path; `open` for local files.

    Raises:
        DataError: A file breaks a rule of the data.
        ForecastError: There is no such meter, no complete step, or not one so late.
    """
    series, grid = model.series, Grid(model.series)
    reader = Reader(in_order(files, series, opener), series, bad_rows or BadRows(), opener=opener)
    until = None if at is None else int(grid.index(at)) - 1
    history = History(model, model.window + 2 * model.horizon + last)
    names: set[str] = set()
    for rows in gathered(reader):
        names.add(rows.meter)
        history.add(rows if until is None else rows.where(rows.steps <= until + model.horizon))
    origins = []
    for name in sorted(names) if meter is None else [_known(meter, names)]:
        newest = history.origin(name, reader.complete(name))
        if newest is not None and (until is None or until <= newest):
            end = newest if until is None else until
            first = max(end - last + 1, min(end, history.first(name)))
            origins += [(name, step) for step in range(first, end + 1)]
        elif meter is not None or len(names) == 1:
            raise ForecastError(_why_none(name, newest, until, grid))
    if not origins:
        raise ForecastError(f"none of the {len(names)} meters has a complete step by then")
    return history.windows(origins)


def _known(meter: str, names: set[str]) -> str:
    if meter and names == {""}:
        raise ForecastError(f"meter {meter!r}: the file names no meters")
    if meter not in names:
        hint = did_you_mean(meter, names)
        raise ForecastError(f"no meter {meter!r} among the {len(names)} of the file{hint}")
    return meter


def _why_none(meter: str, newest: int | None, until: int | None, grid: Grid) -> str:
    where = f"meter {meter}: " if meter else ""
    if newest is None or until is None:
        return f"{where}no complete step" + (
            "" if until is None else f" before {grid.text(until + 1)}"
        )
    return (
        f"{where}the last complete step is that of {grid.text(newest)}: there is no forecast from "
        f"{grid.text(until + 1)} on"
    )
