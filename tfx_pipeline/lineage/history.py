"""Runs and how they ended: what the gates decided, what was pushed, and what was taken back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from tfx_pipeline.components.data_gate.settings import FINDINGS_PROPERTY
from tfx_pipeline.lineage import served
from tfx_pipeline.lineage.answers import Blessing, History, RunOutcome
from tfx_pipeline.lineage.facts import Facts, Pushed, check, pushed_versions
from tfx_pipeline.lineage.records import Artifact, Execution, Records, Run
from tfx_pipeline.lineage.runs import RunRecords


def history(records: Records, last: int, serving_dir: Path) -> History:
    """Returns how the last runs ended, the newest first.

    Args:
        records: The records.
        last: How many.
        serving_dir: Folder of the served versions.
    """
    found = RunRecords(records, records.runs()[-last:])
    decided = [
        made[1]
        for run in found.runs
        for kind in ("ModelBlessing", "PushedModel")
        if (made := found.made(run.name, kind))
    ]
    if decided:
        found.graph.add_around([artifact.id for artifact in decided])  # made by earlier runs, too
    pushed = pushed_versions(records)
    facts = Facts(found.graph, decided, [], pushed)
    outcomes = [_outcome(found, run, facts, pushed) for run in reversed(found.runs)]
    return History(serves=served.serving(serving_dir), runs=tuple(outcomes))


def _outcome(found: RunRecords, run: Run, facts: Facts, pushed: Sequence[Pushed]) -> RunOutcome:
    failed = _failed(found.executions(run.name))
    model, evaluated, checked, push, approval = (
        found.made(run.name, kind)
        for kind in ("Model", "ModelBlessing", "InfraBlessing", "PushedModel", "DataApproval")
    )
    blessing = facts.blessing(evaluated[1]) if evaluated else None
    new = evaluated is not None and evaluated[0].state == "complete"
    return RunOutcome(
        run=run.name,
        started=run.started,
        state="failed" if failed else "complete" if push else "unfinished",
        failed=failed.component if failed else None,
        error=failed.error if failed else None,
        warnings=_warnings(approval[1]) if approval else (),
        model=model[1].id if model else None,
        new=new,
        blessing=blessing,
        check=check(checked[1]) if checked else None,
        push=facts.push(push[1]) if push and push[1].properties.get("pushed_version") else None,
        rolled_back=_rolled_back(blessing, pushed) if blessing and new else None,
    )


def _failed(executions: Sequence[Execution]) -> Execution | None:
    """What failed in a run, by the last attempt of each component."""
    attempts = {execution.component: execution for execution in executions}
    return next((one for one in attempts.values() if one.state == "failed"), None)


def _warnings(approval: Artifact) -> tuple[str, ...]:
    found = json.loads(approval.properties.get(FINDINGS_PROPERTY, "[]"))
    return tuple(f"{one['where']}: {one['message']}" for one in found)


def _rolled_back(blessing: Blessing, pushed: Sequence[Pushed]) -> str | None:
    """The version that had been pushed last, where an older one was the model to beat."""
    before = [one.version for one in pushed if one.id < blessing.id]
    if not before or blessing.baseline_version in (None, before[-1]):
        return None
    return before[-1]
