"""Parameters: constants of every kind, and the run's own."""

import json

from conformance import components as c
from conformance.registry import Built, case
from kubeflow_cases import pipelines
from tfx import v1
from tfx.types.standard_artifacts import Examples

Run = v1.dsl.experimental.RuntimeParameter


@case(runs={"told/told": repr((7, 1.5, "text", True))})
def constants_of_every_type():
    return [c.Told(integer=7, decimal=1.5, text="text", truth=True)]


@case(runs={"told/told": repr((1, 0.5, "none", False))})
def defaults_of_every_type():
    return [c.Told()]


@case(runs={"told/told": repr((0, 0.0, "", False))})
def empty_constants():
    return [c.Told(integer=0, decimal=0.0, text="", truth=False)]


@case(runs={"told/told": repr((-(2**53 - 1), -1e308, "a\n\tb\\'\"", True))})
def extreme_constants():
    return [c.Told(integer=-(2**53 - 1), decimal=-1e308, text="a\n\tb\\'\"", truth=True)]


@case(runs={"told/told": repr((1, 1.0, "none", False))})
def a_whole_number_is_a_float():
    return [c.Told(decimal=1.0)]


@case("either", runs={"told/told": repr((2**53 + 1, 0.5, "none", False))}, at="Told")
def an_integer_beyond_what_json_holds():
    return [c.Told(integer=2**53 + 1)]


@case("either", runs={"told/told": repr((-(2**63), 0.5, "none", False))}, at="Told")
def the_smallest_integer_of_64_bits():
    return [c.Told(integer=-(2**63))]


@case("either", runs={"told/told": repr((10**30, 0.5, "none", False))}, at="Told")
def an_integer_beyond_64_bits():
    return [c.Told(integer=10**30)]


@case("either", at="Told", runs={"told/told": repr((1, float("nan"), "none", False))})
def not_a_number():
    return [c.Told(decimal=float("nan"))]


@case("either", at="Told", runs={"told/told": repr((1, float("-inf"), "none", False))})
def infinity():
    return [c.Told(decimal=float("-inf"))]


@case("either", at="Structured")
def not_a_number_in_a_list():
    return [c.Structured(items=[1.0, float("nan")], table={})]


@case(runs={"told/told": repr((1, 0.5, "Größe 日本 🙂", False))})
def a_text_beyond_ascii():
    return [c.Told(text="Größe 日本 🙂")]


BRACES = "{{workflow.name}} {{=1+1}} {{inputs.parameters.x}} {{$.x}} {{$}} {{item}}"


@case("either", at="Told", runs={"told/told": repr((1, 0.5, BRACES, False))})
def a_text_that_argo_would_expand():
    return [c.Told(text=BRACES)]


@case("either", at="Told", runs={"told/told": repr((1, 0.5, "{{", False))})
def a_text_that_begins_what_argo_would_expand():
    return [c.Told(text="{{")]


@case("either", at="Structured")
def a_list_that_argo_would_expand():
    return [c.Structured(items=["{{workflow.name}}"], table={"{{workflow.uid}}": "{{$}}"})]


@case("either", at="CsvExampleGen")
def a_message_that_argo_would_expand():
    pattern = v1.proto.Input(
        splits=[v1.proto.Input.Split(name="all", pattern="{{workflow.name}}/*")]
    )
    return [v1.components.CsvExampleGen(input_base="/d", input_config=pattern)]


@case("either", at="Told", runs={"told/told": repr((1, 0.5, "{{$.pipeline_job_uuid}}", False))})
def a_text_that_kfp_would_replace_by_the_run():
    return [c.Told(text="{{$.pipeline_job_uuid}}")]


@case("either", at="Told", runs={"told/told": repr((1, 0.5, "a $(x) ${x} %s {x}", False))})
def a_text_that_kubernetes_would_expand():
    return [c.Told(text="a $(x) ${x} %s {x}")]


@case("either", at="Told")
def a_text_of_zero_bytes():
    return [c.Told(text="a\x00b")]


@case(
    runs={"structured/told": json.dumps([[1, 2.5, "x", None, [True]], {"a": {"b": []}, "c": None}])}
)
def lists_and_dictionaries():
    return [c.Structured(items=[1, 2.5, "x", None, [True]], table={"a": {"b": []}, "c": None})]


@case(runs={"structured/told": json.dumps([[], {}])})
def empty_lists_and_dictionaries():
    return [c.Structured(items=[], table={})]


@case(runs={"structured/told": json.dumps([[2**60], {"a": 2**53 + 1}])})
def big_integers_inside_a_list():
    return [c.Structured(items=[2**60], table={"a": 2**53 + 1})]


@case(runs={"configured/told": "3 ['a']"})
def a_message():
    return [c.Configured(config=v1.proto.TrainArgs(num_steps=3, splits=["a"]))]


@case(runs={"configured/told": "0 []"})
def an_empty_message():
    return [c.Configured(config=v1.proto.TrainArgs())]


@case("either", at="Configured")
def a_message_with_an_integer_beyond_what_json_holds():
    return [c.Configured(config=v1.proto.TrainArgs(num_steps=2**31 - 1))]


@case(
    runs={"told/told": repr((5, 2.5, "given", False))},
    arguments={"i": 5, "d": 2.5, "t": "given"},
)
def parameters_of_the_run_of_every_type():
    return [
        c.Told(
            integer=Run("i", int, 1),
            decimal=Run("d", float, 0.5),
            text=Run("t", str, "none"),
        )
    ]


@case(runs={"told/told": repr((1, 0.5, "none", False))})
def parameters_of_the_run_keep_their_defaults():
    return [
        c.Told(
            integer=Run("i", int, 1),
            decimal=Run("d", float, 0.5),
            text=Run("t", str, "none"),
        )
    ]


@case(runs={"told/told": repr((1, 0.5, "given", False))}, arguments={"must": "given"})
def a_parameter_of_the_run_without_a_default():
    return [c.Told(text=Run("must", str))]


@case(runs={"told/told": repr((1, 0.5, "replaced", False))})
def a_default_that_is_replaced_at_compile_time():
    told = c.Told(text=Run("t", str, "first"))
    return Built(pipelines.pipeline(told), values={"t": "replaced"})


@case("refused", at="nowhere")
def a_default_for_a_parameter_that_the_run_does_not_have():
    return Built(pipelines.pipeline(c.Told()), values={"nowhere": 1})


@case("refused", at="i")
def a_replaced_default_of_another_type():
    told = c.Told(integer=Run("i", int, 1))
    return Built(pipelines.pipeline(told), values={"i": "one"})


@case("tfx refuses")
def a_parameter_of_the_run_that_is_a_truth():
    return [c.Told(truth=Run("b", bool, False))]


@case("tfx refuses")
def a_default_of_another_type():
    return [c.Told(integer=Run("i", int, "one"))]


@case(
    runs={"one/told": repr((4, 0.5, "none", False)), "two/told": repr((4, 0.5, "none", False))},
    arguments={"i": 4},
)
def one_parameter_of_the_run_in_two_nodes():
    nodes = ("One", "Two")
    return [c.Told(integer=Run("i", int, 1)).with_id(name) for name in nodes]


@case("refused", at="i")
def one_parameter_of_the_run_with_two_defaults():
    return [c.Told(integer=Run("i", int, n)).with_id(f"Told{n}") for n in (1, 2)]


@case("refused", at="i")
def one_parameter_of_the_run_with_two_types():
    return [
        c.Told(integer=Run("i", int, 1)).with_id("One"),
        c.Told(text=Run("i", str, "1")).with_id("Two"),
    ]


@case(runs={"one/told": repr((3, 0.5, "none", False))})
def one_parameter_of_the_run_with_a_default_and_without():
    return [
        c.Told(integer=Run("i", int, 3)).with_id("One"),
        c.Told(integer=Run("i", int)).with_id("Two"),
    ]


@case("either", at="Structured", runs={"structured/told": json.dumps([[3, "x"], {"a": 3}])})
def a_parameter_of_the_run_inside_a_list():
    given = Run("i", int, 3)
    return [c.Structured(items=[given, "x"], table={"a": given})]


@case("either", at="CsvExampleGen")
def a_parameter_of_the_run_inside_a_message():
    config = {"splits": [{"name": "all", "pattern": Run("pattern", str, "*")}]}
    return [v1.components.CsvExampleGen(input_base="/d", input_config=config)]


@case("either", at="Trainer")
def a_parameter_of_the_run_inside_train_args():
    found = v1.dsl.Importer(source_uri="s3://b/e", artifact_type=Examples).with_id("E")
    trainer = v1.components.Trainer(
        run_fn="m.run_fn",
        examples=found.outputs["result"],
        train_args={"num_steps": Run("steps", int, 5)},
        eval_args=v1.proto.EvalArgs(),
    )
    return [found, trainer]


@case("either", at="Trainer")
def a_parameter_of_the_run_inside_a_custom_config():
    found = v1.dsl.Importer(source_uri="s3://b/e", artifact_type=Examples).with_id("E")
    trainer = v1.components.Trainer(
        run_fn="m.run_fn",
        examples=found.outputs["result"],
        train_args=v1.proto.TrainArgs(),
        eval_args=v1.proto.EvalArgs(),
        custom_config={"rate": Run("rate", float, 0.1), "units": [Run("units", int, 8)]},
    )
    return [found, trainer]


@case()
def parameters_of_the_run_in_standard_components():
    examples = v1.components.CsvExampleGen(input_base=Run("data", str, "/d"))
    trainer = v1.components.Trainer(
        run_fn=Run("run_fn", str, "m.run_fn"),
        examples=examples.outputs["examples"],
        train_args=v1.proto.TrainArgs(),
        eval_args=v1.proto.EvalArgs(),
    )
    return [examples, trainer]


@case("either", at="Trainer")
def a_module_file_that_is_a_parameter_of_the_run():
    found = v1.dsl.Importer(source_uri="s3://b/e", artifact_type=Examples).with_id("E")
    trainer = v1.components.Trainer(
        module_file=Run("module", str, "/m.py"),
        examples=found.outputs["result"],
        train_args=v1.proto.TrainArgs(),
        eval_args=v1.proto.EvalArgs(),
    )
    return [found, trainer]


@case("either", at="")
def names_of_run_parameters_with_dots_and_dashes():
    return [c.Told(text=Run("my-name.of_it", str, "x"))]


@case("either", at="")
def a_name_of_a_run_parameter_with_a_space():
    return [c.Told(text=Run("my name", str, "x"))]


@case("either", at="")
def a_name_of_a_run_parameter_with_a_quote():
    return [c.Told(text=Run("it's", str, "x"))]


@case("either", at="pipeline-root", arguments={"pipeline-root": "/x"})
def the_run_parameter_called_pipeline_root():
    from tfx.orchestration.pipeline import ROOT_PARAMETER

    return [c.Told(text=ROOT_PARAMETER)]


@case()
def a_default_that_argo_expands():
    """As it is meant: the only way to tell a run the time for which it was due."""
    return [c.Told(text=Run("t", str, "{{workflow.name}}"))]


@case("either", at="i", runs={"told/told": repr((2**53 + 1, 0.5, "none", False))})
def a_default_beyond_what_json_holds():
    return [c.Told(integer=Run("i", int, 2**53 + 1))]
