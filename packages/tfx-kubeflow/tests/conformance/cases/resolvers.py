"""Resolvers with every strategy of TFX's, and one's own."""

from conformance import components as c
from conformance.registry import case
from tfx import v1
from tfx.dsl.components.common.resolver import ResolverStrategy
from tfx.dsl.input_resolution.canned_resolver_functions import latest_created
from tfx.dsl.input_resolution.strategies.conditional_strategy import ConditionalStrategy
from tfx.types.channel import Channel
from tfx.types.standard_artifacts import Examples, HyperParameters, Model, ModelBlessing

experimental = v1.dsl.experimental
LATEST = experimental.LatestArtifactStrategy


def found(strategy=LATEST, config=None, name="Found", **channels):
    return v1.dsl.Resolver(
        strategy_class=strategy,
        config=config,
        **(channels or {"model": Channel(type=Model)}),
    ).with_id(name)


def used(resolver):
    return [resolver, c.UseModel(model=resolver.outputs["model"])]


@case()
def the_latest_artifact():
    return used(found())


@case()
def the_latest_artifact_of_one():
    return used(found(config={"desired_num_of_artifacts": 1}))


@case("refused", at="Found")
def the_latest_three_artifacts():
    return used(found(config={"desired_num_of_artifacts": 3}))


def blessed(**more):
    channels = {"model": Channel(type=Model), "model_blessing": Channel(type=ModelBlessing)}
    return found(experimental.LatestBlessedModelStrategy, **{**channels, **more})


@case()
def the_latest_blessed_model():
    return used(blessed())


def pusher(name="Pusher", **destination):
    found = v1.dsl.Importer(source_uri="s3://b/m", artifact_type=Model).with_id(f"M{name}")
    push = v1.components.Pusher(
        model=found.outputs["result"],
        push_destination=v1.proto.PushDestination(
            filesystem=v1.proto.PushDestination.Filesystem(base_directory="/serving"),
        ),
        **destination,
    ).with_id(name)
    return [found, push]


@case()
def the_latest_blessed_model_beside_a_pusher():
    return [*used(blessed()), *pusher()]


@case("either", at="Pusher")
def the_latest_blessed_model_beside_two_pushers():
    return [*used(blessed()), *pusher("Pusher1"), *pusher("Pusher2")]


@case("either", at="Pusher")
def the_latest_blessed_model_beside_a_pusher_to_a_parameter_of_the_run():
    model = v1.dsl.Importer(source_uri="s3://b/m", artifact_type=Model).with_id("M")
    where = experimental.RuntimeParameter("serving", str, "/serving")
    push = v1.components.Pusher(
        model=model.outputs["result"],
        push_destination={"filesystem": {"base_directory": where}},
    )
    return [*used(blessed()), model, push]


@case()
def the_latest_blessed_model_beside_a_pusher_to_a_cloud():
    from tfx.extensions.google_cloud_ai_platform.pusher.component import Pusher

    model = v1.dsl.Importer(source_uri="s3://b/m", artifact_type=Model).with_id("M")
    push = Pusher(model=model.outputs["result"], custom_config={"project_id": "p"})
    return [*used(blessed()), model, push]


@case("refused", at="Found")
def several_spans():
    config = {"range_config": v1.proto.RangeConfig(rolling_range=v1.proto.RollingRange())}
    resolver = found(experimental.SpanRangeStrategy, config, examples=Channel(type=Examples))
    return [resolver, v1.components.StatisticsGen(examples=resolver.outputs["examples"])]


@case("either", at="Found")
def a_conditional_strategy():
    return used(found(ConditionalStrategy, {"predicates": []}))


class Mine(ResolverStrategy):
    """A strategy of one's own."""

    def __init__(self, word: str = "") -> None:
        self.word = word

    def resolve_artifacts(self, store, input_dict):
        return {key: artifacts[:1] for key, artifacts in input_dict.items()}


@case()
def a_strategy_of_ones_own():
    return used(found(Mine))


@case()
def a_strategy_of_ones_own_with_arguments():
    return used(found(Mine, {"word": 'it\'s \\ "quoted" Ü'}))


@case("either", at="Found")
def a_strategy_with_arguments_that_argo_would_expand():
    return used(found(Mine, {"word": "{{workflow.name}}"}))


@case("either", at="Found")
def a_strategy_with_an_argument_of_the_run():
    return used(found(Mine, {"word": experimental.RuntimeParameter("word", str, "x")}))


@case("refused", at="Found")
def a_strategy_inside_a_function():
    class Inner(Mine):
        pass

    return used(found(Inner))


@case("refused", at="UseModel")
def a_resolver_function():
    model = latest_created(v1.dsl.Channel(type=Model))
    return [c.UseModel(model=model)]


@case()
def a_resolver_of_what_the_run_makes():
    made = c.MakeModel()
    return [made, *used(found(model=made.outputs["model"]))]


@case()
def a_resolver_after_a_resolver():
    one = found(name="One")
    return [one, *used(found(model=one.outputs["model"]))]


@case()
def a_resolver_that_waits_for_a_node():
    made = c.Nothing()
    resolver = found()
    resolver.add_upstream_node(made)
    return [made, *used(resolver)]


@case()
def a_resolver_that_nothing_uses():
    return [found(), c.Told()]


@case("either", at="Found")
def a_resolver_alone():
    return [found()]


@case()
def a_resolver_with_two_outputs():
    resolver = found(model=Channel(type=Model), best=Channel(type=HyperParameters))
    examples = v1.components.CsvExampleGen(input_base="/d")
    trainer = v1.components.Trainer(
        run_fn="m.run_fn",
        examples=examples.outputs["examples"],
        base_model=resolver.outputs["model"],
        hyperparameters=resolver.outputs["best"],
        train_args=v1.proto.TrainArgs(),
        eval_args=v1.proto.EvalArgs(),
    )
    return [resolver, examples, trainer]


@case("either", at="Found")
def a_resolver_for_an_input_that_may_be_empty():
    resolver = found(report=Channel(type=c.Report))
    made = c.Write()
    return [resolver, made, c.Optional(made.outputs["report"], empty=resolver.outputs["report"])]


@case()
def one_resolver_for_two_consumers():
    resolver = found()
    users = [c.UseModel(model=resolver.outputs["model"]).with_id(f"Use{n}") for n in (1, 2)]
    return [resolver, *users]


@case("either", at="Found")
def a_resolver_of_artifacts_of_a_named_producer():
    return used(found(model=Channel(type=Model, producer_component_id="Trainer")))


@case("either", at="Found")
def a_resolver_of_a_producer_that_is_there():
    made = c.MakeModel()
    channel = Channel(type=Model, producer_component_id="MakeModel", output_key="model")
    return [made, *used(found(model=channel))]


@case("either", at="Found")
def a_resolver_for_a_container():
    from tfx.dsl.component.experimental.container_component import create_container_component
    from tfx.dsl.component.experimental.placeholders import InputUriPlaceholder

    resolver = found()
    shell = create_container_component(
        name="Shell", image="busybox", inputs={"model": Model},
        command=["ls", InputUriPlaceholder("model")],
    )  # fmt: skip
    return [resolver, shell(model=resolver.outputs["model"])]
