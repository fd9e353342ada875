"""Notebooks are stored as written; that they run is seen in test_local_run.py."""

import json
from pathlib import Path

import pytest

from tests.support.notebooks import run

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


def test_there_are_two():
    assert [path.stem for path in NOTEBOOKS] == ["data", "model"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_output_is_stored(path):
    cells = [one for one in json.loads(path.read_text())["cells"] if one["cell_type"] == "code"]
    assert cells
    assert all(one["outputs"] == [] and one["execution_count"] is None for one in cells)


def test_a_cell_that_fails_fails_the_notebook(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cells = [{"cell_type": "code", "source": [line]} for line in ("x = 0", "1 / x")]
    broken = tmp_path / "broken.ipynb"
    broken.write_text(json.dumps({"cells": cells}))
    with pytest.raises(ZeroDivisionError):
        run(broken)
