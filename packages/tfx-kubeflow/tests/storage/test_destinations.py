"""Versions in a folder appear whole or not at all, whatever happens to whoever pushes them."""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tfx_kubeflow.errors import StepError
from tfx_kubeflow.storage import destinations, files, served_versions
from tfx_kubeflow.storage.served_versions import Published, remove


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


def publish(model: Path, base: Path, clock: Callable[[], float] = lambda: 100) -> Published:
    return served_versions.publish(model, str(base), clock)


def _loadable(base: Path) -> dict[str, list[str]]:
    """What TF Serving would load: every child whose name parses as an integer."""
    return {
        child.name: sorted(str(p.relative_to(child)) for p in child.rglob("*") if p.is_file())
        for child in base.iterdir()
        if child.name.lstrip("+-").isdecimal()
    }


def _complete(base: Path) -> list[str]:
    return served_versions.versions(str(base))


WHOLE = ["assets.extra/forecast.json", "saved_model.pb", "variables/variables.index"]


def test_a_version_is_a_whole_copy_named_by_the_time(tmp_path: Path, base: Path) -> None:
    model = _model(tmp_path / "model")
    published = publish(model, base, clock=lambda: 1266000000.9)
    assert published == Published("1266000000", f"{base}/1266000000", new=True)
    assert _loadable(base) == {"1266000000": WHOLE}
    assert served_versions.digest(published.uri) == served_versions.digest(str(model))
    assert _complete(base) == ["1266000000"]


def test_others_may_read_it(tmp_path: Path, base: Path) -> None:
    path = Path(publish(_model(tmp_path / "model"), base).uri)
    assert all(p.stat().st_mode & 0o044 == 0o044 for p in (path, *path.rglob("*")))


def test_what_is_already_served_is_left_alone(tmp_path: Path, base: Path) -> None:
    first = publish(_model(tmp_path / "model"), base, clock=lambda: 100)
    again = publish(_model(tmp_path / "copy"), base, clock=lambda: 200)
    assert again == Published("100", first.uri, new=False)
    assert list(_loadable(base)) == ["100"]


def test_an_older_content_is_pushed_again_as_a_new_version(tmp_path: Path, base: Path) -> None:
    old, new = _model(tmp_path / "old", "old"), _model(tmp_path / "new", "new")
    publish(old, base, clock=lambda: 100)
    publish(new, base, clock=lambda: 200)
    assert publish(old, base, clock=lambda: 300) == Published("300", f"{base}/300", new=True)


@pytest.mark.parametrize("now", [50, 100])
def test_versions_grow_even_if_the_clock_does_not(tmp_path: Path, base: Path, now: int) -> None:
    publish(_model(tmp_path / "old", "old"), base, clock=lambda: 100)
    assert publish(_model(tmp_path / "new", "new"), base, clock=lambda: now).version == "101"


def test_an_incomplete_version_of_another_tool_is_stepped_over(tmp_path: Path, base: Path) -> None:
    (base / "500").mkdir(parents=True)
    assert _complete(base) == []
    assert publish(_model(tmp_path / "model"), base, clock=lambda: 100).version == "501"


def test_files_and_folders_that_are_no_versions_do_not_matter(tmp_path: Path, base: Path) -> None:
    (base / "notes").mkdir(parents=True)
    (base / "readme.txt").write_text("")
    (base / "²").mkdir()
    (base / str(2**63)).mkdir()
    assert publish(_model(tmp_path / "model"), base, clock=lambda: 100).version == "100"
    assert _complete(base) == ["100"]


def test_a_folder_without_a_model_is_named(tmp_path: Path, base: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"saved_model\.pb"):
        publish(tmp_path, base)
    assert not base.exists()


def test_a_full_disk_leaves_what_was_served(
    tmp_path: Path, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(_model(tmp_path / "old", "old"), base, clock=lambda: 100)
    download = files.download

    def full(source: str, target: Path) -> None:
        download(source, target)
        if target.name == "saved_model.pb":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))

    monkeypatch.setattr(files, "download", full)
    with pytest.raises(OSError, match="No space left"):
        publish(_model(tmp_path / "new", "new"), base, clock=lambda: 200)
    assert _loadable(base) == {"100": WHOLE}
    assert not list(base.glob(".pushing-*"))


def _push_and_die(model: Path, base: Path, after: str) -> None:
    download = files.download

    def deadly(source: str, target: Path) -> None:
        download(source, target)
        if target.name == after:
            os.kill(os.getpid(), signal.SIGKILL)

    files.download = deadly
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
    assert len(list(base.glob(".pushing-*"))) == 1

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
    assert _complete(base) == ["104", "103", "102", "101", "100"]
    assert set(map(tuple, _loadable(base).values())) == {tuple(WHOLE)}


def test_a_removed_version_goes_at_once_and_its_number_stays_its_own(
    tmp_path: Path, base: Path
) -> None:
    old, bad = _model(tmp_path / "old", "old"), _model(tmp_path / "bad", "bad")
    publish(old, base, clock=lambda: 100)
    publish(bad, base, clock=lambda: 200)
    remove(str(base), "200")
    assert served_versions.serving(str(base)) == "100"
    assert _loadable(base) == {"100": WHOLE}
    assert not list(base.glob(".pushing-*"))
    assert int(publish(_model(tmp_path / "next", "next"), base, clock=lambda: 200).version) > 200
    with pytest.raises(StepError, match=r"power has no version '7', it has 20\d, 100"):
        remove(str(base), "7")


def test_a_version_that_is_removed_is_never_seen_in_part(
    tmp_path: Path, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(_model(tmp_path / "model"), base)
    monkeypatch.setattr(destinations, "_remove", lambda path: None)  # killed before it
    remove(str(base), "100")
    assert _loadable(base) == {}


# Where others can write to the folder


def test_a_lock_that_is_a_link_is_refused_and_its_target_stays(tmp_path: Path, base: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("dear")
    base.mkdir(parents=True)
    (base / ".push.lock").symlink_to(victim)
    with pytest.raises(OSError, match=r"no lock for pushes, remove it .*\.push\.lock"):
        publish(_model(tmp_path / "model"), base)
    assert victim.read_text() == "dear"


def test_a_lock_that_has_contents_keeps_them(tmp_path: Path, base: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("dear")
    base.mkdir(parents=True)
    (base / ".push.lock").hardlink_to(victim)
    assert publish(_model(tmp_path / "model"), base).new
    assert victim.read_text() == "dear"


@pytest.mark.parametrize("kind", ["folder", "pipe", "socket", "dangling"])
@pytest.mark.timeout(60)
def test_a_lock_of_another_kind_is_refused_by_name(tmp_path: Path, base: Path, kind: str) -> None:
    base.mkdir(parents=True)
    lock = base / ".push.lock"
    match kind:
        case "folder":
            lock.mkdir()
        case "pipe":
            os.mkfifo(lock)
        case "socket":
            socket.socket(socket.AF_UNIX).bind(os.path.relpath(lock))
        case "dangling":
            lock.symlink_to(tmp_path / "made by a push")
    with pytest.raises(OSError, match=r"no lock for pushes, remove it"):
        publish(_model(tmp_path / "model"), base)
    assert not (tmp_path / "made by a push").exists()


def test_files_and_links_in_the_place_of_leftovers_block_no_push(
    tmp_path: Path, base: Path
) -> None:
    (tmp_path / "dear").mkdir()
    (tmp_path / "dear/file").write_text("dear")
    base.mkdir(parents=True)
    (base / ".pushing-x").write_text("a file")
    (base / ".pushing-y").symlink_to(tmp_path / "dear")
    (base / ".pushing-z").symlink_to("nowhere")
    (base / ".pushing-100").mkdir()
    (base / ".pushing-100/link").symlink_to(tmp_path / "dear")
    (base / ".pushing-100/closed").mkdir(mode=0)
    assert publish(_model(tmp_path / "model"), base, clock=lambda: 100).version == "100"
    assert not list(base.glob(".pushing-*"))
    assert (tmp_path / "dear/file").read_text() == "dear"


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that users other than root can use."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)


def _push_as_nobody(model: Path, base: Path) -> None:
    os.setuid(65534)
    publish(model, base, clock=lambda: 100)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be two users")
def test_what_another_user_left_and_keeps_blocks_no_push(shared: Path) -> None:
    base = shared / "power"
    base.mkdir()
    (base / ".push.lock").touch(mode=0o644)
    closed = base / ".pushing-100" / "closed"
    closed.mkdir(parents=True)
    (closed / "file").write_text("")
    base.chmod(0o777)
    process = multiprocessing.get_context("fork").Process(
        target=_push_as_nobody, args=(_model(shared / "model"), base)
    )
    process.start()
    process.join(30)
    assert process.exitcode == 0
    assert _complete(base) == ["100"]


def test_a_version_that_none_can_follow_is_named(tmp_path: Path, base: Path) -> None:
    (base / str(2**63 - 1)).mkdir(parents=True)
    with pytest.raises(StepError, match=r"power/9223372036854775807 has the highest .* move it"):
        publish(_model(tmp_path / "model"), base)
    assert not list(base.glob(".pushing-*"))


@pytest.mark.parametrize("name", ["500", "+500", "00500"])
def test_a_file_or_link_with_a_versions_name_is_stepped_over(
    tmp_path: Path, base: Path, name: str
) -> None:
    base.mkdir(parents=True)
    (base / name).write_text("a file")
    assert publish(_model(tmp_path / "model"), base, clock=lambda: 100).version == "501"
    (base / "600").symlink_to("nowhere")
    assert publish(_model(tmp_path / "other", "x"), base, clock=lambda: 100).version == "601"
    assert (base / name).read_text() == "a file"


def test_the_disk_has_a_version_before_it_has_its_name(
    tmp_path: Path, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = []
    fsync, rename = os.fsync, os.rename

    def recorded_fsync(descriptor: int) -> None:
        order.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        fsync(descriptor)

    def recorded_rename(source: Path, target: Path) -> None:
        order.append("rename")
        rename(source, target)

    model = _model(tmp_path / "model")
    monkeypatch.setattr(os, "fsync", recorded_fsync)
    monkeypatch.setattr(os, "rename", recorded_rename)
    publish(model, base)
    files = {"saved_model.pb", "variables.index", "forecast.json", "variables", "assets.extra"}
    assert files <= set(order[: order.index("rename")])
    assert order[order.index("rename") :] == ["rename", "power"]
