"""The graph of a run, laid out in columns from left to right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tfx_pipeline.report.summary import NodeSummary

WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN = 148, 44, 46, 18, 6
"""Of a box, between boxes, and around all, in pixels."""
BEND_HEIGHT = 6
"""Of a line that crosses a column."""
SWEEPS = 8
EARLIER = "earlier run"


@dataclass(frozen=True)
class Box:
    """A node of the pipeline, or an earlier run that an artifact is of.

    Attributes:
        name: Its name.
        state: What became of it; `earlier run` for one.
        x: Of the left edge.
        y: Of the upper edge.
        note: What it made.
    """

    name: str
    state: str
    x: float
    y: float
    note: str


@dataclass(frozen=True)
class Line:
    """Artifacts on their way.

    Attributes:
        path: SVG path.
        source: Name of the box it comes from.
        target: Name of the box it leads to.
        what: The artifacts.
    """

    path: str
    source: str
    target: str
    what: str


@dataclass(frozen=True)
class Picture:
    """The graph.

    Attributes:
        width: In pixels.
        height: In pixels.
        boxes: Nodes.
        lines: Between them.
    """

    width: float
    height: float
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]


Edges = dict[tuple[str, str], list[str]]


def picture(nodes: Sequence[NodeSummary]) -> Picture | None:
    """Lays out the nodes of a run by what they made of what; None where nothing is known."""
    shown = [node for node in nodes if node.inputs or node.outputs]
    if not shown:
        return None
    edges = _edges(shown)
    earlier = [EARLIER] if any(source == EARLIER for source, _ in edges) else []
    names = [*earlier, *(node.id for node in shown)]
    levels = _levels(names, edges)
    columns, chains = _columns(names, levels, edges)
    rows = _ordered(columns, chains)
    known = {node.id: node for node in shown}
    heights = {name: HEIGHT if name in names else BEND_HEIGHT for column in rows for name in column}
    height = max(sum(heights[name] + GAP_Y for name in column) for column in rows) - GAP_Y
    place: dict[str, tuple[float, float]] = {}
    for level, column in enumerate(rows):
        y = MARGIN + (height + GAP_Y - sum(heights[name] + GAP_Y for name in column)) / 2
        for name in column:
            place[name] = (MARGIN + level * (WIDTH + GAP_X), y + heights[name] / 2)
            y += heights[name] + GAP_Y
    return Picture(
        width=2 * MARGIN + len(columns) * (WIDTH + GAP_X) - GAP_X,
        height=2 * MARGIN + height,
        boxes=tuple(
            _box(name, known.get(name), place[name][0], place[name][1] - HEIGHT / 2)
            for name in names
        ),
        lines=tuple(
            Line(_path([place[name] for name in chain]), *ends, ", ".join(edges[ends]))
            for ends, chain in chains.items()
        ),
    )


def _edges(nodes: Sequence[NodeSummary]) -> Edges:
    """(producer, consumer) -> what, in the order of the consumers."""
    producer = {artifact.id: node.id for node in nodes for artifact in node.outputs}
    edges: Edges = {}
    for node in nodes:
        for artifact in node.inputs:
            source = producer.get(artifact.id, EARLIER)
            if source != node.id:
                edges.setdefault((source, node.id), []).append(f"{artifact.type} {artifact.id}")
    return edges


def _levels(names: Sequence[str], edges: Edges) -> dict[str, int]:
    """The column of each node: one after the last of what it needs; names are in that order."""
    levels: dict[str, int] = {}
    for name in names:
        needs = [levels[source] for source, target in edges if target == name and source in levels]
        levels[name] = max(needs, default=-1) + 1
    return levels


def _columns(
    names: Sequence[str], levels: Mapping[str, int], edges: Edges
) -> tuple[list[list[str]], dict[tuple[str, str], list[str]]]:
    """What stands in each column, and the way of each line, with a bend in each that it crosses.

    What one node made goes one way to all that use it.
    """
    columns: list[list[str]] = [[] for _ in range(max(levels.values()) + 1)]
    for name in names:
        columns[levels[name]].append(name)
    chains = {}
    for source, target in edges:
        bends = [f"{source}\0{at}" for at in range(levels[source] + 1, levels[target])]
        for at, bend in enumerate(bends, levels[source] + 1):
            if bend not in columns[at]:
                columns[at].append(bend)
        chains[source, target] = [source, *bends, target]
    return columns, chains


def _ordered(
    columns: list[list[str]], chains: Mapping[tuple[str, str], list[str]]
) -> list[list[str]]:
    """Orders each column by where its neighbours are, so that few lines cross.

    The barycentre method of Sugiyama, Tagawa and Toda, "Methods for visual understanding of
    hierarchical system structures", 1981.
    """
    before: dict[str, list[str]] = {}
    after: dict[str, list[str]] = {}
    for one, next_one in dict.fromkeys(
        pair for chain in chains.values() for pair in pairwise(chain)
    ):
        after.setdefault(one, []).append(next_one)
        before.setdefault(next_one, []).append(one)
    columns = [list(column) for column in columns]
    for sweep in range(SWEEPS):
        neighbours, order = (before, columns) if sweep % 2 == 0 else (after, columns[::-1])
        for fixed, column in pairwise(order):
            at = {name: (row + 0.5) / len(fixed) for row, name in enumerate(fixed)}
            own = {name: (row + 0.5) / len(column) for row, name in enumerate(column)}
            column.sort(key=lambda name: _mean(neighbours.get(name, ()), at, own[name]))
    return columns


def _mean(names: Sequence[str], at: Mapping[str, float], own: float) -> float:
    found = [at[name] for name in names if name in at]
    return sum(found) / len(found) if found else own


def _path(corners: Sequence[tuple[float, float]]) -> str:
    """A smooth line from the right of the first box to the left of the last one."""
    points = list(_points(corners))
    path = f"M{points[0][0]:.0f},{points[0][1]:.0f}"
    for (x, y), (to_x, to_y) in pairwise(points):
        middle = (x + to_x) / 2
        path += f" C{middle:.0f},{y:.0f} {middle:.0f},{to_y:.0f} {to_x:.0f},{to_y:.0f}"
    return path


def _points(corners: Sequence[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    for number, (x, y) in enumerate(corners):
        if number > 0:
            yield x, y
        if number < len(corners) - 1:
            yield x + WIDTH, y


def _box(name: str, node: NodeSummary | None, x: float, y: float) -> Box:
    if node is None:
        return Box(EARLIER, EARLIER, x, y, "")
    made = ", ".join(f"{one.type} {one.id}" for one in node.outputs)
    return Box(name, node.state, x, y, made)
