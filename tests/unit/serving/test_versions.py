"""Versions appear whole, or not at all, whatever happens to the process that pushes them."""

from __future__ import annotations

import errno
import multiprocessing
import os
import shutil
import signal
from pathlib import Path

import pytest

from tfx_pipeline.serving import versions
from tfx_pipeline.serving.versions import digest, publish


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return tmp_path / "serving" / "power"


def _model(folder: Path, content: str = "graph") -> Path:
    (folder / "variables").mkdir(parents=True)
    (folder / "assets.extra").mkdir()
    (folder / "saved_model.pb").write_text(content)
    (folder / "variables" / "variables.index").write_text("index")
    (folder / "assets.extra" / "forecast.json").write_text("{}")
    return folder


def _loadable(base: Path) -> dict[str, list[str]]:
    """What TF Serving would load: every child whose name parses as an integer."""
    return {
        child.name: sorted(str(p.relative_to(child)) for p in child.rglob("*") if p.is_file())
        for child in base.iterdir()
        if child.name.lstrip("+-").isdecimal()
    }


WHOLE = ["assets.extra/forecast.json", "saved_model.pb", "variables/variables.index"]


def test_a_version_is_a_whole_copy_named_by_the_time(tmp_path: Path, base: Path) -> None:
    model = _model(tmp_path / "model")
    published = publish(model, base, clock=lambda: 1266000000.9)
    assert published == versions.Published(1266000000, base / "1266000000", new=True)
    assert _loadable(base) == {"1266000000": WHOLE}
    assert digest(published.path) == digest(model)
    assert versions.versions(base) == [1266000000]


def test_others_may_read_it(tmp_path: Path, base: Path) -> None:
    path = publish(_model(tmp_path / "model"), base).path
    assert all(p.stat().st_mode & 0o044 == 0o044 for p in (path, *path.rglob("*")))


def test_what_is_already_served_is_left_alone(tmp_path: Path, base: Path) -> None:
    first = publish(_model(tmp_path / "model"), base, clock=lambda: 100)
    again = publish(_model(tmp_path / "copy"), base, clock=lambda: 200)
    assert again == versions.Published(100, first.path, new=False)
    assert list(_loadable(base)) == ["100"]


def test_an_older_content_is_pushed_again_as_a_new_version(tmp_path: Path, base: Path) -> None:
    old, new = _model(tmp_path / "old", "old"), _model(tmp_path / "new", "new")
    publish(old, base, clock=lambda: 100)
    publish(new, base, clock=lambda: 200)
    assert publish(old, base, clock=lambda: 300) == versions.Published(300, base / "300", new=True)


@pytest.mark.parametrize("now", [50, 100])
def test_versions_grow_even_if_the_clock_does_not(tmp_path: Path, base: Path, now: int) -> None:
    publish(_model(tmp_path / "old", "old"), base, clock=lambda: 100)
    assert publish(_model(tmp_path / "new", "new"), base, clock=lambda: now).version == 101


def test_an_incomplete_version_of_another_tool_is_stepped_over(tmp_path: Path, base: Path) -> None:
    (base / "500").mkdir(parents=True)
    assert versions.versions(base) == []
    assert publish(_model(tmp_path / "model"), base, clock=lambda: 100).version == 501


def test_files_and_folders_that_are_no_versions_do_not_matter(tmp_path: Path, base: Path) -> None:
    (base / "notes").mkdir(parents=True)
    (base / "readme.txt").write_text("")
    (base / "²").mkdir()
    (base / str(2**63)).mkdir()
    assert publish(_model(tmp_path / "model"), base, clock=lambda: 100).version == 100
    assert versions.versions(base) == [100]


def test_a_folder_without_a_model_is_named(tmp_path: Path, base: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"saved_model\.pb"):
        publish(tmp_path, base)
    assert not base.exists()


def test_a_full_disk_leaves_what_was_served(
    tmp_path: Path, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(_model(tmp_path / "old", "old"), base, clock=lambda: 100)
    copyfile = shutil.copyfile

    def full(source: Path, target: Path) -> None:
        copyfile(source, target)
        if source.name == "saved_model.pb":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(OSError, match="No space left"):
        publish(_model(tmp_path / "new", "new"), base, clock=lambda: 200)
    assert _loadable(base) == {"100": WHOLE}
    assert not list(base.glob(".pushing-*"))


def _push_and_die(model: Path, base: Path, after: str) -> None:
    copyfile = shutil.copyfile

    def deadly(source: Path, target: Path) -> None:
        copyfile(source, target)
        if source.name == after:
            os.kill(os.getpid(), signal.SIGKILL)

    shutil.copyfile = deadly  # type: ignore[assignment]
    publish(model, base, clock=lambda: 200)


@pytest.mark.parametrize("after", ["forecast.json", "saved_model.pb", "variables.index"])
def test_a_killed_push_leaves_nothing_to_load_and_the_next_one_cleans_up(
    tmp_path: Path, base: Path, after: str
) -> None:
    publish(_model(tmp_path / "old", "old"), base, clock=lambda: 100)
    new = _model(tmp_path / "new", "new")
    process = multiprocessing.get_context("fork").Process(
        target=_push_and_die, args=(new, base, after)
    )
    process.start()
    process.join(30)
    assert process.exitcode == -signal.SIGKILL
    assert _loadable(base) == {"100": WHOLE}
    assert [p.name for p in base.glob(".pushing-*")] == [".pushing-200"]

    publish(new, base, clock=lambda: 300)

    assert _loadable(base) == {"100": WHOLE, "300": WHOLE}
    assert not list(base.glob(".pushing-*"))


def _push(model: Path, base: Path) -> None:
    publish(model, base, clock=lambda: 100)


def test_pushes_at_once_each_get_their_own_version(tmp_path: Path, base: Path) -> None:
    processes = [
        multiprocessing.get_context("fork").Process(
            target=_push, args=(_model(tmp_path / str(i), str(i)), base)
        )
        for i in range(5)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(30)
        assert process.exitcode == 0
    assert versions.versions(base) == [100, 101, 102, 103, 104]
    assert set(map(tuple, _loadable(base).values())) == {tuple(WHOLE)}
