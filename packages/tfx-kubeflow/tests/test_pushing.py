"""Pushing a model: whole versions, once each, and nothing of what failed."""

import pytest
from kubeflow_cases.pushes import model, pushed
from tfx.components.pusher import executor as pusher_executor
from tfx_kubeflow.steps import push
from tfx_kubeflow.storage import served_versions


def test_a_push_shows_whole_versions_and_never_the_same_twice(tmp_path):
    base = tmp_path / "serving"
    first = pushed(tmp_path, base, model(tmp_path / "one"))
    version = first.get_string_custom_property("pushed_version")
    assert [item.name for item in base.iterdir()] == [version]
    assert first.get_string_custom_property("pushed_destination") == str(base / version)
    assert (base / version / "variables/data").read_text() == "w"
    again = pushed(tmp_path, base, model(tmp_path / "same"))
    assert again.get_int_custom_property("pushed") == 1
    assert again.get_string_custom_property("pushed_version") == version
    assert [item.name for item in base.iterdir()] == [version]
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
    monkeypatch.setattr(push, "_publish", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        pushed(tmp_path, base, model(tmp_path / "one"))
    assert list(base.iterdir()) == []


class Declines(pusher_executor.Executor):
    def Do(self, inputs, outputs, exec_properties):  # noqa: N802
        self._MarkNotPushed(outputs["pushed_model"][0])


def test_an_executor_may_decide_against_a_push_to_a_store(tmp_path, monkeypatch):
    monkeypatch.setattr(served_versions, "versions", lambda base: [])
    artifact = pushed(tmp_path, "s3://bucket/m", model(tmp_path / "one"), 1, Declines)
    assert artifact.get_int_custom_property("pushed") == 0


class OwnExecutor(pusher_executor.Executor):
    def Do(self, inputs, outputs, exec_properties):  # noqa: N802
        outputs["pushed_model"][0].set_string_custom_property("by", "me")


def test_executors_of_ones_own_push_to_folders_themselves(tmp_path):
    artifact = pushed(tmp_path, tmp_path / "serving", model(tmp_path / "one"), 1, OwnExecutor)
    assert artifact.get_string_custom_property("by") == "me"
