"""Reads a page of the report as a program: its tables, its figures and its data."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any

Cell = float | str


class Page(HTMLParser):
    """A page.

    Attributes:
        tables: Id of a section -> rows of its tables, heads left out; a figure is the value that
            it was written from, other cells are text.
        figures: (value, text) of every figure.
        text: All that a person can read.
        tags: Every tag with its attributes.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tables: dict[str, list[list[Cell]]] = {}
        self.figures: list[tuple[float | None, str]] = []
        self.text = ""
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._scripts: dict[str, str] = {}
        self._section = self._script = ""
        self._value: str | None = None
        self._cell: list[str] | None = None
        self.feed(html)

    @property
    def charts(self) -> dict[str, Any]:
        """What the charts are drawn from."""
        return json.loads(self._scripts["charts"])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        if tag == "section":
            self._section = attributes["id"] or ""
        elif tag == "tr":
            self.tables.setdefault(self._section, []).append([])
        elif tag == "td":
            self._cell = []
        elif tag == "data":
            self._value = attributes["value"]
        elif tag in ("script", "style"):
            self._script = attributes.get("id") or tag

    def handle_endtag(self, tag: str) -> None:
        if tag == "td":
            assert self._cell is not None
            text = " ".join("".join(self._cell).split())
            self.tables[self._section][-1].append(self.figures[-1][0] if text == "\0" else text)
            self._cell = None
        elif tag in ("script", "style"):
            self._script = ""

    def handle_data(self, data: str) -> None:
        if self._script:
            self._scripts[self._script] = self._scripts.get(self._script, "") + data
            return
        self.text += data
        if self._value is not None:
            self.figures.append((float(self._value) if self._value else None, data))
            self._value = None
            data = "\0" if self._cell == [] else data
        if self._cell is not None:
            self._cell.append(data)
