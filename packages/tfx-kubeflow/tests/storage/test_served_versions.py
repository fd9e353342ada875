"""What is served at a push destination, as TensorFlow Serving sees it."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kubeflow_cases.buckets import put_raw
from kubeflow_cases.saved_models import saved_model
from tfx.dsl.io import fileio
from tfx_kubeflow.errors import StepError
from tfx_kubeflow.storage import files, served_versions
from tfx_kubeflow.storage.served_versions import (
    Published,
    digest,
    is_damaged,
    next_version,
    numbered,
    publish,
    published_digests,
    remove,
    serving,
    versions,
)

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


@pytest.fixture
def bases(bucket, tmp_path):
    """A folder and a prefix in a bucket."""
    return [str(tmp_path / "serving"), f"{bucket}/{tmp_path.name}"]


def test_the_newest_version_serves_until_it_is_removed(bases, tmp_path):
    old, bad = saved_model(tmp_path / "old"), saved_model(tmp_path / "bad", "bad")
    for number, base in enumerate(bases):
        assert serving(base) is None
        assert publish(old, base, lambda: 100) == Published("100", f"{base}/100", new=True)
        assert publish(bad, base, lambda: 200).version == "200"
        assert publish(bad, base, lambda: 300) == Published("200", f"{base}/200", new=False)
        assert digest(f"{base}/200") == digest(str(bad))
        remove(base, "200")
        assert (serving(base), list(numbered(base))) == ("100", [100])
        other = publish(saved_model(tmp_path / str(number), "other"), base, lambda: 200)
        assert int(other.version) > 200, "a number is of one model"


@pytest.mark.parametrize("file", ["saved_model.pb", "variables/data"])
def test_a_version_that_was_changed_is_damaged_and_replaced_by_a_new_one(bases, tmp_path, file):
    source = saved_model(tmp_path / "model")
    for base in bases:
        publish(source, base, lambda: 100)
        assert not is_damaged(base, "100")
        with fileio.open(f"{base}/100/{file}", "wb") as stream:
            stream.write(b"cut")
        assert is_damaged(base, "100")
        published = publish(source, base, lambda: 100)
        assert (published.version, published.damaged) == ("101", "100")
        assert not is_damaged(base, "101")
        fileio.remove(f"{base}/101/saved_model.pb")
        assert is_damaged(base, "101"), "incomplete"


def test_what_another_tool_made_is_taken_as_it_is(tmp_path):
    saved_model(tmp_path / "base/7")
    assert not is_damaged(str(tmp_path / "base"), "7")
    assert published_digests(str(tmp_path / "base"), "7") == set()


def test_pushes_to_a_bucket_at_once_each_get_a_number_of_their_own(bucket, tmp_path):
    base = f"{bucket}/serving"
    models = [saved_model(tmp_path / str(number), str(number)) for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(lambda source: publish(source, base, lambda: 100), models))
    assert len({published.version for published in made}) == 6
    for source, published in zip(models, made, strict=True):
        assert digest(published.uri) == digest(str(source))


def test_a_killed_push_to_a_bucket_keeps_its_number(bucket, tmp_path, monkeypatch):
    base, source = f"{bucket}/serving", saved_model(tmp_path / "model")
    publish(saved_model(tmp_path / "old", "old"), base, lambda: 100)
    upload = files.upload

    def failing(path, uri):
        if path.name == "saved_model.pb":
            raise KeyboardInterrupt
        upload(path, uri)

    monkeypatch.setattr(files, "upload", failing)
    with pytest.raises(KeyboardInterrupt):
        publish(source, base, lambda: 200)
    monkeypatch.setattr(files, "upload", upload)
    assert serving(base) == "100"
    assert publish(source, base, lambda: 200).version == "201"
    remove(base, "200")
    assert list(numbered(base)) == [201, 100]


def test_a_removal_takes_no_object_elsewhere(bucket, endpoint, tmp_path):
    base = f"{bucket}/serving"
    publish(saved_model(tmp_path / "model"), base, lambda: 100)
    put_raw(endpoint, bucket, "serving/100/../../dear", "is listed")
    put_raw(endpoint, bucket, "dear", "stays")
    remove(base, "100")
    assert fileio.exists(f"{bucket}/dear")
    assert numbered(base) == {}


def test_a_push_destination_may_be_written_in_either_case():
    for key in ("base_directory", "baseDirectory"):
        text = f'{{"filesystem": {{"{key}": "/serving/"}}}}'
        assert served_versions.destination(text) == "/serving"
    assert served_versions.destination(None) is None


@settings(deadline=None, max_examples=50)
@given(steps=st.lists(st.tuples(st.sampled_from("pkdr"), st.integers(0, 2)), max_size=8))
def test_whatever_happens_the_newest_whole_version_serves(tmp_path_factory, steps):
    """Pushes, pushes that are killed, damage and removals, in any order."""
    folder = tmp_path_factory.mktemp("history")
    models = [saved_model(folder / str(number), f"graph {number}") for number in range(3)]
    base, expected, clock = str(folder / "serving"), {}, iter(range(100, 200))
    for step, number in steps:
        newest = max(expected, default=None)
        match step:
            case "p":
                made = publish(models[number], base, lambda: next(clock))
                unchanged = newest is not None and expected[newest] == f"graph {number}"
                assert made.new is not unchanged
                assert newest is None or int(made.version) >= newest
                expected[int(made.version)] = f"graph {number}"
            case "k":
                (Path(base) / ".pushing-killed/variables").mkdir(parents=True, exist_ok=True)
            case "d" if newest is not None:
                Path(base, str(newest), "saved_model.pb").write_text("cut")
                expected[newest] = "cut"
            case "r" if newest is not None:
                remove(base, str(newest))
                del expected[newest]
    found = {int(name): Path(base, name, "saved_model.pb").read_text() for name in versions(base)}
    assert found == expected
    assert serving(base) == (str(max(expected)) if expected else None)
    damaged = {name for name in versions(base) if is_damaged(base, name)}
    assert damaged == {str(number) for number, content in expected.items() if content == "cut"}
