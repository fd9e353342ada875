"""What our pages share: how they are rendered, the chart library, and the forms of `theme.css`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

TEMPLATES = Path(__file__).parent / "templates"
CHART_LIBRARY, CHART_FILES = "uplot-python", "uplot/static/uPlot"


def rendered(
    templates: Path,
    name: str,
    data: object,
    filters: Mapping[str, Callable[..., Any]],
    /,
    **values: Any,
) -> str:
    """Renders a page that needs no other file: `<name>.html.j2`, with `<name>.css` and `<name>.js`.

    Args:
        templates: Folder of the three.
        name: Of the page.
        data: What its script reads, as JSON.
        filters: Of the template.
        **values: What the template shows.
    """
    environment = Environment(
        loader=FileSystemLoader(templates),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= filters
    return environment.get_template(f"{name}.html.j2").render(
        embedded=_embedded(data),
        style=Markup(style(templates / f"{name}.css")),  # noqa: S704, files of ours
        script=Markup(script(templates / f"{name}.js")),  # noqa: S704
        **values,
    )


def style(own: Path) -> str:
    """The style sheet of a page: the chart library's, the theme, and its own file."""
    return _library("min.css") + _text(TEMPLATES / "theme.css") + _text(own)


def script(own: Path) -> str:
    """The script of a page: the chart library and its own file."""
    return _library("iife.js") + _text(own)


def _embedded(data: object) -> Markup:
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
