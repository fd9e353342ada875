"""`household-power lineage`: its verbs, and how their answers are printed."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tfx_kubeflow.errors import StepError

from tfx_pipeline.lineage.answers import Difference, History, Origin, Reach
from tfx_pipeline.lineage.difference import difference
from tfx_pipeline.lineage.facts import pushed_versions
from tfx_pipeline.lineage.history import history
from tfx_pipeline.lineage.location import open_records
from tfx_pipeline.lineage.mermaid import picture
from tfx_pipeline.lineage.origin import origin
from tfx_pipeline.lineage.reach import reach
from tfx_pipeline.lineage.records import LineageError, Records
from tfx_pipeline.lineage.served import serving
from tfx_pipeline.lineage.text import lines


def run(parsed: argparse.Namespace, pipeline: str, database: Path, serving_dir: Path) -> int:
    """Asks the records and prints the answer.

    Args:
        parsed: The command line; `verb` is the question.
        pipeline: Name of the pipeline.
        database: Where local runs keep their records.
        serving_dir: Folder of the served versions.

    Returns:
        The exit code: 1 where there is no answer, else 0.
    """
    try:
        answer = _answer(parsed, open_records(parsed.store, database, pipeline), serving_dir)
    except (LineageError, StepError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if parsed.json:
        print(answer.model_dump_json(indent=2))
    elif isinstance(answer, Origin | Reach) and parsed.mermaid:
        print(picture(answer))
    else:
        print("\n".join(lines(answer)))
    return 0


def _answer(
    parsed: argparse.Namespace, records: Records, serving_dir: Path
) -> Origin | Reach | Difference | History:
    match parsed.verb:
        case "model":
            return origin(records, parsed.which or _latest(records, serving_dir))
        case "data":
            return reach(records, parsed.what)
        case "diff":
            return difference(records, parsed.before, parsed.after)
    return history(records, parsed.last, serving_dir)


def _latest(records: Records, serving_dir: Path) -> str:
    """The version that serves, or where its folder is not on this machine, was pushed last."""
    pushed = pushed_versions(records)
    version = serving(serving_dir) or (pushed[-1].version if pushed else None)
    if version is None:
        raise LineageError("no model was ever pushed; see `household-power lineage history`")
    return version
