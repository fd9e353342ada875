"""Asks a model server again and again, each time on a new connection: a script for a pod.

Reads the request from standard input, and ends after so many requests or once the file /tmp/stop
is there. Prints, as JSON, the requests that each version answered and what failed.
"""

import json
import sys
import time
from pathlib import Path
from urllib.request import Request, urlopen

TIMEOUT = 20.0
"""Seconds of a request."""
STOP = "/tmp/stop"


def main() -> None:
    """Asks `url` `most` times, with `pause` seconds between."""
    url, most, pause = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    request = Request(url, sys.stdin.buffer.read(), {"Content-Type": "application/json"})
    answers: dict[str, int] = {}
    values: dict[str, set[float]] = {}
    failures = []
    for _ in range(most):
        if Path(STOP).exists():
            break
        try:
            with urlopen(request, timeout=TIMEOUT) as answer:
                version = answer.headers["X-Model-Version"]
                mean = json.load(answer)["outputs"]["mean"]
        except Exception as error:  # whatever it is, it is a request that failed
            failures.append(f"{time.strftime('%H:%M:%S')} {error!r}")
            continue
        answers[version] = answers.get(version, 0) + 1
        values.setdefault(version, set()).update(round(one, 4) for row in mean for one in row)
        time.sleep(pause)
    found = {version: sorted(seen) for version, seen in values.items()}
    print(json.dumps({"answers": answers, "values": found, "failures": failures}))


if __name__ == "__main__":
    main()
