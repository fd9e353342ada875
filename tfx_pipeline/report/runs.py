"""The folders of runs on this machine, by name."""

from __future__ import annotations

from pathlib import Path

from tfx_pipeline.hints import did_you_mean

LATEST = "latest"


def run_folder(outputs: Path, name: str = LATEST) -> Path:
    """Returns the folder of a run.

    Args:
        outputs: Folder of everything that runs write.
        name: Of the run, of whatever pipeline; the latest unless given.

    Raises:
        FileNotFoundError: There is no such run.
    """
    if name == LATEST:
        folder = outputs / LATEST
        if not folder.is_dir():
            raise FileNotFoundError(f"{outputs}: no run has ended there; start one with `make run`")
        return folder
    folders = {folder.name: folder for folder in outputs.glob("*/runs/*")}
    if name not in folders:
        hint = did_you_mean(name, folders) or f"; there are {len(folders)}, see {outputs}/*/runs"
        raise FileNotFoundError(f"{outputs}: no run {name}{hint}")
    return folders[name]
