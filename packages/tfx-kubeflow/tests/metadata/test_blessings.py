"""A blessing holds for the files that were evaluated, and for no others."""

import pytest
from kubeflow_cases import pushes
from kubeflow_cases.steps import BLESSING, MODEL, TYPES
from tfx_kubeflow.errors import StepError
from tfx_kubeflow.metadata.artifacts import make_artifact, properties
from tfx_kubeflow.metadata.blessings import MODEL_DIGEST, record_digests, require_evaluated
from tfx_kubeflow.storage.served_versions import digest


def model(folder, weights="w"):
    return make_artifact(MODEL, str(pushes.model(folder, weights)), "1", {"tfx_version": "1.21.0"})


def blessing(cls=BLESSING, **metadata):
    return make_artifact(cls, "/b", "2", {"blessed": 1, **metadata})


def pushed(judged, model, key="model_blessing"):
    require_evaluated({key: [judged], "model": [model]})


def recorded(blessing, **models):
    record_digests({key: [item] for key, item in models.items()}, {"blessing": [blessing]})
    return properties(blessing).get(MODEL_DIGEST)


@pytest.mark.parametrize("kind", ["ModelBlessing", "InfraBlessing"])
def test_what_was_judged_is_pushed_and_what_was_changed_since_is_not(tmp_path, kind):
    candidate, judged = model(tmp_path / "model"), blessing(f"{TYPES}{kind}")
    assert recorded(judged, model=candidate) == digest(str(tmp_path / "model/Format-Serving"))
    pushed(judged, candidate)
    (tmp_path / "model/Format-Serving/variables/data").write_text("evil")
    with pytest.raises(StepError, match=r"model_blessing is of another model: .* run the pipeline"):
        pushed(judged, candidate)


def test_a_file_that_was_added_since_is_noticed(tmp_path):
    candidate, judged = model(tmp_path / "model"), blessing()
    recorded(judged, model=candidate)
    (tmp_path / "model/Format-Serving/assets.extra").mkdir()
    pushed(judged, candidate)
    (tmp_path / "model/Format-Serving/assets.extra/x").write_text("")
    with pytest.raises(StepError, match="is of another model"):
        pushed(judged, candidate)


def test_the_digest_is_of_the_candidate_and_not_of_the_baseline(tmp_path):
    old, new = model(tmp_path / "old", "old"), model(tmp_path / "new", "new")
    expected = digest(f"{new.uri}/Format-Serving")
    assert recorded(blessing(), baseline_model=old, model=new) == expected
    assert recorded(blessing(current_model=new.uri), baseline_model=old, tuned=new) == expected
    assert recorded(blessing(), candidate=new) == expected
    assert recorded(blessing(), a=old, b=new) is None, "which of them is unknown"
    assert recorded(blessing()) is None


def test_a_component_may_record_the_digest_itself(tmp_path):
    own = blessing(**{MODEL_DIGEST: "own"})
    assert recorded(own, model=model(tmp_path / "model")) == "own"


def test_a_model_that_cannot_be_served_has_no_digest(tmp_path, caplog):
    (tmp_path / "eval_only").mkdir()
    artifact = make_artifact(MODEL, str(tmp_path / "eval_only"), "1", {"tfx_version": "1.21.0"})
    assert recorded(blessing(), model=artifact) is None
    assert "no digest is recorded" in caplog.text


def test_an_older_blessing_is_taken_as_it_is(tmp_path, caplog):
    pushed(blessing(), model(tmp_path / "model"))
    assert "model_blessing does not say which files were evaluated" in caplog.text


def test_one_blessing_of_other_files_is_enough(tmp_path):
    candidate = model(tmp_path / "model")
    good = blessing(**{MODEL_DIGEST: digest(f"{candidate.uri}/Format-Serving")})
    bad = blessing(f"{TYPES}InfraBlessing", **{MODEL_DIGEST: "0" * 64})
    with pytest.raises(StepError, match="infra_blessing is of another model"):
        require_evaluated({"model": [candidate], "model_blessing": [good], "infra_blessing": [bad]})


def test_what_is_not_blessed_is_the_pushers_to_refuse(tmp_path):
    pushed(blessing(blessed=0, **{MODEL_DIGEST: "0" * 64}), model(tmp_path / "model"))


def test_a_model_within_a_blessing_is_pushed_without_a_comparison():
    require_evaluated({"infra_blessing": [blessing(**{MODEL_DIGEST: "0" * 64})]})


def test_an_input_without_artifact_does_no_harm(tmp_path):
    candidate, new = model(tmp_path / "m"), blessing()
    record_digests({"baseline_model": [], "model": [candidate]}, {"blessing": [new]})
    require_evaluated({"infra_blessing": [], "model": [candidate], "model_blessing": [new]})
    assert new.has_custom_property(MODEL_DIGEST)
