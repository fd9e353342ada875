"""Local files without TensorFlow, as with it."""

import os

import pytest
from tfx.dsl.io.filesystem import NotFoundError
from tfx.dsl.io.plugins.tensorflow_gfile import TensorflowFilesystem
from tfx_kubeflow.storage.local_files import LocalFiles


@pytest.fixture
def folder(tmp_path):
    for name in (".hidden.csv", "a.csv", "b.csv", "c.txt", "sub/d.csv", "sub/.e.csv"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(name)
    os.utime(tmp_path / "a.csv", ns=(7_000_000_000, 9_000_000_000))
    return tmp_path


@pytest.mark.parametrize("pattern", ["*", "*.csv", "*/*", "?.csv", "[ab].csv", "a.csv", "none*"])
def test_the_same_names_match_as_with_tensorflow(folder, pattern):
    theirs = TensorflowFilesystem.glob(f"{folder}/{pattern}")
    assert LocalFiles.glob(f"{folder}/{pattern}") == sorted(theirs)


def test_sizes_and_times_have_the_names_that_tfx_uses(folder):
    ours, theirs = (kind.stat(str(folder / "a.csv")) for kind in (LocalFiles, TensorflowFilesystem))
    assert (ours.length, ours.mtime_nsec) == (theirs.length, theirs.mtime_nsec)
    with pytest.raises(NotFoundError):
        LocalFiles.stat(str(folder / "none"))
