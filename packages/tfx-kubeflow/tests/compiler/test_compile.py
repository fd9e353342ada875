import json

import pytest
import yaml
from google.protobuf import json_format
from kfp import components
from kfp.pipeline_spec import pipeline_spec_pb2
from kubeflow_cases import pipelines
from kubeflow_cases.compiling import SETTINGS, compiled, step
from tfx import v1
from tfx.dsl.component.experimental import container_component, placeholders
from tfx.orchestration.kubeflow.decorators import FinalStatusStr
from tfx.types.standard_artifacts import Examples, HyperParameters, Model
from tfx_kubeflow.command import main as command
from tfx_kubeflow.compiler import ir
from tfx_kubeflow.protocol import DriverStep, unpack
from tfx_kubeflow.runner import KubeflowRunner
from tfx_kubeflow.settings import KubeflowSettings, NodeSettings


@pytest.fixture(scope="module")
def resolved(tmp_path_factory):
    return compiled(pipelines.with_resolver(tmp_path_factory.mktemp("data")))


@pytest.fixture(scope="module")
def penguin(tmp_path_factory):
    folder = tmp_path_factory.mktemp("out")
    runner = KubeflowRunner(SETTINGS, str(folder))
    runner.run(pipelines.penguin(folder, folder))
    return folder / "penguin.yaml"


def test_tfx_penguin_compiles_to_a_package_that_kfp_loads(penguin):
    spec, platform = yaml.safe_load_all(penguin.read_text())
    message = json_format.ParseDict(spec, pipeline_spec_pb2.PipelineSpec())
    deployment = pipeline_spec_pb2.PipelineDeploymentConfig()
    json_format.ParseDict(spec["deploymentSpec"], deployment)
    assert message.schema_version == "2.1.0"
    assert components.load_component_from_file(str(penguin)).pipeline_spec == message
    assert {"exec-pusher", "exec-csv-example-gen-span"} <= set(
        platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    )
    text = penguin.read_text()
    assert not any("resolver" in kind for kind in spec["deploymentSpec"]["executors"].values())
    for refused in ("preCacheCheck", "_executor", "constantValue", "&id"):
        assert refused not in text


def test_every_container_runs_the_entrypoint(penguin):
    spec = next(yaml.safe_load_all(penguin.read_text()))
    found = ir.containers(spec)
    assert len(found) == 11  # 8 components, 2 lookups, 1 span
    for _, container in found:
        assert container["command"] == ["python", "-m", "tfx_kubeflow.steps.entrypoint"]
        assert container["args"][2:4] == ["--executor-input", "{{$}}"]
        assert container["image"] == "registry/image:1"
    assert step(spec, "trainer").inputs["hyperparameters"].endswith(".HyperParameters")
    trainer = ir.task(spec, "trainer").body
    source = trainer["inputs"]["parameters"]["module_source"]["runtimeValue"]["constant"]
    assert unpack(source).source == pipelines.PENGUIN_MODULE.read_text()
    assert "--direct_running_mode=in_memory" in ir.executor(spec, trainer)["container"]["args"]


def test_example_gen_gets_its_span_from_an_uncached_step(resolved):
    span = ir.task(resolved, "csv-example-gen-span").body
    example_gen = ir.task(resolved, "csv-example-gen").body
    assert "cachingOptions" not in span
    assert set(span["inputs"]["parameters"]) == {"input_base", "input_config"}
    assert example_gen["cachingOptions"] == {"enableCache": True}
    assert example_gen["dependentTasks"] == ["csv-example-gen-span"]
    for name in ("span", "version", "input_fingerprint", "resolved_input_config"):
        assert example_gen["inputs"]["parameters"][name] == {
            "taskOutputParameter": {
                "producerTask": "csv-example-gen-span",
                "outputParameterKey": name,
            }
        }
    assert step(resolved, "csv-example-gen-span") == DriverStep(node="CsvExampleGen")


def test_a_resolver_becomes_a_lookup_and_an_importer(resolved):
    lookup = ir.task(resolved, "baseline").body
    assert "cachingOptions" not in lookup
    destination = lookup["inputs"]["parameters"]["push_destination"]["runtimeValue"]["constant"]
    assert json.loads(destination)["filesystem"]["base_directory"] == "/serving/m"
    assert step(resolved, "baseline").required == {"model": False}
    candidate = lookup["inputs"]["artifacts"]["_candidate"]["taskOutputArtifact"]
    assert candidate == {"producerTask": "candidate", "outputArtifactKey": "result"}
    importer = ir.task(resolved, "baseline-model-importer")
    assert importer.body["taskInfo"]["name"] == importer.id
    assert ir.executor(resolved, importer.body)["importer"] == {
        "artifactUri": {"runtimeParameter": "uri"},
        "typeSchema": {"instanceSchema": "title: tfx.Model\ntype: object\n"},
        "metadata": {
            "imported_by": "Baseline-model-importer"
        },  # one record for each importer of an address
    }
    evaluator = ir.task(resolved, "evaluator").body
    assert {"baseline", "baseline-model"} <= set(evaluator["dependentTasks"])
    assert evaluator["inputs"]["artifacts"]["baseline_model"] == {
        "taskOutputArtifact": {"producerTask": "baseline-model", "outputArtifactKey": "artifact"}
    }
    known = evaluator["inputs"]["parameters"]["baseline_model__metadata"]
    assert known["taskOutputParameter"]["outputParameterKey"] == "model_metadata"


def test_the_pusher_is_never_answered_from_the_cache(resolved):
    assert ir.task(resolved, "pusher").body["cachingOptions"] == {}
    assert ir.task(resolved, "evaluator").body["cachingOptions"] == {"enableCache": True}


def test_a_resolver_may_take_the_output_of_another_one():
    latest = v1.dsl.experimental.LatestArtifactStrategy
    first = v1.dsl.Resolver(strategy_class=latest, model=v1.dsl.Channel(type=Model)).with_id("One")
    second = v1.dsl.Resolver(
        strategy_class=latest,
        model=first.outputs["model"],
        best=v1.dsl.Channel(type=HyperParameters),
    ).with_id("Two")
    model = v1.components.Pusher(
        model=second.outputs["model"],
        push_destination=v1.proto.PushDestination(
            filesystem=v1.proto.PushDestination.Filesystem(base_directory="/m")
        ),
    )
    spec = compiled(pipelines.pipeline(first, second, model))
    two = ir.task(spec, "two").body
    assert two["inputs"]["artifacts"]["model"]["taskOutputArtifact"]["producerTask"] == "one-model"
    assert step(spec, "two").connected == ("model",)
    assert "two-best" not in spec["root"]["dag"]["tasks"], "nothing consumes it"


def test_a_baseline_that_the_candidate_is_trained_from_does_not_wait_for_it():
    baseline = pipelines.blessed_model("Baseline")
    examples = v1.components.CsvExampleGen(input_base="/d")
    trainer = v1.components.Trainer(
        run_fn="m.run_fn",
        examples=examples.outputs["examples"],
        base_model=baseline.outputs["model"],
        train_args=v1.proto.TrainArgs(),
        eval_args=v1.proto.EvalArgs(),
    )
    pusher = v1.components.Pusher(
        model=trainer.outputs["model"],
        push_destination=v1.proto.PushDestination(
            filesystem=v1.proto.PushDestination.Filesystem(base_directory="/m")
        ),
    )
    spec = compiled(pipelines.pipeline(baseline, examples, trainer, pusher))
    assert "artifacts" not in ir.task(spec, "baseline").body["inputs"]


def test_a_consumer_that_needs_the_artifact_makes_the_lookup_fail_without_it():
    found = v1.dsl.Resolver(
        strategy_class=v1.dsl.experimental.LatestArtifactStrategy,
        examples=v1.dsl.Channel(type=Examples),
    ).with_id("Found")
    statistics = v1.components.StatisticsGen(examples=found.outputs["examples"])
    assert step(compiled(pipelines.pipeline(found, statistics)), "found").required == {
        "examples": True
    }


def test_values_of_other_nodes_keep_their_type_and_artifact_types_of_ones_own_compile():
    count = pipelines.Count(start=3)
    number = count.outputs["number"].future()[0].value
    write = pipelines.Write(
        number=number, name=v1.dsl.experimental.RuntimeParameter("who", str, "me"), share=1.0
    )
    read = pipelines.Read(report=write.outputs["report"])
    spec = compiled(pipelines.pipeline(count, write, read))
    assert spec["components"]["comp-write"]["inputDefinitions"]["parameters"]["number"] == {
        "parameterType": "NUMBER_INTEGER"
    }
    reference = ir.task(spec, "write").body["inputs"]["parameters"]["number"]
    assert reference["taskOutputParameter"]["producerTask"] == "count"
    assert spec["root"]["inputDefinitions"]["parameters"]["who"]["defaultValue"] == "me"
    told = step(spec, "write")
    assert told.parameters == {"number": "int", "name": "str", "share": "float"}
    assert told.outputs == {"report": "kubeflow_cases.pipelines.Report"}
    assert step(spec, "read").inputs == {"report": "kubeflow_cases.pipelines.Report"}
    schema = spec["components"]["comp-write"]["outputDefinitions"]["artifacts"]["report"]
    assert yaml.safe_load(schema["artifactType"]["instanceSchema"])["title"] == "Report"


def test_defaults_of_runtime_parameters_can_be_replaced():
    write = pipelines.Write(
        number=v1.dsl.experimental.RuntimeParameter("n", int, 1),
        name=v1.dsl.experimental.RuntimeParameter("must", str),
        share=0.5,
    )
    declared = compiled(pipelines.pipeline(write), n=7)["root"]["inputDefinitions"]["parameters"]
    assert declared["n"]["defaultValue"] == 7
    assert "defaultValue" not in declared["must"]


def test_an_exit_handler_runs_after_everything_and_parameters_reach_the_inner_dag():
    runner = KubeflowRunner(SETTINGS)
    write = pipelines.Write(
        number=1, name=v1.dsl.experimental.RuntimeParameter("who", str, "me"), share=0.5
    )
    goodbye = pipelines.Write(number=1, name=FinalStatusStr(), share=0.5).with_id("Goodbye")
    runner.set_exit_handler(goodbye)
    spec, _ = runner.compile(pipelines.pipeline(write))
    root = spec["root"]["dag"]["tasks"]
    assert root["goodbye"]["triggerPolicy"]["strategy"] == "ALL_UPSTREAM_TASKS_COMPLETED"
    assert root["goodbye"]["dependentTasks"] == ["tfx-dag"]
    assert root["tfx-dag"]["inputs"]["parameters"]["who"] == {"componentInputParameter": "who"}
    assert "who" in spec["components"]["comp-tfx-dag"]["inputDefinitions"]["parameters"]
    assert step(spec, "goodbye").parameters["name"] == "status"
    run = {"runtimeValue": {"constant": "{{$.pipeline_job_uuid}}"}}
    assert root["goodbye"]["inputs"]["parameters"]["_run_id"] == run


def test_conditions_become_trigger_policies():
    write = pipelines.Write(number=1, name="a", share=0.5)
    with v1.dsl.Cond(write.outputs["report"].future()[0].property("lines") == 1):
        read = pipelines.Read(report=write.outputs["report"])
    spec = compiled(pipelines.pipeline(write, read))
    body = ir.task(spec, "read").body
    assert body["triggerPolicy"]["condition"] == (
        "(inputs.artifacts['report'].artifacts[0].metadata['lines'] == 1.0)"
    )
    assert list(body["inputs"]["artifacts"]) == ["report"]


def test_a_condition_on_what_a_step_does_not_take_adds_an_input():
    write = pipelines.Write(number=1, name="a", share=0.5)
    with v1.dsl.Cond(write.outputs["report"].future()[0].property("lines") == 1):
        count = pipelines.Count(start=1)
    body = ir.task(compiled(pipelines.pipeline(write, count)), "count").body
    assert list(body["inputs"]["artifacts"]) == ["_Write.report"]
    assert "inputs.artifacts['_Write.report']" in body["triggerPolicy"]["condition"]


def test_an_artifact_goes_into_a_step_once():
    # ML Metadata has one event for artifact and execution: KFP's driver fails on a second.
    write = pipelines.Write(number=1, name="a", share=0.5)
    compare = pipelines.Compare(first=write.outputs["report"], second=write.outputs["report"])
    spec = compiled(pipelines.pipeline(write, compare))
    body = ir.task(spec, "compare").body
    assert list(body["inputs"]["artifacts"]) == ["first"]
    definitions = spec["components"]["comp-compare"]["inputDefinitions"]["artifacts"]
    assert list(definitions) == ["first"]
    assert step(spec, "compare").same_inputs == {"second": "first"}


def test_a_container_reads_an_artifact_that_it_takes_twice():
    write = pipelines.Write(number=1, name="a", share=0.5)
    compare = container_component.create_container_component(
        name="Compare",
        image="i",
        inputs={"a": pipelines.Report, "b": pipelines.Report},
        command=["diff", *(placeholders.InputUriPlaceholder(name) for name in "ab")],
    )(a=write.outputs["report"], b=write.outputs["report"])
    spec = compiled(pipelines.pipeline(write, compare))
    body = ir.task(spec, "compare").body
    assert list(body["inputs"]["artifacts"]) == ["a"]
    _, first, second = ir.executor(spec, body)["container"]["command"]
    assert first == second


def test_resources_retries_environment_and_cache_per_node(tmp_path):
    settings = KubeflowSettings(
        image="i",
        defaults=NodeSettings(retries=2, memory_limit="4Gi"),
        nodes={
            "Evaluator": NodeSettings(gpus=1, cpu_request="500m", cpu_limit="2", cache=False),
            "CsvExampleGen": NodeSettings(env={"LOG": "debug"}, memory_request="1Gi"),
            "Pusher": NodeSettings(cache=True),
        },
    )
    spec = compiled(pipelines.with_resolver(tmp_path), settings)
    evaluator = ir.task(spec, "evaluator").body
    assert ir.executor(spec, evaluator)["container"]["resources"] == {
        "resourceCpuRequest": "500m",
        "resourceCpuLimit": "2",
        "resourceMemoryLimit": "4Gi",
        "accelerator": {"resourceType": "nvidia.com/gpu", "resourceCount": "1"},
    }
    assert evaluator["retryPolicy"]["maxRetryCount"] == 2
    assert "backoffMaxDuration" in evaluator["retryPolicy"]
    assert evaluator["cachingOptions"] == {}
    assert ir.task(spec, "pusher").body["cachingOptions"] == {"enableCache": True}
    span = ir.task(spec, "csv-example-gen-span").body
    env = ir.executor(spec, span)["container"]["env"]
    assert {"name": "LOG", "value": "debug"} in env
    assert {"name": "MINIO_ENDPOINT", "value": "http://seaweedfs.kubeflow:9000"} in env


def test_a_container_component_reads_and_writes_mounted_files():
    make = container_component.create_container_component(
        name="Shell",
        image="busybox",
        inputs={"model": Model},
        outputs={"schema": pipelines.Schema},
        command=[
            "cp",
            placeholders.InputUriPlaceholder("model"),
            placeholders.OutputUriPlaceholder("schema"),
        ],
    )
    importer = v1.dsl.Importer(source_uri="s3://b/m", artifact_type=Model).with_id("M")
    spec = compiled(pipelines.pipeline(importer, make(model=importer.outputs["result"])))
    assert ir.executor(spec, ir.task(spec, "shell").body)["container"] == {
        "image": "busybox",
        "command": [
            "cp",
            "{{$.inputs.artifacts['model'].path}}",
            "{{$.outputs.artifacts['schema'].path}}",
        ],
    }


def test_an_importer_keeps_its_address_and_properties_and_is_told_apart():
    importer = v1.dsl.Importer(
        source_uri=v1.dsl.experimental.RuntimeParameter("where", str, "gs://b/m"),
        artifact_type=Model,
        custom_properties={"stage": "trial"},
    ).with_id("M")
    spec = compiled(pipelines.pipeline(importer))
    body = ir.task(spec, "m").body
    assert body["inputs"] == {"parameters": {"uri": {"componentInputParameter": "where"}}}
    importer = ir.executor(spec, body)["importer"]
    assert importer["artifactUri"] == {"runtimeParameter": "uri"}
    assert importer["metadata"] == {"stage": "trial", "imported_by": "M"}


@pytest.fixture
def package(tmp_path):
    settings = KubeflowSettings(image="i", defaults=NodeSettings(labels={"a": "b"}))
    KubeflowRunner(settings, str(tmp_path)).run(pipelines.pipeline(pipelines.Count(start=1)))
    return str(tmp_path / "small.yaml")


def test_a_manifest_holds_pipeline_and_version(package, capsys):
    assert command.main(["manifest", package, "--version=small-v1", "--namespace=kubeflow"]) == 0
    pipeline, version = yaml.safe_load_all(capsys.readouterr().out)
    assert (pipeline["kind"], version["kind"]) == ("Pipeline", "PipelineVersion")
    assert pipeline["metadata"] == {"name": "small", "namespace": "kubeflow"}
    assert version["spec"]["pipelineName"] == "small"
    assert "kubernetes" in version["spec"]["platformSpec"]["platforms"]
    json_format.ParseDict(version["spec"]["pipelineSpec"], pipeline_spec_pb2.PipelineSpec())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"--version": "Version_1"}, "lower-case letters"),
        ({"package": "x.yaml"}, "no such package"),
    ],
)
def test_a_manifest_that_kubernetes_would_refuse(package, capsys, change, message):
    version = f"--version={change.get('--version', 'v1')}"
    with pytest.raises(SystemExit):
        command.main(["manifest", change.get("package", package), version])
    assert message in capsys.readouterr().err


def test_a_package_of_a_pipeline_with_little_needs_has_no_platform_document(tmp_path, capsys):
    runner = KubeflowRunner(SETTINGS, str(tmp_path))
    runner.run(pipelines.pipeline(pipelines.Count(start=1)))
    command.main(["manifest", str(tmp_path / "small.yaml"), "--version=v1"])
    assert "platformSpec" not in capsys.readouterr().out
