"""`household-power versions compare`: what is compared, and how it is shown."""

from __future__ import annotations

import posixpath
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from pydantic import ValidationError
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from tfx_kubeflow.errors import StepError
from tfx_kubeflow.storage import files, labels, served_versions

from tfx_pipeline.model_contract import METADATA_FILE, ModelMetadata
from tfx_pipeline.output import Output
from tfx_pipeline.versions.answers import Ask, loaded, of_server
from tfx_pipeline.versions.comparison import Comparison, compare
from tfx_pipeline.versions.live_requests import logged, recorded

MOST = 1000
"""Windows that are compared."""
MOST_STEPS = 12
"""Rows of the table; all are in the JSON."""


def side_by_side(
    base: str, given: Sequence[str], requests: Path | None, server: str | None
) -> Comparison:
    """Compares two versions.

    Args:
        base: Folder or URI of the push destination.
        given: Two versions; stable and canary where there are none.
        requests: Folder of a request log; None: the requests that travel with both models.
        server: URL of a running server that has both; None: they are loaded here.

    Raises:
        StepError: There is no canary or no such version, they forecast unlike things, or one does
            not answer.
        OSError: They cannot be read.
    """
    versions = list(given) or _labelled(base)
    with _local(base, versions) as folders, ExitStack() as stack:
        models = {version: _metadata(folder) for version, folder in folders.items()}
        first, second = models.values()
        if unlike := first.differences(second):
            raise StepError(
                f"{base}: {' and '.join(versions)} forecast unlike things: {'; '.join(unlike)}"
            )
        windows = logged(requests, first, MOST) if requests else recorded(folders.values(), first)
        asked: Mapping[str, Ask]
        if server is None:
            asked = {version: loaded(folder) for version, folder in folders.items()}
        else:
            name = posixpath.basename(base)
            asked = {
                version: stack.enter_context(of_server(server, name, version))
                for version in versions
            }
        return compare(windows, asked, first.series.target.unit)


def print_comparison(found: Comparison, console: Console | None = None) -> None:
    """Prints a comparison.

    Args:
        found: The comparison.
        console: Where to.
    """
    console = console or Output(highlight=False, soft_wrap=True)
    first, second = found.sides
    apart = Table(
        title=f"{first.version} and {second.version} on {found.windows:,} windows, {found.unit}",
        title_justify="left",
        title_style="",
        box=SIMPLE,
    )
    for heading in ("step ahead", "means apart", "half within", "95 % within", "at most"):
        apart.add_column(heading, justify="right")
    every = -(-len(found.steps) // MOST_STEPS)
    for one in found.steps[::every]:
        figures = (one.mean, one.p50, one.p95, one.maximum)
        apart.add_row(str(one.step), *(f"{value:.4f}" for value in figures))
    console.print(apart)
    sides = Table(box=SIMPLE)
    for heading in ("version", "p50 ms", "p99 ms", "not a number", "MSE", "MAE", "P10..P90"):
        sides.add_column(heading, justify="right")
    for side in found.sides:
        errors = (side.mse, side.mae, side.coverage)
        sides.add_row(
            side.version,
            f"{side.p50_ms:.2f}",
            f"{side.p99_ms:.2f}",
            str(side.not_numbers),
            *("" if value is None else f"{value:.4f}" for value in errors),
        )
    console.print(sides)
    if not found.known:
        console.print("What came after these windows is not known, so there are no errors.")


def _labelled(base: str) -> list[str]:
    found = labels.read(base)
    if found is None or found.canary is None:
        raise StepError(f"{base}: no version is the canary; name two versions")
    return [found.stable.version, found.canary.version]


@contextmanager
def _local(base: str, versions: Sequence[str]) -> Iterator[dict[str, Path]]:
    """The versions as folders of this machine."""
    there = served_versions.versions(base)
    for version in versions:
        if version not in there:
            raise StepError(f"{base} has no complete version {version!r}, it has {there}")
    if "://" not in base:
        yield {version: Path(base, version) for version in versions}
        return
    with tempfile.TemporaryDirectory(prefix="versions-") as folder:
        for version in versions:
            uri = posixpath.join(base, version)
            files.copy_below(uri, files.names_below(uri), Path(folder, version))
        yield {version: Path(folder, version) for version in versions}


def _metadata(folder: Path) -> ModelMetadata:
    path = folder / METADATA_FILE
    try:
        return ModelMetadata.model_validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError) as error:
        raise StepError(f"{path}: does not say what the model takes: {error}") from error
