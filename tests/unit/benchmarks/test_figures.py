"""Figures in documents are those of the file, and a difference is found."""

import importlib.util
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[3]
SPEC = importlib.util.spec_from_file_location("figures", PROJECT / "benchmarks" / "figures.py")
figures = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(figures)

MEASURED = {
    "whole": {"mse_ratio": 0.6774, "rows": 2075259},
    "families": {
        "mlp": dict.fromkeys(("parameters", "steps", "cpu_seconds"), 7)
        | dict.fromkeys(("mse_ratio", "mae_ratio", "coverage"), 0.5),
        "date": "2026-01-01",
    },
}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("ratio 0.6<!-- whole.mse_ratio -->.", "ratio 0.7<!-- whole.mse_ratio -->."),
        ("ratio 0.999<!-- whole.mse_ratio -->.", "ratio 0.677<!-- whole.mse_ratio -->."),
        ("all 1,000<!-- whole.rows --> rows", "all 2,075,259<!-- whole.rows --> rows"),
        ("0.5 of nothing <!-- a note -->", "0.5 of nothing <!-- a note -->"),
    ],
)
def test_a_figure_in_a_sentence_keeps_its_digits(before, after):
    assert figures.rendered(before, MEASURED) == after


def test_a_table_is_rendered_once_and_stays():
    text = "<!-- figures: families -->\nold\n<!-- end -->\n"
    once = figures.rendered(text, MEASURED)
    assert "| mlp | 7 | 7 | 7 | 0.500 | 0.500 | 0.500 |" in once
    assert "old" not in once
    assert figures.rendered(once, MEASURED) == once


@pytest.mark.parametrize("text", ["1<!-- whole.speed -->", "<!-- figures: speed -->\n<!-- end -->"])
def test_an_unknown_figure_is_an_error(text):
    with pytest.raises(KeyError, match="speed"):
        figures.rendered(text, MEASURED)


def test_a_stale_document_fails_until_it_is_written(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(figures, "PROJECT", tmp_path)
    monkeypatch.setattr(figures, "FILE", tmp_path / "figures.json")
    monkeypatch.setattr(figures, "DOCUMENTS", ("README.md",))
    (tmp_path / "README.md").write_text("0.5<!-- whole.mse_ratio -->")
    figures.record("whole", {"mse_ratio": 0.5})
    assert figures.main([]) == 0
    figures.record("whole", {"mse_ratio": 0.6})
    assert figures.main([]) == 1
    assert "README.md" in capsys.readouterr().out
    assert figures.main(["--write"]) == 0
    assert figures.main([]) == 0
