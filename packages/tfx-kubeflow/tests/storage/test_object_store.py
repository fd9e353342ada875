"""TFX's file functions on an object store: a real one (moto's) on this machine."""

import pytest
from kubeflow_cases.buckets import write
from tfx.dsl.io import fileio, filesystem


def test_tfx_file_functions_work_on_the_store(bucket):
    write(bucket, a__one="1", a__b__two="22", c="333")
    assert fileio.open(f"{bucket}/a/one").read() == "1"
    assert fileio.exists(f"{bucket}/a")
    assert fileio.isdir(f"{bucket}/a")
    assert not fileio.isdir(f"{bucket}/c")
    assert not fileio.exists(f"{bucket}/d")
    assert fileio.listdir(f"{bucket}/a") == ["b", "one"]
    assert fileio.glob(f"{bucket}/a/*") == [f"{bucket}/a/b", f"{bucket}/a/one"]
    assert fileio.glob(f"{bucket}/*/*/t?o") == [f"{bucket}/a/b/two"]
    assert fileio.glob(f"{bucket}/c") == [f"{bucket}/c"]
    assert fileio.glob(f"{bucket}/d") == []
    assert fileio.stat(f"{bucket}/c").length == 3
    downwards = [(bucket, ["a"], ["c"]), (f"{bucket}/a", ["b"], ["one"])]
    assert list(fileio.walk(bucket))[:2] == downwards
    assert next(iter(fileio.walk(bucket, topdown=False)))[0] == f"{bucket}/a/b"
    fileio.makedirs(f"{bucket}/nothing")
    fileio.copy(f"{bucket}/c", f"{bucket}/e")
    with pytest.raises(OSError, match="exists"):
        fileio.copy(f"{bucket}/c", f"{bucket}/e")
    fileio.rename(f"{bucket}/e", f"{bucket}/f")
    assert not fileio.exists(f"{bucket}/e")
    fileio.rmtree(f"{bucket}/a")
    fileio.remove(f"{bucket}/f")
    assert fileio.listdir(bucket) == ["c"]
    for call in (fileio.open, fileio.listdir, fileio.stat):
        with pytest.raises(filesystem.NotFoundError):
            call(f"{bucket}/nowhere")
