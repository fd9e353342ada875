"""What a push tells of a version."""

import pytest
from tfx_kubeflow.errors import StepError
from tfx_kubeflow.storage import push_records
from tfx_kubeflow.storage.push_records import Origin
from tfx_kubeflow.storage.served_versions import numbered, publish, remove

ORIGIN = Origin(
    pipeline="power",
    run="7",
    model="s3://b/model",
    model_id=3,
    blessings={"model_blessing": {"blessed": True, "verdicts": [{"rule": "mse"}]}},
    figures={"mse_ratio": 0.7},
)


@pytest.fixture
def bases(bucket, tmp_path):
    return [str(tmp_path / "serving"), f"{bucket}/power"]


@pytest.fixture
def model(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model/saved_model.pb").write_text("graph")
    return tmp_path / "model"


def test_it_is_read_as_it_was_told_and_is_no_version(bases, model):
    for base in bases:
        assert push_records.read(base, "100") is None
        made = publish(model, base, lambda: 100, ORIGIN)
        record = push_records.read(base, made.version)
        assert Origin(**{name: getattr(record, name) for name in Origin.model_fields}) == ORIGIN
        assert (record.version, record.pushed_at, len(record.digest)) == ("100", 100, 64)
        assert list(numbered(base)) == [100]
        remove(base, "100")
        assert push_records.read(base, "100") is None


def test_it_is_there_before_the_version_and_others_may_read_it(tmp_path, model, monkeypatch):
    base, seen = tmp_path / "serving", []
    rename = type(base).rename

    def renamed(source, target):
        seen.append(push_records.read(str(base), "100").version)
        return rename(source, target)

    monkeypatch.setattr(type(base), "rename", renamed)
    publish(model, str(base), lambda: 100, ORIGIN)
    assert seen == ["100"]
    assert (base / ".100.json").stat().st_mode & 0o044 == 0o044


def test_without_an_origin_nothing_is_told(tmp_path, model):
    base = str(tmp_path / "serving")
    publish(model, base, lambda: 100)
    assert push_records.read(base, "100") is None


def test_a_file_that_is_no_record_is_named(tmp_path):
    (tmp_path / ".7.json").write_text("{}")
    with pytest.raises(StepError, match=r"\.7\.json: no record of a push"):
        push_records.read(str(tmp_path), "7")


def test_what_is_in_its_way_stops_no_push(tmp_path, model, caplog):
    base = tmp_path / "serving"
    base.mkdir()
    (tmp_path / "dear").write_text("dear")
    (base / ".100.json").symlink_to(tmp_path / "dear")
    assert publish(model, str(base), lambda: 100, ORIGIN).version == "100"
    assert ".100.json is not written: " in caplog.text
    assert (tmp_path / "dear").read_text() == "dear"
