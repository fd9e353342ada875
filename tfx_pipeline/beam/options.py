"""Checks options with the classes that Beam reads them with."""

import argparse
from collections.abc import Sequence
from typing import NoReturn

from apache_beam.options import pipeline_options as beam
from apache_beam.options.pipeline_options_validator import PipelineOptionsValidator

from tfx_pipeline.hints import did_you_mean

_COMMON = (beam.TypeOptions, beam.DebugOptions, beam.ProfilingOptions, beam.SetupOptions)
_CLASSES: dict[str, tuple[type[beam.PipelineOptions], ...]] = {
    "direct": (*_COMMON, beam.DirectOptions),
    "flink": (*_COMMON, beam.WorkerOptions, beam.PortableOptions, beam.FlinkRunnerOptions),
    "spark": (*_COMMON, beam.WorkerOptions, beam.PortableOptions),
    "dataflow": (*_COMMON, beam.WorkerOptions, beam.GoogleCloudOptions),
}
_OURS = {
    "runner": "engine",
    "job_endpoint": "address",
    "direct_num_workers": "workers",
    "parallelism": "workers",
    "num_workers": "workers",
    "max_num_workers": "workers",
    "environment_type": "worker_pool",
    "environment_config": "worker_pool",
    "sdk_container_image": "image",
    "worker_harness_container_image": "image",
    "temp_location": "temp",
}
"""Options that a setting of their own gives."""
_NOT_OURS = {
    "streaming": "the pipeline's data have an end",
    "job_name": "the pipeline names its jobs, to cancel what a killed run left behind",
    "flink_submit_uber_jar": "jobs go through the job server at beam.address",
    "output_executable_path": "it would write a program instead of running it",
    "template_location": "it would write a template instead of running it",
    "save_main_session": "workers import the code from their image",
}


def check_options(engine: str, options: Sequence[str]) -> None:
    """Refuses options that the engine does not have, or that something else decides.

    Args:
        engine: Name of the engine.
        options: Each as `--name=value`.

    Raises:
        ValueError: An option is unknown, has no such value, contradicts others, or is not free.
    """
    parser = _parser(engine)
    known = [name for action in parser._actions for name in action.option_strings]  # noqa: SLF001
    for option in options:
        name = option.partition("=")[0]
        plain = name.removeprefix("--")
        if not name.startswith("--"):
            raise ValueError(f"options: {option!r}: write it as --name=value")
        if plain in _OURS:
            raise ValueError(f"options: {name} is given by beam.{_OURS[plain]}")
        if plain in _NOT_OURS:
            raise ValueError(f"options: {name} is not free: {_NOT_OURS[plain]}")
        if name not in known:
            raise ValueError(f"options: {engine} has no option {name}{did_you_mean(name, known)}")
    parser.parse_args(list(options))


def check_dataflow(arguments: Sequence[str]) -> None:
    """Has Beam check what Dataflow needs: project, region, a folder on Google Cloud Storage.

    Raises:
        ValueError: Something is missing or has no such form.
    """
    options = beam.PipelineOptions(list(arguments))
    cloud = options.view_as(beam.GoogleCloudOptions)
    # Without the runner, with which it would ask Google and the account of this machine.
    validator = PipelineOptionsValidator(options, None)
    found = [
        *([] if cloud.region else ["Missing required option: region."]),
        *validator.validate_cloud_options(cloud),
        *validator.validate_gcs_path(cloud, "temp_location"),
        *validator.validate(),
    ]
    if found:
        raise ValueError(f"dataflow: {' '.join(found)} (temp_location is beam.temp)")


def _parser(engine: str) -> argparse.ArgumentParser:
    parser = _Parser(add_help=False, allow_abbrev=False)
    for options in _CLASSES[engine]:
        options._add_argparse_args(parser)  # noqa: SLF001
    return parser


class _Parser(beam._BeamArgumentParser):  # noqa: SLF001
    """Says what is wrong where argparse would end the process."""

    def error(self, message: str) -> NoReturn:
        raise ValueError(f"options: {message}")
