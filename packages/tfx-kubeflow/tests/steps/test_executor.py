"""Executors in their pods: what they are given, and what they must leave behind."""

from pathlib import Path

import pytest
from kubeflow_cases.steps import BLESSING, TYPES, executor_input, step
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.proto.orchestration.execution_result_pb2 import ExecutorOutput
from tfx_kubeflow.errors import StepError
from tfx_kubeflow.protocol import UserModule, pack
from tfx_kubeflow.steps.executor import run_executor


class Writes(BaseExecutor):
    def Do(self, inputs, outputs, exec_properties):  # noqa: N802
        assert exec_properties == {"module_file": exec_properties["module_file"], "n": 3}
        source = Path(exec_properties["module_file"]).read_text()
        (Path(outputs["schema"][0].uri) / "schema.pbtxt").write_text(source)
        outputs["number"][0].value = 41


def test_a_module_travels_as_source_and_values_become_parameters(tmp_path):
    given = executor_input(
        tmp_path,
        outputs=["schema", "number"],
        parameters=["number"],
        module_file="m.py",
        module_source=pack(UserModule("x = 1\n", {})),
        n=3.0,
    )
    outputs = {"schema": f"{TYPES}Schema", "number": f"{TYPES}Integer"}
    kinds = {"module_file": "str", "n": "int"}
    made = run_executor(step(Writes, outputs, parameters=kinds), given, [])
    assert made["parameterValues"] == {"number": 41}
    assert made["artifacts"]["schema"]["artifacts"][0]["uri"] == str(tmp_path / "schema")
    assert (tmp_path / "schema/schema.pbtxt").read_text() == "x = 1\n"


class Notes(BaseBeamExecutor):
    def Do(self, inputs, outputs, exec_properties):  # noqa: N802
        (Path(outputs["schema"][0].uri) / "schema.pbtxt").write_text(self._get_tmp_dir())


@pytest.mark.parametrize(("location", "within"), [("{folder}/shared", True), ("gs://b/x", False)])
def test_temporary_files_are_where_beams_workers_find_them(tmp_path, location, within):
    argument = f"--temp_location={location.format(folder=tmp_path)}"
    outputs = {"schema": f"{TYPES}Schema"}
    run_executor(step(Notes, outputs), executor_input(tmp_path, outputs=outputs), [argument])
    used = Path((tmp_path / "schema/schema.pbtxt").read_text())
    assert used.is_relative_to(tmp_path / "shared") == within
    assert not used.exists()


def test_a_parameter_without_a_value_artifact_is_an_error(tmp_path):
    given = executor_input(tmp_path, parameters=["n"])
    with pytest.raises(StepError, match="'n' is taken as a parameter but holds no value"):
        run_executor(step(Idle), given, [])


class Idle(BaseExecutor):
    def Do(self, inputs, outputs, exec_properties):  # noqa: N802
        for key in exec_properties.get("say", ()):
            outputs[key][0].set_int_custom_property("said", 1)


def test_an_output_that_was_not_written_is_an_error(tmp_path):
    outputs = {"schema": f"{TYPES}Schema"}
    given = executor_input(tmp_path, outputs=outputs)
    with pytest.raises(StepError, match="output 'schema' was not written"):
        run_executor(step(Idle, outputs), given, [])


class Reports(BaseExecutor):
    """Returns what happened, which TFX's launcher goes by."""

    def Do(self, inputs, outputs, exec_properties):  # noqa: N802
        report = ExecutorOutput()
        report.execution_result.code = int(exec_properties["code"])
        report.execution_result.result_message = "bad input"
        made = report.output_artifacts[exec_properties["key"]].artifacts.add()
        made.uri = outputs.pop("schema")[0].uri
        made.custom_properties["n"].int_value = 77
        return report


def test_what_an_executor_reports_is_followed(tmp_path):
    outputs = {"schema": f"{TYPES}Schema"}
    given = executor_input(tmp_path, outputs=outputs, code=0, key="schema")
    made = run_executor(step(Reports, outputs), given, [])
    assert made["artifacts"]["schema"]["artifacts"][0]["metadata"]["n"] == 77.0
    given = executor_input(tmp_path, outputs=outputs, code=3, key="schema")
    with pytest.raises(StepError, match="its executor reports error 3: bad input"):
        run_executor(step(Reports, outputs), given, [])
    given = executor_input(tmp_path, outputs=outputs, code=0, key="other")
    with pytest.raises(StepError, match="reports 'other', which is no output of it"):
        run_executor(step(Reports, outputs), given, [])


class Rearranges(BaseExecutor):
    def Do(self, inputs, outputs, exec_properties):  # noqa: N802
        (schema,) = outputs["schema"]
        Path(schema.uri, "schema.pbtxt").write_text("")
        match exec_properties["how"]:
            case "several":
                outputs["schema"].append(type(schema)())
            case "none":
                outputs["schema"].clear()
            case "no key":
                del outputs["schema"]
            case "moved":
                schema.uri += "/elsewhere"


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("several", "'schema' has 2 artifacts, where Kubeflow Pipelines takes one"),
        ("none", "'schema' has 0 artifacts"),
        ("no key", "'schema' has 0 artifacts"),
        ("moved", "'schema' is at .*/elsewhere, where nothing is uploaded from"),
    ],
)
def test_what_kfp_would_not_record_of_an_output_is_an_error(tmp_path, how, said):
    outputs = {"schema": f"{TYPES}Schema"}
    given = executor_input(tmp_path, outputs=outputs, how=how)
    with pytest.raises(StepError, match=said):
        run_executor(step(Rearranges, outputs), given, [])


def test_some_outputs_may_be_empty(tmp_path):
    figures = "tfx_kubeflow.artifacts.Metrics"
    outputs = {"logs": f"{TYPES}ModelRun", "blessing": BLESSING, "figures": figures}
    given = executor_input(tmp_path, outputs=outputs, say=["blessing"])
    made = run_executor(step(Idle, outputs), given, [])
    assert made["artifacts"]["blessing"]["artifacts"][0]["metadata"]["said"] == 1.0


class Beams(BaseBeamExecutor):
    def Do(self, inputs, outputs, exec_properties):  # noqa: N802
        assert "--direct_num_workers=1" in self._beam_pipeline_args


def test_beam_executors_get_beams_options(tmp_path):
    run_executor(step(Beams), executor_input(tmp_path), ["--direct_num_workers=1"])


class Flagged(BaseExecutor):
    def Do(self, inputs, outputs, exec_properties):  # noqa: N802
        assert self._extra_flags == ["--code=1", "--direct_num_workers=1"]


def test_executors_get_their_own_flags(tmp_path):
    flagged = step(Flagged, {"logs": f"{TYPES}ModelRun"}, flags=("--code=1",))
    given = executor_input(tmp_path, outputs=["logs"])
    made = run_executor(flagged, given, ["--direct_num_workers=1"])
    metadata = made["artifacts"]["logs"]["artifacts"][0]["metadata"]
    assert metadata["executor_flags"] == "--code=1"


class Named(BaseExecutor):
    def Do(self, inputs, outputs, exec_properties):  # noqa: N802
        pipeline, run = self._context.pipeline_info.id, self._context.pipeline_run_id
        outputs["schema"][0].set_string_custom_property("names", f"{pipeline}/{run}")


def test_executors_are_told_pipeline_and_run(tmp_path):
    outputs = {"schema": f"{TYPES}Schema"}
    made = run_executor(step(Named, outputs), executor_input(tmp_path, outputs=outputs), [])
    assert made["artifacts"]["schema"]["artifacts"][0]["metadata"]["names"] == "pipeline/run"


class Describes(BaseExecutor):
    def Do(self, inputs, outputs, exec_properties):  # noqa: N802
        outputs["schema"][0].set_string_custom_property("files", "x" * int(exec_properties["size"]))


@pytest.mark.parametrize("size", [1_000, 100_000])
def test_properties_that_no_step_could_be_given_are_named(tmp_path, caplog, size):
    outputs = {"schema": f"{TYPES}Schema"}
    run_executor(step(Describes, outputs), executor_input(tmp_path, outputs=outputs, size=size), [])
    warned = "'files' most of them; a step that reads it" in caplog.text
    assert warned == (size > 65_536)
