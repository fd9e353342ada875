"""A version whose bytes are not those that were pushed becomes whole again, or stays as it is."""

import shutil
from pathlib import Path

import pytest
from kubeflow_cases.saved_models import saved_model
from tfx_kubeflow.errors import StepError
from tfx_kubeflow.storage import destinations, files, filesystems, promotion
from tfx_kubeflow.storage.repair import damaged, repair
from tfx_kubeflow.storage.served_versions import digest, is_damaged, numbered, publish


def write(path, content):
    with filesystems.of(path).open(path, "wb") as stream:
        stream.write(content)


@pytest.fixture
def bases(bucket, tmp_path):
    """A folder and a prefix in a bucket, each with the versions 1 and 2."""
    found = [str(tmp_path / "serving/power"), f"{bucket}/{tmp_path.name}"]
    for number in (1, 2):
        source = saved_model(tmp_path / f"artifact-{number}/Format-Serving", f"graph {number}")
        for base in found:
            publish(source, base, lambda: number)  # noqa: B023, called at once
    return found


@pytest.mark.parametrize("what", ["a-file", "one-more", "the-graph"])
def test_a_version_is_replaced_by_what_was_pushed(bases, tmp_path, what):
    for base in bases:
        match what:
            case "a-file":
                write(f"{base}/2/variables/data", b"cut")
            case "one-more":
                write(f"{base}/2/other", b"more")
            case "the-graph":
                promotion.promote(base, "2")
                filesystems.of(base).remove(f"{base}/2/saved_model.pb")
        assert damaged(base) == ["2"]
        write(f"{base}/1/variables/data", b"cut")
        assert damaged(base) == ["2", "1"]
        sources = [
            str(tmp_path / "nowhere"),
            str(tmp_path / "artifact-1"),
            str(tmp_path / "artifact-2"),
        ]
        assert repair(base, "2", sources) == str(tmp_path / "artifact-2/Format-Serving")
        assert digest(f"{base}/2") == digest(str(tmp_path / "artifact-2/Format-Serving"))
        assert damaged(base) == ["1"]
        assert list(numbered(base)) == [2, 1]


def test_what_serves_and_is_gone_comes_back_from_another_base(bases):
    one, other = bases
    promotion.promote(one, "2")
    shutil.rmtree(f"{one}/2")
    assert damaged(one) == ["2"]
    assert repair(one, "2", [other]) == f"{other}/2"
    assert damaged(one) == []
    write(f"{other}/2/variables/data", b"cut")
    assert repair(other, "2", [one]) == f"{one}/2"
    assert not is_damaged(other, "2")


def test_nothing_else_takes_its_place(bases, tmp_path):
    for base in bases:
        write(f"{base}/2/variables/data", b"cut")
        assert repair(base, "2", [str(tmp_path / "artifact-1"), f"{base}-nowhere"]) is None
        assert is_damaged(base, "2")


def test_a_source_that_changes_while_it_is_copied_is_none(bases, tmp_path, monkeypatch):
    base, source = bases[0], tmp_path / "artifact-2/Format-Serving"
    write(f"{base}/2/variables/data", b"cut")
    copy = files.copy_below

    def changed(*given):
        (source / "variables/data").write_text("changed")
        copy(*given)

    monkeypatch.setattr(files, "copy_below", changed)
    assert repair(base, "2", [str(source)]) is None
    assert Path(base, "2/variables/data").read_text() == "cut"
    assert not list(Path(base).glob(".pushing-*"))


def test_a_killed_repair_leaves_the_version_and_the_next_one_goes_on(bases, tmp_path, monkeypatch):
    base, source = bases[0], str(tmp_path / "artifact-2")
    write(f"{base}/2/variables/data", b"cut")

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(destinations, "exchange", killed)
        with pytest.raises(KeyboardInterrupt):
            repair(base, "2", [source])
    assert list(numbered(base)) == [2, 1]
    assert repair(base, "2", [source])
    assert not list(Path(base).glob(".pushing-*"))


def test_of_what_nobody_recorded_nobody_knows(tmp_path):
    saved_model(tmp_path / "serving/7")
    with pytest.raises(StepError, match="serving/7: nobody recorded what it should hold"):
        repair(str(tmp_path / "serving"), "7", [])
