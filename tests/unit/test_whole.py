"""Files that are there whole, or as they were before."""

from pathlib import Path

import pytest

from tfx_pipeline.whole import write_whole


def test_a_file_is_made_and_replaced(tmp_path: Path) -> None:
    for text in ("kW", "käse\n"):
        write_whole(tmp_path / "page.html", text)
        assert (tmp_path / "page.html").read_text("utf-8") == text
    assert [one.name for one in tmp_path.iterdir()] == ["page.html"]


def test_what_was_there_stays_where_it_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "page.html").write_text("before")

    def full(self: Path, *_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(tmp_path / "page.html", "after")
    assert (tmp_path / "page.html").read_text() == "before"
    assert [one.name for one in tmp_path.iterdir()] == ["page.html"]
