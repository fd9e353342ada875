"""DirectRunner: Beam's runner for one machine, without the choice that Beam's own makes first."""

from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.pipeline import Pipeline
from apache_beam.portability.api import beam_provision_api_pb2 as api
from apache_beam.runners.portability.fn_api_runner.fn_runner import (
    ExtendedProvisionInfo,
    FnApiRunner,
)
from apache_beam.runners.portability.portable_runner import JobServiceHandle
from apache_beam.runners.runner import PipelineResult


class DirectRunner(FnApiRunner):
    """Runs a pipeline in this process, or in `direct_num_workers` processes of this machine.

    Beam's class of this name hands over to Prism, a Go program that it downloads; where it cannot,
    it has translated the pipeline in vain, and runs it as this one does at once.
    """

    def run_pipeline(self, pipeline: Pipeline, options: PipelineOptions) -> PipelineResult:
        """Runs a pipeline to its end; workers are given its options."""
        encoded = JobServiceHandle.encode_pipeline_options(options.get_all_options())
        self._provision_info = ExtendedProvisionInfo(api.ProvisionInfo(pipeline_options=encoded))
        return super().run_pipeline(pipeline, options)
