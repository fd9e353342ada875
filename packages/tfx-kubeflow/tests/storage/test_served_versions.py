"""What is served at a push destination, as TensorFlow Serving sees it."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kubeflow_cases.buckets import put_raw
from tfx_kubeflow.errors import StepError
from tfx_kubeflow.storage import served_versions
from tfx_kubeflow.storage.served_versions import digest, next_version, numbered, publish, versions

LAST = str(2**63 - 1)


def test_names_are_versions_as_servers_read_them(tmp_path):
    for name in ("7", "007", "+8", "-5", " 9", "0"):
        (tmp_path / name).mkdir()
    for name in ("7a", "0x10", "1e3", "1_000", "+-1", "--1", "-", "٣", "³", "९", "7 8", "v1"):
        (tmp_path / name).mkdir()
    for name in (str(2**63), str(-(2**63) - 1), "9" * 200, ".push.lock", "1.0"):
        (tmp_path / name).mkdir()
    assert numbered(str(tmp_path)) == {9: " 9", 8: "+8", 7: "7", 0: "0", -5: "-5"}


@given(number=st.integers(), sign=st.sampled_from(["", "+", "-"]), zeros=st.integers(0, 30))
def test_any_integer_that_fits_is_a_version(tmp_path_factory, number, sign, zeros):
    base = tmp_path_factory.mktemp("base")
    name = f"{sign}{'0' * zeros}{abs(number)}"[:255]
    (base / name).mkdir()
    value = int(name)
    expected = {value: name} if -(2**63) <= value < 2**63 else {}
    assert numbered(str(base)) == expected


def test_a_version_is_complete_with_its_graph_be_it_a_link_or_not(tmp_path):
    (tmp_path / "store").mkdir()
    (tmp_path / "store/saved_model.pb").write_text("graph")
    base = tmp_path / "base"
    base.mkdir()
    (base / "5").write_text("a file")
    (base / "6").mkdir()
    (base / "7").symlink_to(tmp_path / "store")
    (base / "8").symlink_to(tmp_path / "nowhere")
    assert list(numbered(str(base))) == [8, 7, 6, 5]
    assert versions(str(base)) == ["7"]
    assert next_version(str(base), 1) == "9"


@pytest.mark.parametrize(
    ("names", "wanted", "expected"),
    [
        ([], 100, "100"),
        (["99"], 100, "100"),
        (["100"], 100, "101"),
        (["0500"], 100, "501"),
        (["-5"], 100, "100"),
        ([str(2**63)], 100, "100"),
        ([str(2**63 - 2)], 100, LAST),
    ],
)
def test_the_next_version_is_the_one_that_servers_will_load(tmp_path, names, wanted, expected):
    for name in names:
        (tmp_path / name).mkdir()
    assert next_version(str(tmp_path), wanted) == expected


@pytest.mark.parametrize("name", [LAST, f"+{LAST}", f"00{LAST}"])
def test_after_the_highest_version_the_folder_to_move_away_is_named(tmp_path, name):
    (tmp_path / name).mkdir()
    with pytest.raises(
        StepError, match=r"/\+?0*9223372036854775807 has the highest .* move it away"
    ):
        next_version(str(tmp_path), 100)


def test_versions_of_a_bucket_are_read_in_the_same_way(endpoint, bucket):
    for name in ("7", "007", "+8", "٣", "9" * 30, "x"):
        put_raw(endpoint, bucket, f"m/{name}/saved_model.pb")
    put_raw(endpoint, bucket, "m/9/half", "x")
    put_raw(endpoint, bucket, "m/10", "a file")
    base = f"{bucket}/m"
    assert numbered(base) == {10: "10", 9: "9", 8: "+8", 7: "7"}
    assert versions(base) == ["+8", "7"]
    assert next_version(base, 1) == "11"
    put_raw(endpoint, bucket, f"m/{LAST}/half")
    with pytest.raises(StepError, match=f"{base}/{LAST} has the highest number"):
        next_version(base, 1)


def test_nothing_is_served_where_nothing_is(tmp_path):
    assert versions(str(tmp_path / "nowhere")) == []
    assert next_version(str(tmp_path / "nowhere"), 3) == "3"


def test_a_digest_is_of_names_and_contents(tmp_path, endpoint, bucket):
    folder = tmp_path / "model"
    (folder / "a").mkdir(parents=True)
    (folder / "a/b").write_text("1")
    (folder / "a.b").write_text("2")
    first = digest(str(folder))
    for name in ("a/b", "a.b"):
        put_raw(endpoint, bucket, f"model/{name}", (folder / name).read_text())
    assert digest(f"{bucket}/model") == first, "the same wherever it is"
    (folder / "empty").mkdir()
    os.utime(folder / "a.b", (1, 1))
    assert digest(str(folder)) == first
    (folder / "a.b").write_text("3")
    changed = digest(str(folder))
    (folder / "a.b").rename(folder / "a.c")
    assert len({first, changed, digest(str(folder))}) == 3


def test_a_version_gets_its_name_when_the_disk_has_all_of_it(tmp_path, monkeypatch):
    staged = tmp_path / "base/.staged"
    (staged / "variables").mkdir(parents=True)
    (staged / "saved_model.pb").write_text("graph")
    (staged / "variables/data").write_text("w")
    done = []
    fsync, rename = os.fsync, os.rename

    def recorded_fsync(descriptor):
        done.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        fsync(descriptor)

    def recorded_rename(source, target):
        done.append(f"{source} becomes {target}")
        rename(source, target)

    monkeypatch.setattr(os, "fsync", recorded_fsync)
    monkeypatch.setattr(os, "rename", recorded_rename)
    publish(staged, tmp_path / "base", "7")
    inside = {str(path) for path in (staged, *(tmp_path / "base/7").rglob("*"))}
    inside = {path.replace("base/7", "base/.staged") for path in inside}
    assert set(done[:-2]) == inside
    assert done[-2:] == [f"{staged} becomes {tmp_path / 'base/7'}", str(tmp_path / "base")]


def test_a_push_destination_may_be_written_in_either_case():
    for key in ("base_directory", "baseDirectory"):
        text = f'{{"filesystem": {{"{key}": "/serving/"}}}}'
        assert served_versions.destination(text) == "/serving"
    assert served_versions.destination(None) is None
