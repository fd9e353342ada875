"""What our pages share: the chart library, and the colours and forms of `theme.css`."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.metadata import distribution
from pathlib import Path

from markupsafe import Markup

TEMPLATES = Path(__file__).parent / "templates"
CHART_LIBRARY, CHART_FILES = "uplot-python", "uplot/static/uPlot"


def style(own: Path) -> str:
    """The style sheet of a page: the chart library's, the theme, and its own file."""
    return _library("min.css") + _text(TEMPLATES / "theme.css") + _text(own)


def script(own: Path) -> str:
    """The script of a page: the chart library and its own file."""
    return _library("iife.js") + _text(own)


def embedded(data: object) -> Markup:
    """Data of a page as JSON that no text in it can break out of."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704, escaped


@lru_cache
def _library(ending: str) -> str:
    """A file of the chart library, read where the package lies: to import it would take time."""
    return _text(Path(str(distribution(CHART_LIBRARY).locate_file(f"{CHART_FILES}.{ending}"))))


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")
