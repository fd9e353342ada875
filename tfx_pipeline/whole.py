"""Files that are there whole, or as they were before."""

from __future__ import annotations

from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Writes a file under a hidden name beside it, and then gives it its own.

    Args:
        path: Of the file; its folder must exist.
        text: What it shall hold, as UTF-8.

    Raises:
        OSError: It cannot be written; what was there still is.
    """
    draft = path.with_name(f".{path.name}")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
