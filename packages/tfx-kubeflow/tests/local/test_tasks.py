import json

from tfx_kubeflow.local import placeholders
from tfx_kubeflow.local.graph import dag_outputs, in_order, producers
from tfx_kubeflow.local.tasks import Ids, Scope, Values, executor_input, inputs_of, outputs_of

COMPONENT = {
    "inputDefinitions": {
        "parameters": {
            "n": {"parameterType": "NUMBER_INTEGER"},
            "x": {"parameterType": "NUMBER_DOUBLE"},
            "text": {"parameterType": "STRING"},
            "default": {"parameterType": "STRING", "defaultValue": "d"},
        }
    },
    "outputDefinitions": {
        "parameters": {
            "number": {"parameterType": "NUMBER_INTEGER"},
            "words": {"parameterType": "STRING"},
        },
        "artifacts": {"model": {"artifactType": {"schemaTitle": "system.Artifact"}}},
    },
}


def constant(value):
    return {"runtimeValue": {"constant": value}}


def resolved(known=None, scope=None, **parameters):
    task = {"inputs": {"parameters": parameters}}
    return inputs_of(task, COMPONENT, scope or Scope(Values()), known or {}).parameters


def test_parameters_have_the_types_that_the_component_declares():
    found = resolved(n=constant(3.0), x=constant(2), text=constant(4))
    assert json.dumps(found) == '{"n": 3, "x": 2.0, "text": "4", "default": "d"}'


def test_constants_are_filled_with_other_inputs_and_the_run():
    found = resolved(
        known=placeholders.of_run("p", "run-1", "t"),
        n=constant(3),
        text=constant("{{$.inputs.parameters['n']}} of {{$.pipeline_job_uuid}} {{$.unknown}}"),
    )
    assert found["text"] == "3 of run-1 {{$.unknown}}"


def test_a_parameter_without_value_is_left_out():
    assert "text" not in resolved(text={"componentInputParameter": "none"})


def test_what_a_container_wrote_is_read_by_type(tmp_path):
    given = executor_input(COMPONENT, Values(), tmp_path)
    (tmp_path / "number").write_text("4")
    (tmp_path / "words").write_text("4")
    found = outputs_of(COMPONENT, given, Ids())
    assert found.parameters == {"number": 4, "words": "4"}
    assert found.artifacts["model"]["uri"] == str(tmp_path / "model")


def test_properties_come_back_as_kfp_records_them(tmp_path):
    given = executor_input(COMPONENT, Values(), tmp_path)
    metadata = {"flag": True, "list": [1], "map": {"a": 1}, "text": "t"}
    model = {"artifacts": [{"name": "model", "uri": "/m", "metadata": metadata}]}
    told = {"artifacts": {"model": model}}
    (tmp_path / "executor_output.json").write_text(json.dumps(told))
    ids = Ids()
    artifact = outputs_of(COMPONENT, given, ids).artifacts["model"]
    assert artifact["metadata"] == {
        "flag": 1,
        "list": {"list": [1]},
        "map": {"struct": {"a": 1}},
        "text": "t",
        "display_name": "model",
    }
    assert (artifact["name"], ids.next()) == ("1", "2"), "an id, as a consumer's input has"


def test_placeholders_are_replaced_once():
    given = {
        "inputs": {
            "parameterValues": {"a": "{{$.inputs.parameters['b']}}", "b": 2},
            "artifacts": {"_E.x": {"artifacts": [{"uri": "/x"}]}},
        },
        "outputs": {
            "parameters": {"o": {"outputFile": "/o"}},
            "artifacts": {"m": {"artifacts": [{"uri": "/m"}]}},
        },
    }
    texts = placeholders.of_input(given)
    words = (
        "{{$.inputs.parameters['a']}} {{$.inputs.artifacts['_E.x'].uri}} "
        "{{$.outputs.artifacts['m'].path}} {{$.outputs.parameters['o'].output_file}}"
    )
    assert placeholders.replaced(words, texts) == "{{$.inputs.parameters['b']}} /x /m /o"
    assert json.loads(placeholders.replaced("{{$}}", texts)) == given


def artifact_of(producer):
    source = {"taskOutputArtifact": {"producerTask": producer, "outputArtifactKey": "m"}}
    return {"inputs": {"artifacts": {"m": source}}}


def test_tasks_come_after_those_that_they_need_named_or_not():
    tasks = {
        "a": {"dependentTasks": ["z"]},
        "b": artifact_of("a"),
        "z": {},
    }
    assert in_order(tasks) == ["z", "a", "b"]
    assert producers(tasks["b"]) == ["a"]


def test_a_dag_hands_on_what_was_not_skipped():
    selectors = {"artifactSelectors": [{"producerSubtask": "a", "outputArtifactKey": "m"}]}
    parameter = {"valueFromParameter": {"producerSubtask": "a", "outputParameterKey": "p"}}
    outputs = {"artifacts": {"x": selectors}, "parameters": {"y": parameter}}
    component = {"dag": {"outputs": outputs}}
    made = Scope(Values(), {"a": Values({"p": 1}, {"m": {"uri": "/m"}})})
    assert dag_outputs(component, made) == Values({"y": 1}, {"x": {"uri": "/m"}})
    assert dag_outputs(component, Scope(Values())) == Values()
