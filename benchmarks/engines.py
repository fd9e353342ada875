"""How long StatisticsGen takes on the Examples of a run, by engine and workers.

`python benchmarks/engines.py EXAMPLES [--repeat=3] [FLINK ...]`, where FLINK is the settings that
`python -m tools.flink` prints. Rounds are interleaved, because machines are noisy.
"""

import json
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable

from tfx.components.statistics_gen.executor import Executor
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.types import artifact_utils, standard_artifacts

from tfx_pipeline.settings import load_settings

SPLITS = ["train", "eval", "test"]


def statistics_gen(examples_uri: str, arguments: list[str]) -> None:
    """Runs StatisticsGen's executor."""
    examples, found = standard_artifacts.Examples(), standard_artifacts.ExampleStatistics()
    examples.uri, found.uri = examples_uri, tempfile.mkdtemp()
    examples.split_names = artifact_utils.encode_split_names(SPLITS)
    examples.set_string_custom_property("file_format", "tfrecords_gzip")
    examples.set_string_custom_property("payload_format", "FORMAT_TF_EXAMPLE")
    context = BaseBeamExecutor.Context(
        beam_pipeline_args=arguments, tmp_dir=tempfile.mkdtemp(), unique_id="1"
    )
    Executor(context).Do(
        {"examples": [examples]}, {"statistics": [found]}, {"exclude_splits": "[]"}
    )


def seconds(run: Callable[[], None]) -> float:
    """Wall-clock seconds of a call."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def main(arguments: list[str]) -> None:
    """Prints the median seconds of each, and all of them."""
    examples = arguments[0]
    repeat = int(next((a.partition("=")[2] for a in arguments if a.startswith("--repeat=")), "3"))
    flink = [a for a in arguments[1:] if not a.startswith("--repeat=")]
    chosen = {
        "direct, this process": [],
        "direct, 2 processes": ["--beam.workers=2"],
        "direct, 2 threads": [
            "--beam.workers=2",
            "--beam.options=--direct_running_mode=multi_threading",
        ],
    }
    if flink:
        chosen["flink, 1 worker"] = [*flink, "--beam.workers=1"]
        chosen["flink, 2 workers"] = flink
    times: dict[str, list[float]] = {name: [] for name in chosen}
    for _ in range(repeat):
        for name, options in chosen.items():
            beam = load_settings(options).beam.node_arguments("StatisticsGen", run=examples)
            times[name].append(seconds(lambda beam=beam: statistics_gen(examples, beam)))  # type: ignore[misc]
            print(f"{name}: {times[name][-1]:.1f} s", file=sys.stderr, flush=True)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    medians = {name: round(statistics.median(found), 1) for name, found in times.items()}
    print(json.dumps({"seconds": medians, "all": times, "peak_kib_of_a_process": peak}))


if __name__ == "__main__":
    main(sys.argv[1:])
