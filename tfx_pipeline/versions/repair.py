"""Repairs what serves and is damaged, from what runs keep."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tfx_kubeflow.errors import StepError
from tfx_kubeflow.storage import labels, push_records, repair, served_versions

from tfx_pipeline.lineage.facts import pushed_versions
from tfx_pipeline.lineage.location import open_records
from tfx_pipeline.lineage.records import LineageError


def repair_all(
    base: str, given: Sequence[str], sources: Sequence[str], database: Path, pipeline: str
) -> bool:
    """Repairs versions and tells what came of it, a line for each.

    Args:
        base: Folder or URI of the push destination.
        given: Versions; all that are damaged where there are none.
        sources: Where to look first.
        database: Of the records of local runs; it may not be there.
        pipeline: Name of the pipeline.

    Returns:
        Whether all of them are whole now.

    Raises:
        StepError: There is no such version, or nobody recorded what it should hold.
        OSError: One cannot be read or written.
    """
    found = repair.damaged(base)
    for version in given:
        there = (*served_versions.numbered(base).values(), *found)
        if version not in there:
            raise StepError(f"{base} has no version {version!r}")
    wanted = [version for version in found if version in given or not given]
    if not wanted:
        print(f"{base}: nothing is damaged")
    whole = [_repaired(base, version, sources, database, pipeline) for version in wanted]
    return all(whole)


def _repaired(
    base: str, version: str, sources: Sequence[str], database: Path, pipeline: str
) -> bool:
    places = list(dict.fromkeys([*sources, *_known(base, version, database, pipeline)]))
    source = repair.repair(base, version, places)
    if source is not None:
        print(f"{base}/{version} was damaged, and is whole again: from {source}")
        return True
    print(
        f"{base}/{version} is damaged: its files are not those that were pushed, and they are not "
        f"in {', '.join(places) or 'any place that is known'}; give another base that has them "
        f"with --from{_hint(base, version)}"
    )
    return False


def _hint(base: str, version: str) -> str:
    found = labels.read(base)
    if found is None or "stable" not in found.of(version):
        return ""
    if found.previous is None:
        return ", or promote another version"
    return f", or roll back to {found.previous.version}: household-power versions rollback"


def _known(base: str, version: str, database: Path, pipeline: str) -> Iterator[str]:
    """Where runs keep the files of a version, by the push's record and by ML Metadata."""
    try:
        told = push_records.read(base, version)
    except StepError:  # a repair may need no record
        told = None
    if told:
        yield from filter(None, (told.pushed_model, told.model))
    yield from _recorded(version, database, pipeline)


def _recorded(version: str, database: Path, pipeline: str) -> Iterable[str]:
    try:
        records = open_records(None, database, pipeline)
        copies = records.artifacts_of("PushedModel")
        models = [one.model for one in pushed_versions(records) if one.version == version]
    except LineageError:  # no run was here
        return ()
    kept = [one.uri for one in copies if one.properties.get("pushed_version") == version]
    return [*kept, *filter(None, models)]
