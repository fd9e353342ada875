"""Files below folders and addresses: what is copied stays in its folder, and is there whole."""

import io
import posixpath
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kubeflow_cases.buckets import put_raw, write
from tfx.dsl.io import fileio, filesystem, filesystem_registry
from tfx_kubeflow.errors import StepError
from tfx_kubeflow.storage import files, retries

HOSTILE = ["../../x", "a/../../x", "../model2/x", "/etc/x", "a//b", "./c", "a/./c", "a/..", ".."]


def copy_all(source, folder):
    files.copy_below(source, files.names_below(source), folder)


def all_files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("name", HOSTILE)
def test_an_object_whose_name_leaves_the_folder_is_refused(endpoint, bucket, tmp_path, name):
    write(bucket, model__saved_model="good")
    put_raw(endpoint, bucket, f"model/{name}")
    with pytest.raises(StepError, match="which is no name of a file in a folder here; remove it"):
        copy_all(f"{bucket}/model", tmp_path / "a/b/model")
    outside = set(all_files(tmp_path)) - set(all_files(tmp_path / "a/b/model"))
    assert not outside


def test_two_objects_place_no_file_of_someones_choice(endpoint, bucket, tmp_path):
    source = f"{bucket}/serving/1"
    write(bucket, **{"serving__1__saved_model.pb": "makes a version of it"})
    put_raw(endpoint, bucket, "serving/1/../../sitecustomize.py", "is listed")
    put_raw(endpoint, bucket, "sitecustomize.py", "evil(), read in its place")
    with pytest.raises(StepError, match="sitecustomize"):
        copy_all(source, tmp_path / "tmp/serving/model")
    assert not list(tmp_path.rglob("*.py"))


def test_ordinary_names_are_copied_with_folders_and_folder_marks(endpoint, bucket, tmp_path):
    write(bucket, **{"m__saved_model.pb": "1", "m__variables__data": "2", "m2__other": "3"})
    for name in ("m/back\\slash", "m/..data", "m/ÄÖ 日本", "m/a b+c%2F", "m/..."):
        put_raw(endpoint, bucket, name)
    put_raw(endpoint, bucket, "m/variables/", "")  # as consoles make a folder
    put_raw(endpoint, bucket, "m/empty/", "")
    copy_all(f"{bucket}/m", tmp_path)
    assert sorted(path.relative_to(tmp_path).as_posix() for path in all_files(tmp_path)) == sorted(
        ["saved_model.pb", "variables/data", "back\\slash", "..data", "ÄÖ 日本", "a b+c%2F", "..."]
    )
    assert (tmp_path / "variables/data").read_text() == "2"


def test_a_name_longer_than_the_file_system_takes_is_an_error_that_names_it(
    endpoint, bucket, tmp_path
):
    put_raw(endpoint, bucket, f"m/{'n' * 300}")
    with pytest.raises(StepError, match=r"'n{300}', .*remove it"):
        copy_all(f"{bucket}/m", tmp_path)


@pytest.mark.parametrize("names", [["a", "a/b"], ["a/b", "a"]])
def test_a_file_that_is_a_folder_as_well_is_an_error_that_names_it(
    endpoint, bucket, tmp_path, names
):
    for name in names:
        put_raw(endpoint, bucket, f"m/{name}")
    with pytest.raises(StepError, match=r"m/a.* is a file and a folder at once"):
        files.copy_below(f"{bucket}/m", names, tmp_path)


def test_symbolic_links_of_a_plain_folder_are_followed_within_it_only(tmp_path):
    source = tmp_path / "5"
    source.mkdir()
    (source / "..data").mkdir()
    (source / "..data/saved_model.pb").write_text("graph")
    (source / "saved_model.pb").symlink_to("..data/saved_model.pb")  # as Kubernetes mounts them
    copy_all(str(source), tmp_path / "copy")
    assert (tmp_path / "copy/saved_model.pb").read_text() == "graph"
    assert not (tmp_path / "copy/saved_model.pb").is_symlink()

    (tmp_path / "secret").write_text("secret")
    (source / "leak").symlink_to(tmp_path / "secret")
    with pytest.raises(StepError, match=r"5/leak is a symbolic link that leads out of .*5; remove"):
        copy_all(str(source), tmp_path / "copy")


def test_a_served_version_may_be_a_symbolic_link(tmp_path):
    (tmp_path / "store/abc").mkdir(parents=True)
    (tmp_path / "store/abc/saved_model.pb").write_text("graph")
    (tmp_path / "5").symlink_to(tmp_path / "store/abc")
    copy_all(str(tmp_path / "5"), tmp_path / "copy")
    assert (tmp_path / "copy/saved_model.pb").read_text() == "graph"


class HostileStore(filesystem.Filesystem):
    """A store of another kind, as TensorFlow's gs:// is one."""

    SUPPORTED_SCHEMES = ["hostile://"]
    NAMES: list = []

    @staticmethod
    def walk(top, topdown=True, onerror=None):
        yield top, [], HostileStore.NAMES

    @staticmethod
    def open(name, mode="r"):
        return io.BytesIO(b"evil")


@given(name=st.text(st.sampled_from("ab./\0\\é")) | st.sampled_from(HOSTILE))
def test_no_name_of_any_store_is_written_outside_or_twice(tmp_path_factory, name):
    registry = filesystem_registry.DEFAULT_FILESYSTEM_REGISTRY
    registry.register(HostileStore, priority=1)
    HostileStore.NAMES = [name]
    root = tmp_path_factory.mktemp("root")
    target = root / "a/b/c"
    try:
        copy_all("hostile://bucket/m", target)
    except StepError:
        assert all_files(root) == []
    else:
        assert [path.relative_to(target).as_posix() for path in all_files(root)] == [name]
        assert posixpath.normpath(name) == name


class Broken(io.BytesIO):
    """A file whose end cannot be read."""

    def read(self, size=-1):
        if self.tell() > 0:
            raise OSError(5, "Input/output error")
        return super().read(4)

    readinto = None


class BrokenStore(filesystem.Filesystem):
    SUPPORTED_SCHEMES = ["broken://"]

    @staticmethod
    def open(name, mode="r"):
        return Broken(b"half of it")


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(retries, "DEADLINE", 0.0)


def test_a_download_that_breaks_leaves_what_was_there(tmp_path, impatient):
    filesystem_registry.DEFAULT_FILESYSTEM_REGISTRY.register(BrokenStore, priority=1)
    (tmp_path / "x").write_text("before")
    with pytest.raises(StepError, match="Input/output error"):
        files.download("broken://b/x", tmp_path / "x")
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
    assert (tmp_path / "x").read_text() == "before"


class Source(Path):
    """A local file whose end cannot be read."""

    _flavour = type(Path())._flavour  # noqa: SLF001

    def open(self, *arguments, **named):
        return Broken(b"half of it")


def test_an_upload_that_breaks_leaves_no_half_an_object(bucket, tmp_path, impatient):
    with pytest.raises(StepError, match="Input/output error"):
        files.upload(Source(tmp_path / "x"), f"{bucket}/version/saved_model.pb")
    assert not fileio.exists(f"{bucket}/version/saved_model.pb")
    (tmp_path / "x").write_text("whole")
    files.upload(tmp_path / "x", f"{bucket}/version/saved_model.pb")
    with fileio.open(f"{bucket}/version/saved_model.pb") as file:
        assert file.read() == "whole"


def test_a_large_file_is_hashed_piece_by_piece(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "CHUNK", 4)
    (tmp_path / "x").write_bytes(b"0123456789")
    # pragma: allowlist nextline secret
    expected = "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882"
    assert files.sha256(str(tmp_path / "x")) == (expected, 10)
