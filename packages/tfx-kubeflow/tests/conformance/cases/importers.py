"""Importers."""

from conformance import components as c
from conformance.registry import case
from tfx import v1
from tfx.types.standard_artifacts import Examples, Integer, Model

Run = v1.dsl.experimental.RuntimeParameter


def imported(uri, used=True, **more):
    found = v1.dsl.Importer(source_uri=uri, **{"artifact_type": Model, **more}).with_id("Found")
    return [found, c.UseModel(model=found.outputs["result"])] if used else [found]


for _uri in ("gs://b/m", "s3://b/m", "minio://b/m", "s3://b/a b/ü#?%20"):

    @case(name=f"an importer from {_uri}")
    def _(_folder=None, _uri=_uri):
        return imported(_uri)


for _uri in ("/data/m", "m/y/u/r/i", "file:///data/m", "https://host/m", "hdfs://n/m", "s3://",
             "s3:/b/m", "S3://b/m", ""):  # fmt: skip

    @case("refused", name=f"an importer from {_uri or 'nowhere'}", at="Found")
    def _(_folder=None, _uri=_uri):
        return imported(_uri)


@case("either", at="Found")
def an_importer_with_an_address_that_argo_would_expand():
    return imported("s3://b/{{workflow.name}}")


@case("either", at="Found")
def an_importer_with_a_line_break_in_its_address():
    return imported("s3://b/m\n")


@case(arguments={"where": "s3://b/m"})
def an_importer_with_a_parameter_of_the_run():
    return imported(Run("where", str, "s3://b/m"))


@case(arguments={"where": "s3://b/m"})
def an_importer_with_a_parameter_of_the_run_without_default():
    return imported(Run("where", str))


@case("refused", at="Found")
def an_importer_with_a_parameter_of_the_run_whose_default_is_a_path():
    return imported(Run("where", str, "/data/m"))


@case("refused", at="Found")
def an_importer_with_another_nodes_value():
    made = c.Text(value="s3://b/m")
    return [made, *imported(made.outputs["text"].future()[0].value)]


@case()
def an_importer_with_properties():
    found = v1.dsl.Importer(
        source_uri="s3://b/e",
        artifact_type=Examples,
        properties={"split_names": '["train"]', "span": 3},
        custom_properties={"text": "it's {x}", "number": 2},
    ).with_id("Found")
    return [found, v1.components.StatisticsGen(examples=found.outputs["result"])]


@case("either", at="Found")
def an_importer_with_properties_that_argo_would_expand():
    return imported("s3://b/m", custom_properties={"text": "{{workflow.name}}"})


@case("either", at="Found")
def an_importer_with_an_integer_beyond_what_json_holds():
    return imported("s3://b/m", custom_properties={"number": 2**53 + 1})


@case("tfx refuses")
def an_importer_with_a_parameter_of_the_run_as_a_property():
    return imported("s3://b/m", custom_properties={"number": Run("n", int, 1)})


@case("tfx refuses")
def an_importer_with_another_nodes_value_as_a_property():
    made = c.Number(value=1)
    value = made.outputs["number"].future()[0].value
    return [made, *imported("s3://b/m", custom_properties={"number": value})]


@case()
def an_importer_that_imports_again():
    return imported("s3://b/m", reimport=True)


@case()
def an_importer_with_a_key_of_its_own():
    found = v1.dsl.Importer(
        source_uri="s3://b/m", artifact_type=Model, output_key="my_model"
    ).with_id("Found")
    return [found, c.UseModel(model=found.outputs["my_model"])]


@case()
def an_importer_that_nothing_uses():
    return imported("s3://b/m", used=False)


@case("either", at="Found")
def an_importer_that_waits_for_a_node():
    made = c.Nothing()
    found, used = imported("s3://b/m")
    found.add_upstream_node(made)
    return [made, found, used]


@case()
def an_importer_of_a_type_of_ones_own():
    found = v1.dsl.Importer(source_uri="s3://b/r", artifact_type=c.Report).with_id("Found")
    return [found, c.Read(report=found.outputs["result"])]


@case()
def an_importer_of_a_type_of_ones_own_with_properties():
    found = v1.dsl.Importer(
        source_uri="s3://b/r", artifact_type=c.Report, properties={"lines": 3, "by": "me"}
    ).with_id("Found")
    return [found, c.Read(report=found.outputs["result"])]


@case()
def an_importer_of_a_value():
    found = v1.dsl.Importer(source_uri="s3://b/n", artifact_type=Integer).with_id("Found")
    return [found, c.ReadInteger(value=found.outputs["result"])]


@case()
def two_importers_of_one_address():
    one, two = (
        v1.dsl.Importer(source_uri="s3://b/r", artifact_type=c.Report).with_id(name)
        for name in ("One", "Two")
    )
    return [one, two, c.Both(first=one.outputs["result"], second=two.outputs["result"])]
