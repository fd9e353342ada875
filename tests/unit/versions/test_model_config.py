"""The files that TensorFlow Serving reads, one after the other."""

from __future__ import annotations

from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2
from tfx_kubeflow.storage.labels import Canary, Label, Labels

from tfx_pipeline.versions.model_config import SETTLED, model_config


def served(stable: int, canary: int | None = None) -> Labels:
    part = {"digest": "0" * 64, "since": 1}
    return Labels(
        stable=Label(version=str(stable), **part),
        canary=Canary(version=str(canary), percent=10, **part) if canary else None,
    )


def file(labels: Labels, versions: set[int], here: str | None, age: float = 0.0) -> str:
    return model_config("power", "/models/power", labels, versions, here, age)


def says(text: str) -> tuple[list[int], dict[str, int]]:
    """Versions to load, and labels."""
    read = text_format.Parse(text, model_server_config_pb2.ModelServerConfig())
    [model] = read.model_config_list.config
    return list(model.model_version_policy.specific.versions), dict(model.version_labels)


FIRST = file(served(1), {1}, None)


def test_the_first_file_has_labels_at_once() -> None:
    assert says(FIRST) == ([1], {"stable": 1})


def test_a_label_that_no_version_had_is_given_at_once() -> None:
    assert says(file(served(1, 2), {1, 2}, FIRST)) == ([1, 2], {"stable": 1, "canary": 2})


def test_a_label_moves_at_once_to_a_version_that_has_been_there() -> None:
    here = file(served(1, 2), {1, 2}, FIRST)
    assert says(file(served(2), {1, 2}, here, SETTLED)) == ([1, 2], {"stable": 2})


def test_a_label_moves_to_a_new_version_after_that_is_loaded() -> None:
    first = file(served(3), {1, 3}, FIRST)
    assert says(first) == ([1, 3], {"stable": 1})
    assert file(served(3), {1, 3}, first, SETTLED - 1) == first
    assert says(file(served(3), {1, 3}, first, SETTLED)) == ([1, 3], {"stable": 3})


def test_another_canary_is_loaded_beside_the_one_before() -> None:
    here = file(served(1, 2), {1, 2}, FIRST)
    first = file(served(1, 3), {1, 3}, here, SETTLED)
    assert says(first) == ([1, 2, 3], {"stable": 1, "canary": 2})
    assert says(file(served(1, 3), {1, 3}, first, SETTLED)) == (
        [1, 3],
        {"stable": 1, "canary": 3},
    )


def test_who_changes_his_mind_has_the_old_file_back() -> None:
    first = file(served(3), {1, 3}, FIRST)
    assert file(served(1), {1}, first) == FIRST


def test_what_another_wrote_is_written_anew() -> None:
    assert file(served(1), {1}, "model_config_list {") == FIRST
