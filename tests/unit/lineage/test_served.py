"""Which versions serve, as lineage tells it."""

from pathlib import Path

import pytest
from tfx_kubeflow.storage import promotion
from tfx_kubeflow.storage.labels import LabelsError

from tfx_pipeline.lineage import served


@pytest.fixture
def base(tmp_path: Path) -> Path:
    for name in ("1", "2"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "saved_model.pb").write_text(name)
    return tmp_path


def test_without_labels_the_newest_serves(base: Path) -> None:
    assert served.serving.__wrapped__(base) == "2"


def test_with_labels_the_stable_one_serves(base: Path) -> None:
    promotion.promote(str(base), "1")
    assert served.serving.__wrapped__(base) == "1"
    served.serving.cache_clear()
    assert [served.state(str(base / name)) for name in "123"] == ["serves", "kept", "removed"]


def test_labels_that_cannot_be_read_are_named(base: Path) -> None:
    (base / "labels.json").write_text("{")
    with pytest.raises(LabelsError, match=r"labels\.json"):
        served.serving.__wrapped__(base)
