"""Pushing a model: whole versions, once each, and nothing of what failed."""

import json

import pytest
from kubeflow_cases.pushes import model, pushed
from kubeflow_cases.steps import BLESSING, MODEL, TYPES, executor_input, step
from tfx.components.pusher import executor as pusher_executor
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx_kubeflow.errors import StepError
from tfx_kubeflow.steps.executor import run_executor
from tfx_kubeflow.storage import files, promotion, push_records, served_versions


def test_a_push_shows_whole_versions_and_never_the_same_twice(tmp_path):
    base = tmp_path / "serving"
    first = pushed(tmp_path, base, model(tmp_path / "one"))
    version = first.get_string_custom_property("pushed_version")
    assert list(served_versions.numbered(str(base)).values()) == [version]
    assert first.get_string_custom_property("pushed_destination") == str(base / version)
    assert (base / version / "variables/data").read_text() == "w"
    again = pushed(tmp_path, base, model(tmp_path / "same"))
    assert again.get_int_custom_property("pushed") == 1
    assert again.get_string_custom_property("pushed_version") == version
    message = again.get_string_custom_property("message")
    assert message == f"unchanged: version {version} already serves this model"
    assert list(served_versions.numbered(str(base)).values()) == [version]
    second = pushed(tmp_path, base, model(tmp_path / "two", "v"))
    newest = second.get_string_custom_property("pushed_version")
    assert int(newest) > int(version)
    assert served_versions.versions(str(base)) == [newest, version]


def test_a_push_records_the_time_its_run_was_scheduled_for(tmp_path):
    source, base = model(tmp_path / "one"), tmp_path / "serving"
    for given in ("1795341600", "1795341660"):  # the second finds the model served already
        artifact = pushed(tmp_path, base, source, scheduled_time=given)
        assert artifact.get_string_custom_property("scheduled_time") == given
    by_hand = pushed(tmp_path, base, source, scheduled_time="")
    assert not by_hand.has_custom_property("scheduled_time")


def test_what_is_not_blessed_is_not_pushed(tmp_path):
    base = tmp_path / "serving"
    artifact = pushed(tmp_path, base, model(tmp_path / "one"), blessed=0)
    assert artifact.get_int_custom_property("pushed") == 0
    assert not base.exists()


def test_a_failed_push_leaves_nothing(tmp_path, monkeypatch):
    base = tmp_path / "serving"
    source = model(tmp_path / "one")
    monkeypatch.setattr(files, "download", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        pushed(tmp_path, base, source)
    assert served_versions.numbered(str(base)) == {}


def test_nothing_serves_whose_record_could_not_be_kept(tmp_path, monkeypatch):
    base = tmp_path / "serving"

    def full(*_):
        raise OSError("full")

    monkeypatch.setattr("tfx.utils.io_utils.copy_dir", full)
    with pytest.raises(OSError, match="full"):
        pushed(tmp_path, base, model(tmp_path / "one"))
    assert not base.exists()


def test_a_damaged_version_is_replaced_by_a_new_one_and_said_so(tmp_path):
    base, source = tmp_path / "serving", model(tmp_path / "one")
    first = pushed(tmp_path, base, source).get_string_custom_property("pushed_version")
    (base / first / "saved_model.pb").write_text("gra")
    again = pushed(tmp_path, base, source)
    version = again.get_string_custom_property("pushed_version")
    assert int(version) > int(first)
    assert (base / version / "saved_model.pb").read_text() == "graph"
    assert f"since version {first} is damaged" in again.get_string_custom_property("message")


class OwnExecutor(pusher_executor.Executor):
    def Do(self, inputs, outputs, exec_properties):  # noqa: N802
        outputs["pushed_model"][0].set_string_custom_property("by", "me")


@pytest.mark.parametrize("base", ["/serving", "s3://bucket/m"])
def test_executors_of_ones_own_push_by_themselves(tmp_path, base):
    artifact = pushed(tmp_path, base, model(tmp_path / "one"), 1, OwnExecutor)
    assert artifact.get_string_custom_property("by") == "me"


def test_a_version_becomes_loadable_with_its_last_object(bucket, tmp_path, monkeypatch):
    base = f"{bucket}/serving/power"
    order = []
    upload = files.upload
    monkeypatch.setattr(files, "upload", lambda path, to: (order.append(to), upload(path, to)))
    first = pushed(tmp_path, base, model(tmp_path / "one"))
    version = first.get_string_custom_property("pushed_version")
    assert order == [f"{base}/{version}/variables/data", f"{base}/{version}/saved_model.pb"]
    assert first.get_string_custom_property("pushed_destination") == f"{base}/{version}"
    assert served_versions.versions(base) == [version]
    pushed(tmp_path, base, model(tmp_path / "same"))
    assert list(served_versions.numbered(base).values()) == [version]
    second = pushed(tmp_path, base, model(tmp_path / "two", "v"))
    newest = second.get_string_custom_property("pushed_version")
    assert int(newest) > int(version)
    assert served_versions.versions(base) == [newest, version]


def test_no_push_follows_the_highest_version_and_nothing_is_left(tmp_path):
    base = tmp_path / "serving"
    (base / str(2**63 - 1)).mkdir(parents=True)
    with pytest.raises(StepError, match="9223372036854775807 has the highest number"):
        pushed(tmp_path, base, model(tmp_path / "one"))
    assert list(served_versions.numbered(str(base))) == [2**63 - 1]


class Deploys(BaseExecutor):
    """Takes a model elsewhere, not as TFX's Pusher does."""

    def Do(self, inputs, outputs, exec_properties):  # noqa: N802
        outputs["pushed_model"][0].set_string_custom_property("by", "me")


class Judges(BaseExecutor):
    def Do(self, inputs, outputs, exec_properties):  # noqa: N802
        outputs["blessing"][0].set_int_custom_property("blessed", 1)


@pytest.mark.parametrize("executor", [pusher_executor.Executor, Deploys])
def test_a_model_swapped_after_it_was_blessed_is_not_pushed(tmp_path, executor):
    source, outputs = model(tmp_path / "model"), {"blessing": BLESSING}
    given = executor_input(tmp_path, {"model": source}, outputs)
    judged = run_executor(step(Judges, outputs, inputs={"model": MODEL}), given, [])

    outputs = {"pushed_model": f"{TYPES}PushedModel"}
    push_step = step(executor, outputs, inputs={"model": MODEL, "model_blessing": BLESSING})
    target = json.dumps({"filesystem": {"base_directory": str(tmp_path / "serving")}})
    given = executor_input(tmp_path, {"model": source}, outputs, push_destination=target)
    given["inputs"]["artifacts"]["model_blessing"] = judged["artifacts"]["blessing"]
    run_executor(push_step, given, [])
    (source / "Format-Serving/variables/data").write_text("evil")
    with pytest.raises(StepError, match="model_blessing is of another model"):
        run_executor(push_step, given, [])


def test_a_push_tells_where_a_version_comes_from(tmp_path):
    base, source = tmp_path / "serving", model(tmp_path / "one")
    told = {
        "blessed": 1,
        "scores": '{"mse_ratio": 0.7, "naive": null}',
        "latency_ms": 3.5,
        "reason": "",
        "current_model_digest": served_versions.digest(str(source / "Format-Serving")),
        "current_model_id": 5,
    }
    artifact = pushed(tmp_path, base, source, told=told)
    version = artifact.get_string_custom_property("pushed_version")
    record = push_records.read(str(base), version)
    assert record.figures == {"mse_ratio": 0.7, "latency_ms": 3.5}
    blessing = record.blessings["model_blessing"]
    assert (blessing["blessed"], blessing["scores"]["mse_ratio"]) == (True, 0.7)
    assert not [name for name in blessing if name.startswith("current_model")]
    assert (record.pipeline, record.run) == ("taxi", "run-1")
    assert (record.model, record.model_id) == (str(source), 1)
    assert record.pushed_model == artifact.uri


def test_with_labels_a_push_says_what_stays_stable(tmp_path):
    base = tmp_path / "serving"
    first = pushed(tmp_path, base, model(tmp_path / "one"))
    version = first.get_string_custom_property("pushed_version")
    promotion.promote(str(base), version)
    second = pushed(tmp_path, base, model(tmp_path / "two", "v"))
    newest = second.get_string_custom_property("pushed_version")
    message = f"pushed as version {newest}; version {version} stays stable"
    assert second.get_string_custom_property("message") == message
    again = pushed(tmp_path, base, model(tmp_path / "same", "v"))
    message = f"unchanged: version {newest} is this model; version {version} stays stable"
    assert again.get_string_custom_property("message") == message
    stable = pushed(tmp_path, base, model(tmp_path / "stable"))
    message = f"unchanged: version {version} already serves this model"
    assert stable.get_string_custom_property("message") == message
