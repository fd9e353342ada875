"""Artifact types and properties."""

from conformance import components as c
from conformance.registry import case
from tfx import v1
from tfx.types import standard_artifacts as standard
from tfx.types.channel import Channel


@case(runs={"read/told": repr((3, 0.5, "me"))})
def properties_of_type_integer_float_and_text():
    made = c.Write()
    return [made, c.Read(report=made.outputs["report"])]


@case(runs={"read/told": repr((2**53 - 1, 1e-300, "a\n'\"\\"))})
def extreme_properties():
    made = c.Write(lines=2**53 - 1, share=1e-300, by="a\n'\"\\")
    return [made, c.Read(report=made.outputs["report"])]


@case(runs={"read/told": repr((0, 0.0, ""))})
def empty_properties():
    made = c.Write(lines=0, share=0.0, by="")
    return [made, c.Read(report=made.outputs["report"])]


@case(runs={"read-detail/told": repr((True, {"pages": [1.0, 2.5, "x", None]}))})
def properties_of_type_boolean_and_json():
    made = c.Detail()
    return [made, c.ReadDetail(detailed=made.outputs["detailed"])]


@case("either", at="Stamp", runs={})
def a_property_of_type_proto():
    return [c.Stamp()]


@case(runs={})
def an_artifact_type_without_properties():
    return [c.MakePlain()]


@case("either", at="MakeSpaced", runs={"read-spaced/told": "yes"})
def an_artifact_type_whose_name_has_a_space_and_an_umlaut():
    made = c.MakeSpaced()
    return [made, c.ReadSpaced(spaced=made.outputs["spaced"])]


@case(runs={"both/told": "True"})
def one_artifact_goes_in_under_two_names():
    made = c.Write()
    return [made, c.Both(first=made.outputs["report"], second=made.outputs["report"])]


@case(runs={"both/told": "False"})
def two_artifacts_of_one_type():
    one, two = c.Write().with_id("One"), c.Write().with_id("Two")
    return [one, two, c.Both(first=one.outputs["report"], second=two.outputs["report"])]


@case("either", at="Many", runs={"many/told": "1"})
def a_list_of_artifacts_with_one_in_it():
    made = c.Write()
    return [made, c.Many(reports=made.outputs["report"])]


@case(runs={"use-model/told": "weights"})
def files_of_a_model():
    made = c.MakeModel(text="weights")
    return [made, c.UseModel(model=made.outputs["model"])]


@case("either", at="MakeModel")
def an_output_with_additional_properties():
    made = c.MakeModel()
    made.outputs["model"].additional_custom_properties["stage"] = "beta"
    made.outputs["model"].additional_custom_properties["round"] = 3
    return [made, c.UseModel(model=made.outputs["model"])]


@case("refused", at="MakeModel")
def an_output_with_addresses_of_its_own():
    made = c.MakeModel()
    made.outputs["model"].set_external(predefined_artifact_uris=["s3://b/m"])
    return [made, c.UseModel(model=made.outputs["model"])]


@case("refused", at="UseModel")
def an_input_that_nothing_makes():
    return [c.UseModel(model=Channel(type=standard.Model))]


@case("refused", at="Told")
def an_input_of_a_node_that_is_not_in_the_pipeline():
    made = c.MakeModel()
    return [c.UseModel(model=made.outputs["model"]).with_id("Told")]


@case("refused", at="Hidden")
def a_node_that_waits_for_one_that_is_not_in_the_pipeline():
    told = c.Told()
    told.add_upstream_node(c.Nothing().with_id("Hidden"))
    return [told]


@case("tfx refuses")
def an_input_of_another_type():
    made = c.MakeModel()
    return [made, c.Read(report=made.outputs["model"])]


@case()
def every_standard_artifact_type_is_imported():
    kinds = (
        standard.Examples, standard.ExampleAnomalies, standard.ExampleStatistics,
        standard.ExamplesDiff, standard.InferenceResult, standard.InfraBlessing, standard.Model,
        standard.ModelRun, standard.ModelBlessing, standard.ModelEvaluation, standard.PushedModel,
        standard.Schema, standard.TransformCache, standard.TransformGraph,
        standard.HyperParameters, standard.TunerResults, standard.DataView, standard.Config,
        standard.String, standard.Integer, standard.Float, standard.Boolean, standard.JsonValue,
        standard.Bytes, standard.ExternalArtifact, standard.ExampleValidationMetrics,
    )  # fmt: skip
    return [
        v1.dsl.Importer(source_uri=f"s3://b/{kind.TYPE_NAME}", artifact_type=kind).with_id(
            f"Import{kind.TYPE_NAME}"
        )
        for kind in kinds
    ]


@case(runs={"told/told": None}, fails="ValueError: the cause in two lines")
def a_step_that_fails():
    made = c.Breaks()
    told = c.Told()
    told.add_upstream_node(made)
    return [made, told]


@case(runs={}, fails="told")
def a_step_that_forgets_its_output():
    return [c.Silent()]


@case(runs={}, fails="exit")
def a_step_that_ends_its_process_early():
    return [c.Exits()]
