"""TFX's own example pipelines, as the installed package defines them, compile."""

import importlib
import inspect
from pathlib import Path

import pytest
import tfx
from kfp import components
from kubeflow_cases import pipelines
from tfx_kubeflow.compiler.package import package_text
from tfx_kubeflow.runner import KubeflowRunner
from tfx_kubeflow.settings import KubeflowSettings

EXAMPLES = Path(tfx.__file__).parent / "examples"
TAXI = "chicago_taxi_pipeline/taxi_utils_native_keras.py"


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("chicago_taxi_pipeline.taxi_pipeline_native_keras", TAXI),
        ("custom_components.hello_world.example.taxi_pipeline_hello", TAXI),
        ("imdb.imdb_pipeline_native_keras", "imdb/imdb_utils_native_keras.py"),
        ("mnist.mnist_pipeline_native_keras", "mnist/mnist_utils_native_keras.py"),
        ("bert.cola.bert_cola_pipeline", "bert/cola/bert_cola_utils.py"),
        ("bert.mrpc.bert_mrpc_pipeline", "bert/mrpc/bert_mrpc_utils.py"),
        (
            "penguin.experimental.penguin_pipeline_sklearn_local",
            "penguin/experimental/penguin_utils_sklearn.py",
        ),
    ],
)
def test_it_compiles(name, module, tmp_path):
    example = importlib.import_module(f"tfx.examples.{name}")
    create = getattr(example, "create_pipeline", None) or example._create_pipeline
    known = {"pipeline_name": "example", "beam_pipeline_args": [], "accuracy_threshold": 0.5}
    arguments = {
        parameter: known.get(
            parameter, str(EXAMPLES / module) if "module" in parameter else str(tmp_path)
        )
        for parameter in inspect.signature(create).parameters
    }
    pipeline = create(**arguments)
    spec, platform = KubeflowRunner(KubeflowSettings(image="i")).compile(pipeline)
    assert components.load_component_from_text(package_text(spec, platform))
    assert spec["schemaVersion"] == "2.1.0"


def test_the_taxi_template_compiles_with_all_of_its_components():
    template = pipelines.taxi("minio://b/data", "minio://b/serving", steps=1)
    spec, _ = KubeflowRunner(KubeflowSettings(image="i")).compile(template)
    assert {"latest-blessed-model-resolver", "evaluator", "pusher"} <= set(
        spec["root"]["dag"]["tasks"]
    )
