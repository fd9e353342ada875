"""Names of pipelines, nodes and keys."""

from conformance import components as c
from conformance.registry import Built, case
from kubeflow_cases import pipelines
from tfx import v1
from tfx.dsl.component.experimental.container_component import create_container_component
from tfx.types.channel import Channel
from tfx.types.standard_artifacts import Examples, Model


def named(*ids):
    """A node of each name, and one that waits for them all."""
    nodes = [c.Number(value=1).with_id(name) for name in ids]
    last = c.Told().with_id("Last")
    last.add_upstream_nodes(nodes)
    return [*nodes, last]


@case(runs={})
def names_in_camel_case():
    return named("HTTPServer2Go", "aB", "A")


@case()
def names_with_underscores_dots_and_spaces():
    return named("my_node", "other.node", "third node")


@case("refused", at="a")
def names_that_become_one_task():
    return named("a_b", "a.b")


@case("refused", at="ab")
def names_that_differ_in_case_only():
    return named("AB", "ab")


@case("either", at="1st")
def a_name_that_begins_with_a_digit():
    return named("1st")


@case("either", at="x")
def a_name_of_121_characters():
    return named("x" * 121)


@case("refused", at="x")
def a_name_of_122_characters():
    return named("x" * 122)


for _word in (
    "if", "If", "nil", "Nil", "let", "Let", "else", "Else", "matches", "contains", "not", "in",
    "and", "or", "true", "false", "all", "none", "any", "one", "filter", "map", "len", "item",
    "startsWith", "endsWith", "root", "entrypoint", "Root", "Entrypoint", "executor", "exit",
    "tfx-dag", "system-container-executor", "get", "let-it", "not-now",
):  # fmt: skip

    @case("either", name=f"a node is called {_word}", at=_word)
    def _(word=None, _word=_word):
        return named(_word)


@case("refused", at="日本")
def a_name_beyond_ascii():
    return named("日本")


@case("either", at="Größe")
def a_name_with_an_umlaut():
    return named("Größe")


@case("refused", at="---")
def a_name_of_dashes():
    return named("---")


@case("either", at="-a-")
def a_name_with_dashes_around_it():
    return named("-a-")


@case("either", at="a'b")
def a_name_with_a_quote():
    return named("a'b")


@case("either", at="{{workflow.name}}")
def a_name_that_argo_would_expand():
    return named("{{workflow.name}}")


@case("either", at="a/b")
def a_name_with_a_slash():
    return named("a/b")


@case("tfx refuses")
def two_nodes_of_one_name():
    return named("Same", "Same")


@case("either", at="Examples-span")
def a_node_is_called_as_an_example_gens_driver():
    examples = v1.components.CsvExampleGen(input_base="/d").with_id("Examples")
    return [examples, c.Told().with_id("Examples-span")]


@case("either", at="examples_span")
def a_node_is_almost_called_as_an_example_gens_driver():
    examples = v1.components.CsvExampleGen(input_base="/d").with_id("Examples")
    return [examples, c.Told().with_id("examples_span")]


def found(name, **channels):
    return v1.dsl.Resolver(
        strategy_class=v1.dsl.experimental.LatestArtifactStrategy,
        **(channels or {"model": Channel(type=Model)}),
    ).with_id(name)


@case("either", at="Res")
def a_node_is_called_as_a_resolvers_importer():
    resolver = found("Res")
    used = c.UseModel(model=resolver.outputs["model"])
    return [resolver, used, c.Told().with_id("Res-model")]


@case("either", at="Res")
def a_node_is_called_as_the_importer_inside():
    resolver = found("Res")
    used = c.UseModel(model=resolver.outputs["model"])
    return [resolver, used, c.Told().with_id("Res-model-importer")]


@case("either", at="Res")
def a_resolver_is_called_as_anothers_importer():
    one, two = found("Res"), found("Res-model")
    return [
        one,
        two,
        c.UseModel(model=one.outputs["model"]).with_id("UseOne"),
        c.UseModel(model=two.outputs["model"]).with_id("UseTwo"),
    ]


@case("either", at="Node-driver")
def a_node_is_called_as_anothers_driver():
    return named("Node", "Node-driver")


@case("either", at="")
def a_resolver_with_keys_in_capitals():
    resolver = found("Res", Model_A=Channel(type=Model), examples=Channel(type=Examples))
    return [resolver, c.UseModel(model=resolver.outputs["Model_A"])]


@case("either", at="Shell")
def keys_of_a_container_with_capitals_and_underscores():
    from tfx.dsl.component.experimental.placeholders import InputValuePlaceholder

    shell = create_container_component(
        name="Shell",
        image="busybox",
        parameters={"My_Key": str, "other": int},
        command=["echo", InputValuePlaceholder("My_Key"), InputValuePlaceholder("other")],
    )
    return [shell(My_Key="a", other=1)]


def called(name):
    return Built(pipelines.pipeline(c.Told(), name=name))


@case(runs={})
def a_pipeline_of_52_characters():
    return called("p" * 52)


for _title, _name in (
    ("of 53 characters", "p" * 53),
    ("with an underscore", "my_pipeline"),
    ("with capitals", "MyPipeline"),
    ("with a dot", "my.pipeline"),
    ("that ends in a dash", "pipeline-"),
    ("that begins with a dash", "-pipeline"),
    ("beyond ascii", "größe"),
    ("with a space", "my pipeline"),
    ("with a line break", "pipeline\n"),
    ("of nothing", ""),
):

    @case("refused", name=f"a pipeline's name {_title}", at=_name.strip() or "pipeline")
    def _(_folder=None, _name=_name):
        return called(_name)


@case("either", at="0")
def a_pipelines_name_that_begins_with_a_digit():
    return called("0pipeline")


@case(runs={})
def a_pipelines_name_that_is_a_number():
    return called("p123")
