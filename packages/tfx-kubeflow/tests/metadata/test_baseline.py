"""The model to beat is the one that serves, whatever was recorded of it."""

from pathlib import Path

import pytest
from kubeflow_cases.pushes import model
from kubeflow_cases.steps import BLESSING, MODEL
from tfx_kubeflow.metadata.artifacts import make_artifact
from tfx_kubeflow.metadata.baseline import Served, copied_model, known_model, served_baseline
from tfx_kubeflow.metadata.blessings import servable
from tfx_kubeflow.storage import promotion
from tfx_kubeflow.storage.served_versions import digest, publish, remove


@pytest.fixture
def base(tmp_path):
    return str(tmp_path / "serving")


def candidate(folder, weights="w"):
    return make_artifact(MODEL, str(model(folder, weights)), "1", {"tfx_version": "1.21.0"})


def pushed(folder, base, weights):
    return publish(model(folder / weights, weights) / "Format-Serving", base).uri


def test_nothing_serves(base, tmp_path):
    assert served_baseline(base, candidate(tmp_path / "new")) is None


def test_the_newest_version_that_is_not_the_candidate(base, tmp_path):
    new = candidate(tmp_path / "new", "new")
    first, second = pushed(tmp_path, base, "1"), pushed(tmp_path, base, "2")
    assert served_baseline(base, new) == Served(second, digest(second))
    assert served_baseline(base, None) == Served(second, digest(second))
    third = publish(Path(servable(new)), base)
    assert served_baseline(base, new) == Served(second, digest(second)), "it serves already"
    remove(base, Path(second).name)
    assert served_baseline(base, new) == Served(first, digest(first))
    Path(third.uri, "variables/data").write_text("damaged")
    assert served_baseline(base, new) == Served(first, digest(first)), "it was the candidate"


def test_a_damaged_version_is_passed_by_and_named(base, tmp_path, caplog):
    first, second = pushed(tmp_path, base, "1"), pushed(tmp_path, base, "2")
    Path(second, "variables/data").write_text("damaged")
    assert served_baseline(base, candidate(tmp_path / "new")) == Served(first, digest(first))
    assert f"{second} is damaged: its files are not those that were pushed" in caplog.text


def test_a_version_of_another_tool_is_a_baseline_as_it_is(base, tmp_path):
    folder = model(tmp_path / "other") / "Format-Serving"
    Path(base).mkdir()
    folder.rename(f"{base}/7")
    assert served_baseline(base, None) == Served(f"{base}/7", digest(f"{base}/7"))


def blessing(number, of, files, blessed=1):
    metadata = {"blessed": blessed, "current_model_id": of, "current_model_digest": files}
    return make_artifact(BLESSING, "/b", str(number), metadata)


def test_a_version_is_known_by_the_digest_that_a_blessing_records():
    models = [make_artifact(MODEL, f"/m/{number}", str(number), {}) for number in (1, 2)]
    served = Served("/serving/7", "a" * 64)
    newest = blessing(6, 2, served.digest)
    records = [blessing(5, 1, served.digest), newest, blessing(7, 1, "b" * 64)]
    assert known_model(served, models, records) == (models[1], newest)
    assert known_model(served, models, [blessing(5, 1, served.digest, blessed=0)]) is None
    assert known_model(served, models, [blessing(5, 3, served.digest)]) is None
    assert known_model(served, [], []) is None


def test_a_copy_is_a_model_and_is_made_once_or_again_where_it_was_changed(base, tmp_path):
    uri = pushed(tmp_path, base, "1")
    served = Served(uri, digest(uri))
    copy = copied_model(served, uri, str(tmp_path / "copies"))
    assert copy.uri == str(tmp_path / "copies" / served.digest)
    weights = Path(servable(copy), "variables/data")
    made = weights.stat().st_ino
    copied_model(served, uri, str(tmp_path / "copies"))
    assert weights.stat().st_ino == made
    weights.write_text("changed")
    copied_model(served, uri, str(tmp_path / "copies"))
    assert weights.read_text() == "1"
    assert [path.name for path in Path(tmp_path / "copies").iterdir()] == [served.digest]


def test_where_there_are_labels_the_baseline_is_what_is_stable(base, tmp_path):
    new = candidate(tmp_path / "new", "new")
    first, second, third = (pushed(tmp_path, base, name) for name in "123")
    promotion.promote(base, Path(second).name)
    assert served_baseline(base, new) == Served(second, digest(second))
    publish(Path(servable(new)), base)
    assert served_baseline(base, new) == Served(second, digest(second)), "a push moves nothing"
    promotion.promote(base, Path(first).name)
    promotion.promote(base, Path(third).name)
    stable = make_artifact(MODEL, str(tmp_path / "3"), "1", {"tfx_version": "1.21.0"})
    assert served_baseline(base, stable) == Served(first, digest(first)), "what it replaced"
    promotion.rollback(base)
    assert served_baseline(base, new) == Served(first, digest(first))
    assert served_baseline(base, stable) == Served(first, digest(first))


def test_where_what_is_stable_is_damaged_the_baseline_is_what_was_stable_before(base, tmp_path):
    first, second = pushed(tmp_path, base, "1"), pushed(tmp_path, base, "2")
    promotion.promote(base, Path(first).name)
    Path(first, "variables/data").write_text("damaged")
    assert served_baseline(base, None) == Served(second, digest(second))
