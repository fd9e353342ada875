"""Executors: classes, containers with every placeholder, drivers, resources."""

from conformance import components as c
from conformance.registry import case
from kfp.pipeline_spec.pipeline_spec_pb2 import PipelineDeploymentConfig
from tfx import v1
from tfx.dsl.component.experimental.container_component import create_container_component
from tfx.dsl.component.experimental.placeholders import (
    ConcatPlaceholder,
    InputUriPlaceholder,
    InputValuePlaceholder,
    OutputUriPlaceholder,
)
from tfx.dsl.components.base.base_driver import BaseDriver
from tfx.dsl.components.base.executor_spec import (
    BeamExecutorSpec,
    ExecutorClassSpec,
    ExecutorContainerSpec,
    ExecutorSpec,
)
from tfx.dsl.placeholder import placeholder as ph
from tfx.types.standard_artifacts import Integer, Model, String

ResourceSpec = PipelineDeploymentConfig.PipelineContainerSpec.ResourceSpec


def shell(*command, **more):
    """A container component that takes a model and makes one."""
    make = create_container_component(
        name="Shell",
        image="busybox",
        inputs={"model": Model},
        outputs={"result": Model},
        parameters={"text": str, "number": int},
        command=["sh", "-c", *command],
    )
    model = c.MakeModel()
    return [model, make(model=model.outputs["model"], text="a 'b' \"c\"", number=3, **more)]


@case()
def a_container_without_anything():
    return [create_container_component(name="Shell", image="busybox", command=["true"])()]


@case()
def a_container_with_addresses():
    return shell("cp", InputUriPlaceholder("model"), OutputUriPlaceholder("result"))


@case()
def a_container_with_parameters():
    return shell("echo", InputValuePlaceholder("text"), InputValuePlaceholder("number"))


@case()
def a_container_with_a_concatenation():
    return shell(
        ConcatPlaceholder(
            ["--from=", InputUriPlaceholder("model"), "/x ", InputValuePlaceholder("number")]
        )
    )


@case("either", at="Shell")
def a_container_with_a_condition_of_the_shell():
    return shell("if [ -e '$x' ]; then echo ${y:-{}}; fi", InputUriPlaceholder("model"))


@case("either", at="Shell")
def a_container_with_text_that_argo_would_expand():
    return shell("echo {{workflow.name}} {{inputs.parameters.x}} {{$}}")


@case("either", at="Shell")
def a_container_with_the_address_of_an_input():
    return shell("ls", ph.input("model")[0].uri)


@case("either", at="Shell")
def a_container_with_the_first_of_an_input():
    return shell("ls", ph.input("model").uri)


@case("either", at="Shell")
def a_container_with_the_address_of_an_output():
    return shell("ls", ph.output("result")[0].uri)


@case("either", at="Shell")
def a_container_with_an_execution_property():
    return shell("echo", ph.exec_property("text"), ph.exec_property("number"))


@case("either", at="Shell")
def a_container_with_a_sum_of_placeholders():
    return shell("--to=" + ph.output("result")[0].uri + "/" + ph.exec_property("text"))


@case("either", at="Shell")
def a_container_with_joined_placeholders():
    return shell(ph.join([ph.exec_property("text"), ph.input("model")[0].uri], ","))


@case("either", at="Shell")
def a_container_with_a_joined_path():
    return shell(ph.join_path(ph.input("model")[0].uri, "x"))


@case("refused", at="Shell")
def a_container_with_a_property_of_an_input():
    return shell(ph.input("model")[0].property("version"))


@case("refused", at="Shell")
def a_container_with_a_split():
    return shell(ph.input("model")[0].split_uri("train"))


@case("either", at="Shell")
def a_container_with_the_value_of_an_input():
    make = create_container_component(
        name="Shell", image="busybox", inputs={"number": Integer},
        command=["echo", ph.input("number")[0].value],
    )  # fmt: skip
    made = c.Number(value=1)
    return [made, make(number=made.outputs["number"])]


@case("either", at="Shell")
def a_container_with_the_value_of_an_input_by_its_name():
    make = create_container_component(
        name="Shell", image="busybox", inputs={"number": Integer},
        command=["echo", InputValuePlaceholder("number")],
    )  # fmt: skip
    made = c.Number(value=1)
    return [made, make(number=made.outputs["number"])]


@case("refused", at="Shell")
def a_container_with_the_run():
    return shell(ph.execution_invocation().pipeline_run_id)


@case("refused", at="Shell")
def a_container_with_the_platform():
    return shell(ph.runtime_info("platform_config").base_dir)


@case("either", at="Shell")
def a_container_with_an_environment_variable():
    return shell(ph.environment_variable("HOME"))


@case("refused", at="Shell")
def a_container_with_a_list():
    return shell(ph.make_list([ph.exec_property("text"), "b"]).serialize_list(
        ph.ListSerializationFormat.JSON))  # fmt: skip


@case("refused", at="Shell")
def a_container_with_a_dictionary():
    from tfx.dsl.placeholder.placeholder_base import make_dict

    return shell(make_dict({"a": ph.exec_property("text")}))


@case("refused", at="Shell")
def a_container_with_base64():
    return shell(ph.exec_property("text").b64encode())


@case("refused", at="Shell")
def a_container_with_a_message():
    return shell(ph.make_proto(v1.proto.TrainArgs(num_steps=3)).serialize(
        ph.ProtoSerializationFormat.JSON))  # fmt: skip


@case("refused", at="Shell")
def a_container_with_an_input_that_is_not_there():
    return shell(InputUriPlaceholder("nowhere"))


@case("refused", at="Shell")
def a_container_with_a_parameter_that_is_not_there():
    return shell(InputValuePlaceholder("nowhere"))


@case("refused", at="Shell")
def a_container_with_an_output_that_is_not_there():
    return shell(OutputUriPlaceholder("nowhere"))


@case("either", at="Shell")
def a_container_with_a_number_in_its_command():
    return shell("echo", 3)


@case()
def a_container_with_a_parameter_of_the_run():
    make = create_container_component(
        name="Shell", image="busybox", parameters={"text": str},
        command=["echo", InputValuePlaceholder("text")],
    )  # fmt: skip
    return [make(text=v1.dsl.experimental.RuntimeParameter("t", str, "x"))]


@case("either", at="Shell")
def a_container_with_another_nodes_value():
    make = create_container_component(
        name="Shell", image="busybox", parameters={"number": int},
        command=["echo", InputValuePlaceholder("number")],
    )  # fmt: skip
    made = c.Number(value=3)
    return [made, make(number=made.outputs["number"].future()[0].value)]


@case("either", at="Shell")
def a_container_whose_output_is_a_value():
    make = create_container_component(
        name="Shell", image="busybox", outputs={"text": String},
        command=["echo", OutputUriPlaceholder("text")],
    )  # fmt: skip
    made = make()
    return [made, c.TakeOptional(text=made.outputs["text"])]


@case("either", at="Shell")
def a_container_whose_output_is_a_parameter():
    make = create_container_component(
        name="Shell", image="busybox", outputs={"text": String},
        command=["echo", OutputUriPlaceholder("text")],
    )  # fmt: skip
    made = make()
    return [made, c.Told(text=made.outputs["text"].future()[0].value)]


@case("refused", at="Shell")
def a_container_without_an_image():
    return [create_container_component(name="Shell", image="", command=["true"])()]


@case("refused", at="Shell")
def a_container_with_an_image_that_is_no_name():
    return [create_container_component(name="Shell", image="Not An Image", command=["true"])()]


@case(runs={"flagged/told": "--a=1 --b=x y"})
def an_executor_with_flags():
    return [c.Flagged("--a=1", "--b=x y")]


@case("either", at="Flagged")
def an_executor_with_a_flag_that_argo_would_expand():
    return [c.Flagged("--name={{workflow.name}}")]


@case(runs={"optional/told": "needed"})
def inputs_that_are_not_given():
    made = c.Write()
    return [made, c.Optional(made.outputs["report"])]


@case(runs={"optional/told": "empty needed optional"})
def optional_inputs_that_are_given():
    made = c.Write()
    two = c.Write().with_id("Two")
    given = {"optional": two.outputs["report"], "empty": made.outputs["report"]}
    return [made, two, c.Optional(made.outputs["report"], **given)]


@case(runs={"optional/told": "needed"})
def optional_parameters_that_are_given():
    made = c.Write()
    given = {"note": "x", "config": v1.proto.TrainArgs(num_steps=1)}
    return [made, c.Optional(made.outputs["report"], **given)]


class Driver(BaseDriver):
    """A driver of one's own."""


@case("refused", at="Flagged")
def a_driver_of_ones_own():
    node = c.Flagged()
    node.DRIVER_CLASS = Driver
    return [node]


@case("refused", at="Told")
def an_executor_of_an_unknown_kind():
    told = c.Told()
    told.executor_spec = ExecutorSpec()
    return [told]


@case("refused", at="Told")
def an_executor_that_is_a_plain_container():
    told = c.Told()
    told.executor_spec = ExecutorContainerSpec(image="busybox", command=["true"])
    return [told]


@case(runs={"flagged/told": "--direct_num_workers=1"})
def an_executor_with_beams_options():
    node = c.Flagged()
    node.executor_spec = BeamExecutorSpec(c.FlagExecutor)
    node.executor_spec.add_beam_pipeline_args(["--direct_num_workers=1"])
    return [node]


@case("refused", at="Told")
def an_executor_inside_a_function():
    class Inner(c.FlagExecutor):
        pass

    told = c.Told()
    told.executor_spec = ExecutorClassSpec(Inner)
    return [told]


@case("refused", at="Told")
def an_executor_of_the_file_that_is_run():
    class Inner(c.FlagExecutor):
        __module__ = "__main__"

    told = c.Told()
    told.executor_spec = ExecutorClassSpec(Inner)
    return [told]


@case()
def a_platform_config_with_resources():
    told = c.Told()
    return [told.with_platform_config(ResourceSpec(cpu_limit=2.0, memory_limit=4.0))]


@case("either", at="Told")
def a_platform_config_with_an_accelerator():
    accelerator = ResourceSpec.AcceleratorConfig(type="nvidia.com/gpu", count=1)
    return [c.Told().with_platform_config(ResourceSpec(accelerator=accelerator))]


@case("refused", at="Told")
def a_platform_config_of_another_kind():
    return [c.Told().with_platform_config(v1.proto.TrainArgs(num_steps=1))]


@case("refused", at="Told")
def a_platform_config_below_zero():
    return [c.Told().with_platform_config(ResourceSpec(cpu_limit=-1.0))]


@case("refused", at="InfraValidator")
def an_infra_validator():
    made = c.MakeModel()
    checked = v1.components.InfraValidator(
        model=made.outputs["model"], serving_spec=v1.proto.ServingSpec()
    )
    return [made, checked]
