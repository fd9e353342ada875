"""household-power versions repair."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tfx_kubeflow.storage import promotion, push_records
from tfx_kubeflow.storage.served_versions import is_damaged

from tests.support.lineage import PIPELINE, Writer, sqlite_store
from tfx_pipeline import cli

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(base: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Call:
    def run(*arguments: str) -> tuple[int, str, str]:
        given = ["--base", base, f"--outputs={tmp_path / 'outputs'}", f"--name={PIPELINE}"]
        code = cli.main(["versions", "repair", *arguments, *given])
        out, err = capsys.readouterr()
        return code, out, err

    return run


def damage(base: str, version: str) -> None:
    Path(base, version, "variables/data").write_text("cut")


def test_what_is_damaged_comes_from_where_the_run_keeps_it(
    call: Call, base: str, tmp_path: Path
) -> None:
    assert call() == (0, f"{base}: nothing is damaged\n", "")
    damage(base, "1")
    damage(base, "3")
    code, out, _ = call("3")
    assert code == 0
    assert out == f"{base}/3 was damaged, and is whole again: from {tmp_path / 'model 3'}\n"
    assert is_damaged(base, "1"), "it was not asked for"
    assert call()[0] == 0
    assert not is_damaged(base, "1")


def test_where_no_source_is_left_a_way_out_is_named(call: Call, base: str, tmp_path: Path) -> None:
    promotion.promote(base, "2")
    damage(base, "2")
    aside = (tmp_path / "model 2").rename(tmp_path / "aside")
    code, out, _ = call()
    assert code == 1
    assert f"{base}/2 is damaged: its files are not those that were pushed" in out
    assert out.endswith("--from, or roll back to 3: household-power versions rollback\n")
    assert call("--from", str(aside))[0] == 0
    assert not is_damaged(base, "2")


def test_without_a_record_of_the_push_ml_metadata_knows(
    call: Call, base: str, tmp_path: Path
) -> None:
    Path(push_records.path(base, "2")).unlink()
    damage(base, "2")
    assert call("2")[0] == 1
    folder = tmp_path / "outputs" / PIPELINE
    folder.mkdir(parents=True)
    writer = Writer(sqlite_store(folder / "metadata.sqlite"), str(folder))
    writer.begin("run-2")
    pushed = {"pushed_version": "2", "pushed_destination": f"{base}/2"}
    writer.step("Pusher", {}, {"pushed_model": ("PushedModel", pushed)}, {})
    shutil.copytree(tmp_path / "model 2", folder / "Pusher/pushed_model/1")
    code, out, _ = call("2")
    assert (code, out.rpartition(" from ")[2]) == (0, f"{folder}/Pusher/pushed_model/1\n")


def test_a_version_that_is_not_there(call: Call, base: str) -> None:
    assert call("9") == (1, "", f"error: {base} has no version '9'\n")
