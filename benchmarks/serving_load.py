"""The clients of `benchmarks/serving.py`, for locust: each asks again as soon as it is answered.

Not to be run by hand: `SERVING_LOAD` says in JSON whom to ask what, and where the latencies go.
"""

import json
import os
import time
from pathlib import Path

import gevent
from locust import FastHttpUser, User, events, task

LOAD = json.loads(os.environ["SERVING_LOAD"])
BODY = Path(LOAD["body"]).read_bytes()
METHOD = "/tensorflow.serving.PredictionService/Predict"


class Measured:
    """What was measured after the warm-up; locust itself rounds latencies to milliseconds."""

    def __init__(self) -> None:
        self.begin = time.perf_counter() + LOAD["warm_up"]
        self.cpu_begin = 0.0
        self.seconds: list[float] = []
        self.failures: list[str] = []

    def add(self, response_time: float, exception: Exception | None, **_: object) -> None:
        if exception:
            self.failures.append(str(exception)[:300])
        elif time.perf_counter() >= self.begin:
            self.cpu_begin = self.cpu_begin or time.process_time()
            self.seconds.append(response_time / 1000)

    def write(self, **_: object) -> None:
        took = time.perf_counter() - self.begin
        found = {
            "wall": took,
            "cpu": (time.process_time() - self.cpu_begin) / took,
            "seconds": self.seconds,
            "failures": self.failures,
        }
        Path(LOAD["result"]).write_text(json.dumps(found))


@events.test_start.add_listener
def _measure(**_: object) -> None:
    measured = Measured()
    events.request.add_listener(measured.add)
    events.test_stop.add_listener(measured.write)


if LOAD["protocol"] == "rest":

    class Rest(FastHttpUser):
        """A client of the REST API, with a connection of its own."""

        host = LOAD["address"]

        @task
        def predict(self) -> None:
            self.client.post(LOAD["path"], data=BODY, headers={"Content-Type": "application/json"})

else:
    import grpc
    import grpc.experimental.gevent

    grpc.experimental.gevent.init_gevent()

    class Grpc(User):
        """A client of the gRPC API, with a channel of its own; it takes answers as bytes."""

        host = LOAD["address"]

        def on_start(self) -> None:
            # Channels to one address share a connection otherwise.
            own = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_receive_message_length", -1)]
            self.call = grpc.insecure_channel(LOAD["address"], own).unary_unary(METHOD)

        @task
        def predict(self) -> None:
            begin, failure = time.perf_counter(), None
            try:
                answer = self.call(BODY, timeout=60)
            except grpc.RpcError as error:
                answer, failure = b"", error
            events.request.fire(
                request_type="gRPC",
                name="Predict",
                response_time=1000 * (time.perf_counter() - begin),
                response_length=len(answer),
                exception=failure,
                context={},
            )


# The imports took a while, which locust would count as part of the run time.
gevent.get_hub().loop.update_now()
