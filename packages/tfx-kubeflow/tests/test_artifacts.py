"""Outputs that KFP's web pages show: a page and figures, from the component to the metadata."""

import pytest
import yaml
from kubeflow_cases.steps import executor_input, step
from tfx import v1
from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.orchestration.kubeflow.decorators import FinalStatusStr
from tfx.types.channel import Channel
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter
from tfx_kubeflow.artifacts import Html, Metrics
from tfx_kubeflow.compiler import ir
from tfx_kubeflow.runner import KubeflowRunner
from tfx_kubeflow.settings import KubeflowSettings
from tfx_kubeflow.steps.executor import run_executor

PAGE = "<!doctype html><p>0.5 kW² und {{mehr}}</p>"


class Writes(BaseExecutor):
    """Writes a page and figures."""

    def Do(self, input_dict, output_dict, exec_properties):  # noqa: N802
        """Writes them."""
        output_dict["page"][0].value = PAGE
        output_dict["figures"][0].set_float_custom_property("accuracy", 0.97)


class ReportSpec(ComponentSpec):
    """A page and figures."""

    INPUTS = {}
    OUTPUTS = {"page": ChannelParameter(type=Html), "figures": ChannelParameter(type=Metrics)}
    PARAMETERS = {"status": ExecutionParameter(type=str)}


class Report(BaseComponent):
    """Reports."""

    SPEC_CLASS = ReportSpec
    EXECUTOR_SPEC = ExecutorClassSpec(Writes)


def report(status="none"):
    return Report(ReportSpec(status=status, page=Channel(type=Html), figures=Channel(type=Metrics)))


OUTPUTS = {"page": "tfx_kubeflow.artifacts.Html", "figures": "tfx_kubeflow.artifacts.Metrics"}


def test_a_page_is_the_file_at_its_uri_and_figures_are_all_that_metrics_have(tmp_path):
    given = executor_input(tmp_path, outputs=OUTPUTS)
    made = run_executor(step(Writes, outputs=OUTPUTS), given, [])["artifacts"]
    (page,), (figures,) = made["page"]["artifacts"], made["figures"]["artifacts"]
    assert page["uri"] == str(tmp_path / "page")
    assert (tmp_path / "page").read_text() == PAGE
    assert figures["metadata"] == {"accuracy": 0.97}


@pytest.fixture
def compiled():
    runner = KubeflowRunner(KubeflowSettings(image="i", pipeline_root="minio://bucket/root"))
    runner.set_exit_handler(report(FinalStatusStr()))
    nodes = [report().with_id("Inside")]
    pipeline = v1.dsl.Pipeline(pipeline_name="small", pipeline_root="", components=nodes)
    return runner.compile(pipeline)


@pytest.mark.parametrize("task", ["inside", "report"])
def test_kfp_knows_them_by_the_types_that_its_pages_show(compiled, task):
    definition = ir.component(compiled.spec, ir.task(compiled.spec, task).body)
    kinds = definition["outputDefinitions"]["artifacts"]
    titles = {
        key: yaml.safe_load(kind["artifactType"]["instanceSchema"])["title"]
        for key, kind in kinds.items()
    }
    assert titles == {"page": "system.HTML", "figures": "system.Metrics"}


def test_an_exit_handler_can_read_the_store_and_other_steps_cannot(compiled):
    def environment(task):
        body = ir.task(compiled.spec, task).body
        return [
            item["name"] for item in ir.executor(compiled.spec, body)["container"].get("env", ())
        ]

    assert environment("report") == ["MINIO_ENDPOINT"]
    assert environment("inside") == []
