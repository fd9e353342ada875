"""A folder in the place of another."""

import ctypes
import errno
from types import SimpleNamespace

import pytest
from tfx_kubeflow.storage.swap import exchange


@pytest.fixture
def folders(tmp_path):
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    return tmp_path / "one", tmp_path / "other"


def test_two_folders_exchange_their_names(folders):
    exchange(*folders)
    assert [(folder / "file").read_text() for folder in folders] == ["other", "one"]


def test_where_the_file_system_cannot_they_are_renamed_one_by_one(folders, monkeypatch):
    def renameat2(*_):
        ctypes.set_errno(errno.EINVAL)
        return -1

    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: SimpleNamespace(renameat2=renameat2))
    exchange(*folders)
    assert [(folder / "file").read_text() for folder in folders] == ["other", "one"]
    assert len(list(folders[0].parent.iterdir())) == 2


def test_what_is_not_there_is_named(folders, tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        exchange(folders[0], tmp_path / "nowhere")
