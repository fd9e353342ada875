"""DirectRunner: no other runner is tried, and workers are told the options."""

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.prism_runner import PrismRunner
from apache_beam.testing.util import assert_that, equal_to

from tfx_pipeline.beam.direct import DirectRunner
from tfx_pipeline.beam.settings import DIRECT_RUNNER
from tfx_pipeline.settings import load_settings


def test_a_pipeline_runs_here_and_not_on_prism(monkeypatch: pytest.MonkeyPatch):
    tried: list[str] = []
    monkeypatch.setattr(PrismRunner, "run_pipeline", lambda *_: tried.append("prism"))
    arguments = load_settings([]).beam.node_arguments("Transform", run="")
    with beam.Pipeline(options=PipelineOptions(arguments)) as pipeline:
        assert_that(pipeline | beam.Create([1, 2]) | beam.Map(abs), equal_to([1, 2]))
    assert f"--runner={DIRECT_RUNNER}" in arguments
    assert isinstance(pipeline.runner, DirectRunner)
    assert not tried


def test_workers_are_given_the_options_of_the_pipeline():
    runner = DirectRunner()
    options = PipelineOptions(["--temp_location=/somewhere"])
    with beam.Pipeline(runner, options) as pipeline:
        assert_that(pipeline | beam.Create([1]), equal_to([1]))
    given = runner._provision_info.provision_info.pipeline_options  # noqa: SLF001
    assert given["beam:option:temp_location:v1"] == "/somewhere"
