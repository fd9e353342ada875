"""What changed since the last run whose model was blessed and pushed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from tfx_pipeline.report.summary import Change, Changes, RunSummary, Value, read_summary

METRICS = ("mse", "mae", "mse_ratio", "mae_ratio", "coverage_p10_p90", "bias")


def last_pushed(folder: Path) -> RunSummary | None:
    """The summary of the newest earlier run whose model was blessed and pushed.

    Args:
        folder: Of a run; those of the others are beside it, by time.

    Returns:
        None where there is none that this release can read.
    """
    earlier = (one for one in folder.parent.glob("*") if one.name < folder.name)
    for one in sorted(earlier, reverse=True):
        try:
            summary = read_summary(one)
        except (OSError, ValueError):  # killed, or of another release
            continue
        if summary.blessed and summary.pushed_version:
            return summary
    return None


def changes(before: RunSummary, after: RunSummary) -> Changes:
    """What is different in a run from an earlier one."""
    return Changes(
        run_id=before.run_id,
        changes=tuple(
            Change(of=of, name=name, before=old.get(name), after=new.get(name))
            for of, old, new in zip(_KINDS, _values(before), _values(after), strict=True)
            for name in {**old, **new}
            if old.get(name) != new.get(name)
        ),
    )


_KINDS: tuple[Literal["data", "settings", "code", "metrics"], ...] = (
    "data",
    "settings",
    "code",
    "metrics",
)


def _values(summary: RunSummary) -> Iterator[Mapping[str, Value]]:
    """What is compared, in the order of `_KINDS`."""
    made = summary.provenance
    data = summary.data
    of_data: dict[str, Value] = {}
    if data:
        of_data = {"files": data.files, "rows": data.rows, "first": data.first, "last": data.last}
    if made:
        of_data |= {"span": made.span, "SHA-256": made.data_fingerprint}
        of_data |= {"curated schema": made.schema_digest}
    yield of_data
    yield made.settings if made else {}
    yield (
        {"release": made.release, "code": made.code, "commit": made.commit, **made.packages}
        if made
        else {}
    )
    found = summary.evaluation
    yield {name: getattr(found, name) for name in METRICS} if found else {}
