"""Forecasts as steps become complete: one after the other, for as long as rows come."""

from __future__ import annotations

from collections.abc import Callable

from tfx_pipeline.client.arriving import MOST, Arriving
from tfx_pipeline.client.errors import ServerError
from tfx_pipeline.client.forecaster import Forecast, Forecaster
from tfx_pipeline.client.tail import Source

PAUSE = 1.0
"""Seconds after which a server that was away is asked again, though no row has come."""


def follow(
    source: Source,
    arriving: Arriving,
    forecaster: Forecaster,
    show: Callable[[Forecast], None],
    report: Callable[[str], None],
) -> None:
    """Forecasts from each step that becomes complete, until the source ends.

    Where the server is away, the last steps of each meter wait, and it is asked again.

    Args:
        source: Of the rows.
        arriving: Makes steps of them.
        forecaster: The server.
        show: Is given the forecasts.
        report: Is told what goes wrong, once.

    Raises:
        DataError: The rows are not as the series is described.
        ServerError: The server is still away when the source has ended.
    """
    waiting: dict[str, list[int]] = {}
    away: ServerError | None = None
    while True:
        chunk = source.read(PAUSE)
        if chunk.text or chunk.ended:
            for meter, step in arriving.add(chunk):
                before = waiting.get(meter, [])
                waiting[meter] = [one for one in before if one > step - MOST] + [step]
        if waiting:
            steps = sorted((step, meter) for meter, of in waiting.items() for step in of)
            windows = arriving.windows([(meter, step) for step, meter in steps])
            try:
                forecast = forecaster.forecast(windows)
            except ServerError as error:
                if away is None:
                    report(f"{error}; forecasts go on when it answers")
                away = error
            else:
                if away is not None:
                    report("the server answers again")
                away = None
                waiting.clear()
                show(forecast)
        if chunk.ended:
            if away is not None:
                raise away
            return
