"""ExampleGens and the other standard components."""

from conformance import components as c
from conformance.registry import case
from tfx import v1
from tfx.components import DistributionValidator
from tfx.dsl.components.base.executor_spec import BeamExecutorSpec
from tfx.extensions.google_cloud_big_query.example_gen.component import BigQueryExampleGen
from tfx.types.standard_artifacts import Examples, Model, Schema

Run = v1.dsl.experimental.RuntimeParameter
Input, Output = v1.proto.Input, v1.proto.Output


def csv(**more):
    examples = v1.components.CsvExampleGen(input_base="minio://b/d", **more)
    return [examples, v1.components.StatisticsGen(examples=examples.outputs["examples"])]


def patterns(pattern):
    return Input(splits=[Input.Split(name="all", pattern=pattern)])


for _pattern in ("span-{SPAN}/*", "span-{SPAN:3}/v{VERSION}/*", "{YYYY}-{MM}-{DD}/*",
                 "{YYYY}{MM}{DD}/v{VERSION:2}/*", "it's \"quoted\" [a-z]*.csv"):  # fmt: skip

    @case(name=f"an example gen of {_pattern}")
    def _(_folder=None, _pattern=_pattern):
        return csv(input_config=patterns(_pattern))


@case()
def an_example_gen_with_two_splits():
    config = Input(
        splits=[Input.Split(name=name, pattern=f"{name}/*") for name in ("train", "eval")]
    )
    return csv(input_config=config)


@case()
def an_example_gen_with_hash_buckets():
    config = v1.proto.SplitConfig(
        splits=[v1.proto.SplitConfig.Split(name="train", hash_buckets=2)],
        partition_feature_name="id",
    )
    return csv(output_config=Output(split_config=config))


@case()
def an_example_gen_with_a_range_of_one_span():
    span = v1.proto.StaticRange(start_span_number=3, end_span_number=3)
    return csv(
        input_config=patterns("{SPAN}/*"), range_config=v1.proto.RangeConfig(static_range=span)
    )


@case("either", at="CsvExampleGen")
def an_example_gen_with_a_range_of_several_spans():
    return csv(
        input_config=patterns("{SPAN}/*"),
        range_config=v1.proto.RangeConfig(rolling_range=v1.proto.RollingRange(num_spans=2)),
    )


@case()
def an_example_gen_with_a_range_of_another_node():
    made = c.Text(value="{}")
    value = made.outputs["text"].future()[0].value
    return [made, *csv(input_config=patterns("{SPAN}/*"), range_config=value)]


@case()
def an_example_gen_with_an_input_of_the_run():
    examples = v1.components.CsvExampleGen(input_base=Run("data", str, "minio://b/d"))
    return [examples, v1.components.StatisticsGen(examples=examples.outputs["examples"])]


@case("either", at="CsvExampleGen")
def an_example_gen_with_an_input_of_another_node():
    made = c.Text(value="/d")
    value = made.outputs["text"].future()[0].value
    return [made, v1.components.CsvExampleGen(input_base=value)]


@case()
def an_example_gen_after_a_node():
    made = c.Nothing()
    examples, statistics = csv()
    examples.add_upstream_node(made)
    return [made, examples, statistics]


@case()
def two_example_gens():
    return [
        v1.components.CsvExampleGen(input_base=f"/d{n}").with_id(f"Examples{n}") for n in (1, 2)
    ]


@case()
def an_import_example_gen():
    return [v1.components.ImportExampleGen(input_base="/d", payload_format=0)]


@case()
def an_example_gen_of_parquet():
    from tfx.components import FileBasedExampleGen
    from tfx.components.example_gen.custom_executors.parquet_executor import Executor

    return [FileBasedExampleGen(input_base="/d", custom_executor_spec=BeamExecutorSpec(Executor))]


@case()
def an_example_gen_with_a_custom_config():
    from tfx.components import FileBasedExampleGen
    from tfx.components.example_gen.custom_executors.avro_executor import Executor
    from tfx.proto import example_gen_pb2

    config = example_gen_pb2.CustomConfig()
    return [
        FileBasedExampleGen(
            input_base="/d",
            custom_config=config,
            custom_executor_spec=BeamExecutorSpec(Executor),
        )
    ]


@case()
def an_example_gen_of_big_query():
    query = "SELECT 'it''s', \"x\" FROM `p.d.t` WHERE a != '\\n' -- {comment}"
    return [BigQueryExampleGen(query=query)]


@case("either", at="BigQueryExampleGen")
def a_query_that_argo_would_expand():
    return [BigQueryExampleGen(query="SELECT '{{workflow.name}}'")]


@case("refused", at="BigQueryExampleGen")
def a_query_with_a_span():
    span = v1.proto.StaticRange(start_span_number=3, end_span_number=3)
    return [
        BigQueryExampleGen(
            query="SELECT @span_yyyymmdd_utc",
            range_config=v1.proto.RangeConfig(static_range=span),
        )
    ]


@case("tfx refuses")
def a_query_of_the_run():
    return [BigQueryExampleGen(query=Run("query", str, "SELECT 1"))]


def imported(kind, name):
    return v1.dsl.Importer(source_uri=f"s3://b/{name}", artifact_type=kind).with_id(name)


@case()
def every_standard_component():
    examples = v1.components.CsvExampleGen(input_base="/d")
    statistics = v1.components.StatisticsGen(examples=examples.outputs["examples"])
    schema = v1.components.SchemaGen(statistics=statistics.outputs["statistics"])
    validator = v1.components.ExampleValidator(
        statistics=statistics.outputs["statistics"], schema=schema.outputs["schema"]
    )
    distribution = DistributionValidator(
        statistics=statistics.outputs["statistics"],
        baseline_statistics=statistics.outputs["statistics"],
        config=v1.proto.DistributionValidatorConfig()
        if hasattr(v1.proto, "DistributionValidatorConfig")
        else _distribution_config(),
    )
    transform = v1.components.Transform(
        examples=examples.outputs["examples"],
        schema=schema.outputs["schema"],
        preprocessing_fn="m.preprocessing_fn",
        custom_config={"rate": 0.1, "names": ["a", None]},
    )
    tuner = v1.components.Tuner(
        tuner_fn="m.tuner_fn",
        examples=transform.outputs["transformed_examples"],
        transform_graph=transform.outputs["transform_graph"],
        train_args=v1.proto.TrainArgs(num_steps=1),
        eval_args=v1.proto.EvalArgs(num_steps=1),
    )
    trainer = v1.components.Trainer(
        run_fn="m.run_fn",
        examples=transform.outputs["transformed_examples"],
        transform_graph=transform.outputs["transform_graph"],
        schema=schema.outputs["schema"],
        hyperparameters=tuner.outputs["best_hyperparameters"],
        train_args=v1.proto.TrainArgs(num_steps=1),
        eval_args=v1.proto.EvalArgs(num_steps=1),
    )
    evaluator = v1.components.Evaluator(
        examples=examples.outputs["examples"], model=trainer.outputs["model"]
    )
    inferrer = v1.components.BulkInferrer(
        examples=examples.outputs["examples"],
        model=trainer.outputs["model"],
        model_blessing=evaluator.outputs["blessing"],
    )
    pusher = v1.components.Pusher(
        model=trainer.outputs["model"],
        model_blessing=evaluator.outputs["blessing"],
        push_destination=v1.proto.PushDestination(
            filesystem=v1.proto.PushDestination.Filesystem(base_directory="/serving")
        ),
    )
    return [
        examples, statistics, schema, validator, distribution, transform, tuner, trainer,
        evaluator, inferrer, pusher,
    ]  # fmt: skip


def _distribution_config():
    from tfx.proto import distribution_validator_pb2

    return distribution_validator_pb2.DistributionValidatorConfig()


@case()
def an_example_diff():
    made = imported(Examples, "E")
    other = imported(Examples, "F")
    from tfx.proto import example_diff_pb2

    return [
        made,
        other,
        v1.components.ExampleDiff(
            examples_test=made.outputs["result"],
            examples_base=other.outputs["result"],
            config=example_diff_pb2.ExampleDiffConfig(),
        ),
    ]


@case()
def an_imported_schema():
    return [v1.components.ImportSchemaGen(schema_file="/d/schema.pbtxt")]


@case()
def statistics_with_options_and_excluded_splits():
    import tensorflow_data_validation as tfdv

    made, schema = imported(Examples, "E"), imported(Schema, "S")
    return [
        made,
        schema,
        v1.components.StatisticsGen(
            examples=made.outputs["result"],
            schema=schema.outputs["result"],
            stats_options=tfdv.StatsOptions(label_feature="y"),
            exclude_splits=["eval"],
        ),
    ]


def pushed(destination, **more):
    model = imported(Model, "M")
    return [
        model,
        v1.components.Pusher(model=model.outputs["result"], push_destination=destination, **more),
    ]


for _place in ("/serving", "minio://b/serving", "s3://b/serving", "gs://b/serving"):

    @case(name=f"a pusher to {_place}")
    def _(_folder=None, _place=_place):
        return pushed(
            v1.proto.PushDestination(
                filesystem=v1.proto.PushDestination.Filesystem(base_directory=_place)
            )
        )


@case("either", at="Pusher")
def a_pusher_without_a_destination():
    return pushed(v1.proto.PushDestination())
