"""What serves in a store is in a folder, whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from google.protobuf import text_format
from kubeflow_cases.buckets import bucket, endpoint  # noqa: F401, fixtures
from tensorflow_serving.config import model_server_config_pb2
from tfx_kubeflow.errors import StepError
from tfx_kubeflow.storage import files, labels, promotion, push_records, served_versions
from tfx_kubeflow.storage.object_store import ObjectFiles

from tests.unit.versions.conftest import push
from tfx_pipeline.versions.mirror import Mirror


class Place:
    """A source with the versions 1, 2 and 3, and a mirror of it whose clock is set by hand."""

    def __init__(self, source: str, folder: Path) -> None:
        for number in (1, 2, 3):
            push(folder, source, number)
        self.source, self.folder, self.now = source, folder / "models", 0.0
        self.base = self.folder / "power"
        self.mirror = Mirror(source, self.folder, linger=60, clock=lambda: self.now)

    def versions(self) -> list[str]:
        return served_versions.versions(str(self.base))

    def state(self) -> tuple[str, str | None]:
        found = labels.read(str(self.base))
        assert found
        return found.stable.version, found.canary and found.canary.version

    def config(self) -> Any:
        text = (self.folder / "models.config").read_text()
        [model] = text_format.Parse(
            text, model_server_config_pb2.ModelServerConfig()
        ).model_config_list.config
        return model


@pytest.fixture
def place(bucket: str, tmp_path: Path) -> Place:  # noqa: F811
    return Place(f"{bucket}/power", tmp_path)


def test_what_serves_comes_with_all_that_tells_of_it(place: Place) -> None:
    promotion.promote(place.source, "1")
    promotion.canary(place.source, "2", 20)
    found, changed = place.mirror.follow()
    assert changed
    assert found == labels.read(place.source) == labels.read(str(place.base))
    assert place.versions() == ["3", "2", "1"], "previous as well"
    for version in place.versions():
        assert not served_versions.is_damaged(str(place.base), version)
        assert served_versions.published_digests(str(place.base), version)
    told = push_records.read(str(place.base), "1")
    assert told
    assert told.run == "run-1"
    model = place.config()
    assert (model.name, model.base_path) == ("power", str(place.base))
    assert list(model.model_version_policy.specific.versions) == [1, 2, 3]
    assert dict(model.version_labels) == {"stable": 1, "canary": 2}
    assert place.mirror.follow() == (found, False)


def test_without_labels_the_newest_whole_version_is_stable(place: Place) -> None:
    assert place.mirror.follow()[0].stable.version == "3"
    since = place.mirror.follow()[0].stable.since
    assert since > 1_000_000_000
    push(place.folder.parent, place.source, 4)
    place.mirror.follow()
    assert (place.state(), place.versions()) == (("4", None), ["4", "3"])
    served_versions.remove(place.source, "4")
    place.mirror.follow()
    assert place.state() == ("3", None)
    assert dict(place.config().version_labels) == {"stable": 3}


def test_what_serves_no_more_stays_for_a_while(place: Place) -> None:
    promotion.promote(place.source, "1")
    promotion.promote(place.source, "2")
    promotion.promote(place.source, "3")
    place.mirror.follow()
    assert place.versions() == ["3", "2"]
    promotion.promote(place.source, "1")
    for now, expected in ((0, ["3", "2", "1"]), (59, ["3", "2", "1"]), (60, ["3", "1"])):
        place.now = float(now)
        place.mirror.follow()
        assert place.versions() == expected
    assert sorted(path.name for path in place.base.glob("2*")) == []
    assert not list(place.base.glob(".2.*"))


def test_what_is_damaged_in_the_store_changes_nothing_here(place: Place) -> None:
    promotion.promote(place.source, "1")
    place.mirror.follow()
    promotion.promote(place.source, "2")
    with ObjectFiles.open(f"{place.source}/2/variables/data", "wb") as stream:
        stream.write(b"cut")
    with pytest.raises(StepError, match=r"power/2 is damaged: .* repair it, or roll back"):
        place.mirror.follow()
    assert place.state() == ("1", None)
    assert "2" not in place.versions()
    assert not list(place.base.glob(".pushing-*"))


def test_a_version_that_was_changed_here_is_brought_again(place: Place) -> None:
    promotion.promote(place.source, "1")
    place.mirror.follow()
    (place.base / "1/variables/data").write_text("cut")
    place.mirror.follow()
    assert (place.base / "1/variables/data").read_text() == "w"
    Mirror(place.source, place.folder, 60).follow()


def test_a_download_that_breaks_leaves_what_was_here(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    promotion.promote(place.source, "1")
    place.mirror.follow()
    promotion.promote(place.source, "2")
    download = files.download

    def full(source: str, target: Path) -> None:
        download(source, target)
        if "/2/" in source:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "download", full)
    with pytest.raises(OSError, match="No space left"):
        place.mirror.follow()
    assert place.state() == ("1", None)
    assert not list(place.base.glob(".pushing-*"))
    monkeypatch.setattr(files, "download", download)
    place.mirror.follow()
    assert place.state() == ("2", None)


def test_a_stable_version_that_is_gone_and_an_empty_store_are_named(tmp_path: Path) -> None:
    place = Place(str(tmp_path / "source/power"), tmp_path)
    promotion.promote(place.source, "1")
    (tmp_path / "source/power/1").rename(tmp_path / "aside")
    with pytest.raises(StepError, match="power/1: this version serves and is not there; roll back"):
        place.mirror.follow()
    with pytest.raises(StepError, match="nothing: no whole version is there; push a model first"):
        Mirror(str(tmp_path / "nothing"), tmp_path / "other", 60).follow()


def test_others_may_read_all_of_it(place: Place) -> None:
    place.mirror.follow()
    paths = [place.folder, *(p for p in place.folder.rglob("*") if p.name != ".push.lock")]
    assert all(path.stat().st_mode & 0o044 == 0o044 for path in paths)
