"""Forecasts as rows come: each step once, also where the server is away for a while."""

from __future__ import annotations

from tests.support.series import household, write_iso
from tests.support.settings import SERIES
from tests.support.web import Reply, tensorflow_serving, web
from tests.support.windows import model as described
from tfx_pipeline.client.arriving import MOST, Arriving
from tfx_pipeline.client.errors import ServerError
from tfx_pipeline.client.follow import follow
from tfx_pipeline.client.forecaster import Forecaster
from tfx_pipeline.client.tail import Chunk
from tfx_pipeline.data.contract import Windowing

UCI = described(SERIES, Windowing(window=12, horizon=3, origins=5))


class Source:
    """Rows of a household: thirty at first, then one at a time, and nothing in between."""

    def __init__(self, folder, rows):
        path = write_iso(folder / "house.csv", household(30 + rows, "2023-01-01 00:00"))
        lines = path.read_bytes().splitlines(keepends=True)
        self.chunks = [Chunk(b"".join(lines[:31]))]
        for line in lines[31:]:
            self.chunks += [Chunk(line), Chunk(b"")]
        self.chunks.append(Chunk(b"", ended=True))

    def read(self, seconds):
        return self.chunks.pop(0)


def followed(source, server, timeout=5.0):
    """Minutes from which on is forecast, in their order, and what is reported."""
    minutes, reported = [], []

    def show(forecast):
        minutes.extend((forecast.times[:, 0] // 60 % 60).tolist())

    arriving = Arriving(UCI, SERIES, "rows", None, reported.append)
    with Forecaster(server.url, "house", timeout=timeout) as forecaster:
        try:
            follow(source, arriving, forecaster, show, reported.append)
        except ServerError as error:
            reported.append(f"ended: {error}")
    return minutes, reported


def test_each_step_is_forecast_from_once(tmp_path):
    with web(tensorflow_serving(UCI)) as server:
        minutes, reported = followed(Source(tmp_path, 5), server)
    assert minutes == [30, 31, 32, 33, 34, 35]
    assert reported == []
    assert len(server.requests) == 6


def test_steps_wait_while_the_server_is_away(tmp_path):
    away = iter([False, True, True, True, True])

    def answer(request):
        if next(away, False):
            return Reply({"error": "loading"}, 503, {"Retry-After": "9"})
        return tensorflow_serving(UCI)(request)

    with web(answer) as server:
        minutes, reported = followed(Source(tmp_path, 5), server)
    assert minutes == [30, 31, 32, 33, 34, 35]
    lost, back = reported
    assert "loading; forecasts go on when it answers" in lost
    assert back == "the server answers again"
    sizes = [len(request.json["inputs"]["timestamp"]) for request in server.requests]
    assert sizes == [1, 1, 1, 2, 2, 3, 1, 1]


def test_a_server_that_stays_away_is_said_at_the_end(tmp_path):
    with web(lambda _: Reply({"error": "no such input"}, 400)) as server:
        minutes, reported = followed(Source(tmp_path, 2), server)
    assert minutes == []
    assert len(reported) == 2
    assert reported[1].startswith("ended: ")
    assert "no such input" in reported[1]


def test_what_is_there_at_first_is_forecast_from_once(tmp_path):
    with web(tensorflow_serving(UCI)) as server:
        assert followed(Source(tmp_path, 0), server) == ([30], [])


def test_all_of_many_meters_are_forecast(tmp_path):
    houses = [household(15, "2023-01-01 00:00", meter=f"m{number}") for number in range(MOST + 5)]
    source = Source(tmp_path, 0)
    source.chunks[0] = Chunk(write_iso(tmp_path / "houses.csv", *houses).read_bytes())
    with web(tensorflow_serving(UCI)) as server:
        assert followed(source, server) == ([15] * (MOST + 5), [])
