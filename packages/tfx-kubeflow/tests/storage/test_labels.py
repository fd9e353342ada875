"""Labels: which version is stable and which is the canary, whatever is pushed."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic import ValidationError
from tfx_kubeflow.errors import StepError
from tfx_kubeflow.storage import documents, labels
from tfx_kubeflow.storage.labels import Canary, Event, Label, Labels, LabelsError

DIGEST = "0" * 64


def label(version, since=1):
    return Label(version=version, digest=DIGEST, since=since)


def with_event(found, version, at=1):
    stable = found.stable if found else label("1")
    history = found.history if found else ()
    event = Event(at=at, verb="promote", version=version, label="stable")
    return Labels(stable=stable, history=(*history, event))


@pytest.fixture
def bases(bucket, tmp_path):
    """A folder and a prefix in a bucket."""
    return [str(tmp_path), f"{bucket}/power"]


def test_where_there_are_none_none_are_read(bases):
    assert [labels.read(base) for base in bases] == [None, None]


def test_labels_are_read_as_they_were_written(bases):
    wanted = Labels(
        stable=label("2"),
        canary=Canary(version="3", digest=DIGEST, since=9, percent=10),
        previous=label("1"),
        history=(Event(at=9, verb="canary", version="3", label="canary"),),
    )
    for base in bases:
        assert labels.change(base, lambda _: wanted) == wanted
        assert labels.read(base) == wanted
    assert wanted.versions == ("2", "3")
    assert [wanted.of(one) for one in "0123"] == [[], ["previous"], ["stable"], ["canary"]]


def test_the_file_has_the_shape_that_others_read(tmp_path):
    labels.change(str(tmp_path), lambda _: with_event(None, "1"))
    assert json.loads((tmp_path / "labels.json").read_text()) == {
        "schema_version": 1,
        "stable": {"version": "1", "digest": DIGEST, "since": 1},
        "canary": None,
        "previous": None,
        "history": [{"at": 1, "verb": "promote", "version": "1", "label": "stable"}],
    }


def test_what_changes_nothing_writes_nothing(bases, monkeypatch):
    for base in bases:
        labels.change(base, lambda _: with_event(None, "1"))
        with monkeypatch.context() as patch:
            patch.setattr(documents, "replace", None)
            labels.change(base, lambda found: found)


def test_writers_at_once_lose_no_change(bases):
    for base in bases:
        with ThreadPoolExecutor(4) as pool:
            steps = [lambda found, n=n: with_event(found, str(n)) for n in range(8)]
            list(pool.map(labels.change, [base] * 8, steps))
        found = labels.read(base)
        assert sorted(event.version for event in found.history) == [str(n) for n in range(8)]


def test_a_store_that_changes_all_the_time_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(labels, "LONGEST_WAIT", 0)
    calls = []

    def conflict(*_):
        calls.append(1)
        raise documents.Conflict

    monkeypatch.setattr(documents, "replace", conflict)
    with pytest.raises(StepError, match=r"labels\.json: others change it all the time"):
        labels.change(str(tmp_path), lambda found: with_event(found, "1"))
    assert len(calls) == labels.ATTEMPTS


def test_a_failed_step_changes_nothing(tmp_path):
    labels.change(str(tmp_path), lambda found: with_event(found, "1"))

    def refuse(_):
        raise StepError("no")

    with pytest.raises(StepError, match="no"):
        labels.change(str(tmp_path), refuse)
    assert len(labels.read(str(tmp_path)).history) == 1


def test_the_history_is_bounded(tmp_path):
    events = tuple(Event(at=n, verb="promote", version="1", label="stable") for n in range(150))
    labels.change(str(tmp_path), lambda _: Labels(stable=label("1"), history=events))
    history = labels.read(str(tmp_path)).history
    assert [event.at for event in history] == list(range(50, 150))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "Invalid JSON"),
        ('{"schema_version": 1, "stab', "Invalid JSON"),
        ("[]", "should be an object"),
        ('{"schema_version": 2}', "schema_version: Input should be 1"),
        ('{"schema_version": 1}', "stable: Field required"),
        ('{"stable": {"version": "../x", "digest": "", "since": 1}}', "stable.version: "),
    ],
    ids=["empty", "cut", "list", "newer", "without-stable", "elsewhere"],
)
def test_a_file_that_holds_something_else_is_named(tmp_path, content, words):
    (tmp_path / "labels.json").write_text(content)
    with pytest.raises(LabelsError, match=r"labels\.json: .*restore the file") as error:
        labels.read(str(tmp_path))
    assert words in str(error.value)


def test_what_a_newer_release_adds_is_no_hindrance(tmp_path):
    labels.change(str(tmp_path), lambda found: with_event(found, "1"))
    path = tmp_path / "labels.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "shadow": {"version": "9"}}))
    assert labels.read(str(tmp_path)).stable.version == "1"


@pytest.mark.parametrize("percent", [0, 51, 100])
def test_a_canary_answers_some_and_at_most_half(percent):
    with pytest.raises(ValidationError, match="percent"):
        Canary(version="3", digest=DIGEST, since=9, percent=percent)
