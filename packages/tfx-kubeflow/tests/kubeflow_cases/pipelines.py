"""TFX pipelines to compile: small ones of our own, and the examples that TFX brings."""

import json
import shutil
from pathlib import Path
from typing import Any, Dict  # noqa: UP035 (TFX knows no other)

import tfx
from tfx import v1
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.types.artifact import Artifact, Property, PropertyType
from tfx.types.standard_artifacts import (
    Boolean,
    Float,
    Integer,
    JsonValue,
    Model,
    ModelBlessing,
    Schema,
    String,
)

PENGUIN_MODULE = Path(tfx.__file__).parent / "examples/penguin/penguin_utils_keras.py"


class Report(Artifact):
    """An artifact type of our own, which TFX's V2 compiler refuses."""

    TYPE_NAME = "Report"
    PROPERTIES = {
        "lines": Property(type=PropertyType.INT),
        "by": Property(type=PropertyType.STRING),
    }


@component
def Count(start: Parameter[int], number: OutputArtifact[Integer]) -> None:  # noqa: N802
    """Writes a number."""
    number.value = start + 1


@component
def Write(  # noqa: N802
    number: Parameter[int],
    name: Parameter[str],
    share: Parameter[float],
    report: OutputArtifact[Report],
) -> None:
    """Writes a report."""
    report.set_string_custom_property("said", f"{number} {name} {share}")


@component
def Read(report: InputArtifact[Report], schema: OutputArtifact[Schema]) -> None:  # noqa: N802
    """Reads a report."""
    schema.set_string_custom_property("from", report.uri)


@component
def Values(  # noqa: N802
    integer: OutputArtifact[Integer],
    real: OutputArtifact[Float],
    text: OutputArtifact[String],
    truth: OutputArtifact[Boolean],
    structure: OutputArtifact[JsonValue],
    word: Parameter[str] = "it's",
) -> None:
    """Writes a value of each type."""
    integer.value, real.value, text.value, truth.value = 3, 0.5, word, True
    structure.value = {"a": [1, {"b": "c"}]}


@component
def Takes(  # noqa: N802
    report: OutputArtifact[Report],
    integer: Parameter[int] = 0,
    real: Parameter[float] = 0.0,
    text: Parameter[str] = "",
    truth: Parameter[bool] = False,
    structure: Parameter[Dict[str, Any]] = None,  # noqa: UP006
) -> None:
    """Records the parameters that it is passed."""
    given = [integer, real, text, truth, structure]
    report.set_string_custom_property("given", json.dumps(given))


@component
def Sum(  # noqa: N802
    total: OutputArtifact[Integer],
    report: OutputArtifact[Report],
    first: int,
    second: InputArtifact[Integer],
    name: str,
) -> None:
    """Adds numbers, each of which is an artifact, one passed as its value."""
    total.value = first + second.value
    report.set_string_custom_property("name", name)


@component
def Length(text: InputArtifact[String], number: OutputArtifact[Integer]) -> None:  # noqa: N802
    """Measures a text."""
    number.value = len(text.value)


class CopyExecutor(BaseExecutor):
    """An ExampleGen's executor that keeps its input as it is."""

    def Do(  # noqa: N802
        self, input_dict: Any, output_dict: dict[str, Any], exec_properties: dict[str, Any]
    ) -> None:
        """Copies the files."""
        shutil.copytree(
            exec_properties["input_base"], output_dict["examples"][0].uri, dirs_exist_ok=True
        )


@component
def Compare(  # noqa: N802
    first: InputArtifact[Report], second: InputArtifact[Report], number: OutputArtifact[Integer]
) -> None:
    """Says whether two reports are the same."""
    number.value = int(first.uri == second.uri)


def pipeline(*nodes: Any, name: str = "small", **arguments: Any) -> v1.dsl.Pipeline:
    """A pipeline of some nodes."""
    return v1.dsl.Pipeline(
        pipeline_name=name,
        pipeline_root="/tmp/root",
        components=list(nodes),
        enable_cache=True,
        **arguments,
    )


def blessed_model(name: str) -> v1.dsl.Resolver:
    """A resolver for the model that was blessed last."""
    return v1.dsl.Resolver(
        strategy_class=v1.dsl.experimental.LatestBlessedModelStrategy,
        model=v1.dsl.Channel(type=Model),
        model_blessing=v1.dsl.Channel(type=ModelBlessing),
    ).with_id(name)


def with_resolver(tmp: Path) -> v1.dsl.Pipeline:
    """CSV -> statistics; a baseline model -> evaluator; a Pusher."""
    examples = v1.components.CsvExampleGen(input_base=str(tmp))
    importer = v1.dsl.Importer(source_uri="minio://mlpipeline/model", artifact_type=Model).with_id(
        "Candidate"
    )
    model = importer.outputs["result"]
    baseline = blessed_model("Baseline")
    evaluator = v1.components.Evaluator(
        examples=examples.outputs["examples"],
        model=model,
        baseline_model=baseline.outputs["model"],
    )
    pusher = v1.components.Pusher(
        model=model,
        model_blessing=evaluator.outputs["blessing"],
        push_destination=v1.proto.PushDestination(
            filesystem=v1.proto.PushDestination.Filesystem(base_directory="/serving/m")
        ),
    )
    return pipeline(examples, importer, baseline, evaluator, pusher)


def penguin(data_root: Path | str, serving: Path | str, **changes: Any) -> v1.dsl.Pipeline:
    """TFX's penguin example, as the installed package defines it."""
    from tfx.examples.penguin import penguin_pipeline_local

    arguments: dict[str, Any] = {
        "pipeline_name": "penguin",
        "pipeline_root": "/tmp/root",
        "data_root": str(data_root),
        "module_file": str(PENGUIN_MODULE),
        "accuracy_threshold": 0.3,
        "serving_model_dir": str(serving),
        "metadata_path": "/tmp/unused.sqlite",
        "user_provided_schema_path": None,
        "enable_tuning": True,
        "enable_bulk_inferrer": False,
        "enable_example_diff": False,
        "examplegen_input_config": None,
        "examplegen_range_config_date": None,
        "resolver_range_config": None,
        "beam_pipeline_args": [
            "--runner=DirectRunner",
            "--direct_running_mode=in_memory",
            "--sdk_container_image=none",
        ],
        "enable_transform_input_cache": True,
    }
    return penguin_pipeline_local.create_pipeline(**{**arguments, **changes})


TAXI_DATA = Path(tfx.__file__).parent / "examples/chicago_taxi_pipeline/data/simple/data.csv"


def taxi(data_root: str, serving: str, steps: int) -> v1.dsl.Pipeline:
    """TFX's taxi template with the components that its users uncomment one by one."""
    template = "tfx.experimental.templates.taxi"
    source = Path(tfx.__file__).parent / "experimental/templates/taxi/pipeline/pipeline.py"
    scope: dict[str, Any] = {}
    exec(source.read_text().replace("# components.append(", "components.append("), scope)
    pipeline: v1.dsl.Pipeline = scope["create_pipeline"](
        pipeline_name="taxi",
        pipeline_root="/tmp/root",
        data_path=data_root,
        preprocessing_fn=f"{template}.models.preprocessing.preprocessing_fn",
        run_fn=f"{template}.models.keras_model.model.run_fn",
        train_args=v1.proto.TrainArgs(num_steps=steps),
        eval_args=v1.proto.EvalArgs(num_steps=15),
        eval_accuracy_threshold=0.5,
        serving_model_dir=serving,
    )
    pipeline.enable_cache = True
    return pipeline
