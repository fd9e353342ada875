"""Every question, of each kind of store: the gate refused one run, the data gate another, and one
version was taken back (tests/support/lineage.py)."""

import hashlib
import json
import re

import pytest

from tests.support.lineage import (
    PIPELINE,
    REJECTED,
    KubeflowWriter,
    Writer,
    sqlite_store,
    tell,
)
from tfx_pipeline.cli import main
from tfx_pipeline.lineage.difference import difference
from tfx_pipeline.lineage.history import history
from tfx_pipeline.lineage.mermaid import picture
from tfx_pipeline.lineage.metadata_store import MetadataRecords
from tfx_pipeline.lineage.origin import origin
from tfx_pipeline.lineage.reach import reach
from tfx_pipeline.lineage.records import LineageError
from tfx_pipeline.lineage.text import lines

MARCH = hashlib.sha256(b"march").hexdigest()


@pytest.fixture(scope="module")
def ended(told):
    """Run -> how it ended."""
    return {run.run: run for run in history(told.records, 20, told.serving).runs}


def test_a_served_version_leads_back_to_all_that_it_was_made_of(told):
    found = origin(told.records, "300")
    assert found.model.run == "after rollback"
    assert found.searched.run == "first", "the tuner was off"
    assert found.transform_graph.kind == "TransformGraph"
    assert found.curated_schema.component == "CuratedSchema"
    assert found.schema_sha256 == hashlib.sha256(b"feature { name: 'Voltage' }").hexdigest()
    assert found.statistics.component == "StatisticsGen"
    assert (found.data.span, found.data.first) == (3, "2007-03-01 00:00")
    [file] = found.data.files
    assert (file.path, file.size, file.sha256) == (str(told.folder / "march.csv"), 5, MARCH)
    made = (found.data, found.transform_graph, found.searched, found.curated_schema, found.model)
    assert [one.code for one in made] == ["e0", "t0", "u0", "c0", "m0"]


def test_a_served_version_has_its_decisions_and_reasons(told):
    model = origin(told.records, "300").model
    [blessing], [push] = model.blessings, model.pushes
    assert (blessing.blessed, blessing.baseline_version) == (True, "100")
    assert blessing.scores.mse == 0.08
    assert str(blessing.verdicts[0]).endswith("passed")
    assert (push.version, push.state) == ("300", "serves")
    assert model.check.reason == "answered as recorded"


def test_a_run_or_an_id_name_a_model_as_well(told):
    by_version = origin(told.records, "100")
    assert origin(told.records, "first") == by_version
    assert origin(told.records, "unchanged") == by_version, "all of it came from the cache"
    assert origin(told.records, str(by_version.model.id)) == by_version


@pytest.mark.parametrize("which", ["7", "rejected", "nonsense", "999"])
def test_what_is_no_model_is_called_so(told, which):
    with pytest.raises(LineageError, match="lineage history"):
        origin(told.records, which)


@pytest.mark.parametrize("what", ["january.csv", hashlib.sha256(b"january").hexdigest()[:12]])
def test_a_file_leads_to_every_model_that_it_touched(told, what):
    path = told.folder / what
    found = reach(told.records, str(path) if path.exists() else what)
    touched = {model.run: model for model in found.models}
    assert touched.keys() == {"first", "refused", "after rollback"}, "the last by hyperparameters"
    assert [push.version for push in touched["first"].pushes] == ["100"]
    assert touched["refused"].pushes == ()
    assert not touched["refused"].blessings[0].blessed


def test_a_file_is_known_by_what_is_in_it_wherever_it_lies(told, tmp_path):
    (tmp_path / "copy.csv").write_text("march")
    found = reach(told.records, str(tmp_path / "copy.csv"))
    assert [model.run for model in found.models] == ["newer", "after rollback"]


@pytest.mark.parametrize("what", ["3", "2007-03-31..2008-01-01", "2007-03..2007-03"])
def test_a_span_leads_to_its_models(told, what):
    assert {model.run for model in reach(told.records, what).models} == {"newer", "after rollback"}


def test_rejected_data_touched_no_model(told):
    found = reach(told.records, str(told.folder / "wrong.csv"))
    assert ([one.span for one in found.data], found.models) == ([2], ())
    assert "no model was trained on it" in list(lines(found))


def test_data_that_nobody_read_is_called_so(told):
    with pytest.raises(LineageError, match="no run has read that"):
        reach(told.records, "1999-01-01..1999-12-31")


def test_two_runs_differ_in_their_data(told):
    found = difference(told.records, "first", "newer")
    changed = {change.where: (change.before, change.after) for change in found.data}
    assert changed["span"] == (1, 3)
    assert changed[str(told.folder / "march.csv")] == (None, f"sha256:{MARCH}")
    assert (found.settings, found.code) == ((), ())
    assert {change.where for change in found.metrics} == {"mse", "mse_ratio"}
    assert [(one.where, one.after) for one in found.outcome] == [("pushed version", "200")]


def test_two_runs_differ_in_their_settings(told):
    found = difference(told.records, "newer", "after")
    changed = {change.where: (change.before, change.after) for change in found.settings}
    assert changed == {"Trainer.custom_config.seed": (1, 3), "Tuner": ("run", None)}
    assert found.data == ()


def test_an_unknown_run_is_called_so(told):
    with pytest.raises(LineageError, match="none: no such run"):
        difference(told.records, "first", "none")


def test_the_history_says_what_the_gate_refused_and_why(ended):
    refused = ended["refused"]
    assert (refused.state, refused.blessing.blessed, refused.push) == ("complete", False, None)
    assert "MSE 0.15 kW²" in refused.blessing.verdicts[0].finding
    assert refused.blessing.verdicts[0].rule == "mse_ratio"


def test_the_history_says_what_the_data_gate_refused(ended, told):
    rejected = ended["rejected"]
    assert (rejected.state, rejected.failed, rejected.blessing) == ("failed", "DataGate", None)
    assert rejected.error == (None if told.kind == "kubeflow" else REJECTED)
    assert ended["first"].warnings == ("Voltage: 240 V for 9 h",)


def test_the_history_shows_a_rollback(ended):
    assert (ended["newer"].push.version, ended["newer"].push.state) == ("200", "removed")
    after = ended["after rollback"]
    assert (after.rolled_back, after.blessing.baseline_version) == ("200", "100")
    assert ended["newer"].rolled_back is None


def test_what_came_from_the_cache_was_decided_before(ended):
    unchanged = ended["unchanged"]
    assert (unchanged.new, unchanged.blessing.run, unchanged.push.run) == (False, "first", "first")
    assert unchanged.blessing.scores == ended["first"].blessing.scores


def test_the_last_runs_are_found_without_the_others(told, ended):
    [last] = history(told.records, 1, told.serving).runs
    assert last == ended["last"]
    assert last.blessing.run == "newer"


@pytest.mark.parametrize("question", [lambda r: origin(r, "300"), lambda r: reach(r, "3")])
def test_pictures_name_every_box_before_an_arrow_ends(told, question):
    text = picture(question(told.records))
    assert text.startswith("flowchart LR\n")
    boxes = set(re.findall(r"\b([av]\d+)[\[{]", text))
    arrows = re.findall(r"([av]\d+) --> ([av]\d+)", text)
    assert arrows
    assert {end for arrow in arrows for end in arrow} <= boxes


class Counting:
    """A store that counts what it is asked."""

    def __init__(self, store):
        self._store, self.calls = store, 0

    def __getattr__(self, name):
        self.calls += 1
        return getattr(self._store, name)


@pytest.mark.parametrize("cls", [Writer, KubeflowWriter])
def test_more_runs_mean_no_more_calls_of_the_store(cls, tmp_path):
    store = Counting(sqlite_store(tmp_path / "metadata.sqlite"))
    story, made = tell(cls(store, "minio://root"), tmp_path)

    def calls() -> list[int]:
        counts = []
        for question in (
            lambda records: origin(records, "300"),
            lambda records: reach(records, "2007-01-01..2007-12-31"),
            lambda records: difference(records, "first", "newer"),
            lambda records: history(records, 7, tmp_path / "serving" / PIPELINE),
        ):
            store.calls = 0
            question(MetadataRecords(store, PIPELINE))
            counts.append(store.calls)
        return counts

    before = calls()
    for number in range(5):
        story.again(f"again-{number}", made)
    assert all(now <= then <= 25 for now, then in zip(calls(), before, strict=True))


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (["model", "300"], "version 300, serves now"),
        (["model", "300", "--mermaid"], "flowchart LR"),
        (["data", "3"], "march.csv, 5 bytes"),
        (["diff", "first", "newer"], "  span: 1 -> 3"),
        (["history"], "  version 200, pushed before, no longer served"),
    ],
)
def test_the_command_answers_in_text(told, capsys, question, expected):
    assert main(["lineage", *question, *told.options]) == 0
    assert expected in capsys.readouterr().out


def test_the_command_answers_in_json(told, capsys):
    assert main(["lineage", "model", "--json", *told.options]) == 0
    assert json.loads(capsys.readouterr().out)["model"]["run"] == "after rollback"


def test_the_command_says_why_there_is_no_answer(told, capsys):
    assert main(["lineage", "model", "no", *told.options]) == 1
    assert "error: no: no version, run or model" in capsys.readouterr().err
