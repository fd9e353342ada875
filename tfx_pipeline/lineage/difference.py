"""What differs between two runs."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from tfx_pipeline.data.summary import DATA_FILES_PROPERTY
from tfx_pipeline.evaluation.results import SCORES_PROPERTY
from tfx_pipeline.lineage.answers import Change, Difference
from tfx_pipeline.lineage.facts import code_of
from tfx_pipeline.lineage.files import extent_of, files_of
from tfx_pipeline.lineage.origin import hyperparameters
from tfx_pipeline.lineage.records import LineageError, Records
from tfx_pipeline.lineage.runs import RunRecords, named

NO_SETTING = re.compile(
    r"input_config|resolved_input_config|input_base|span|version|input_fingerprint"  # the data
    r"|scheduled_time|.*__metadata"  # the run; Kubeflow's own
)
"""Parameters that are none."""
Values = dict[str, Any]


def difference(records: Records, before: str, after: str) -> Difference:
    """Returns what differs between two runs.

    Args:
        records: The records.
        before: Name of a run, or its beginning.
        after: The same of another run.

    Raises:
        LineageError: There is no such run.
    """
    pair = [named(records, before), named(records, after)]
    found = RunRecords(records, pair)
    one, two = (run.name for run in pair)
    changes = {
        name: _changes(values(found, one), values(found, two))
        for name, values in (
            ("data", _data),
            ("settings", _settings),
            ("code", _code),
            ("metrics", _metrics),
            ("outcome", _outcome),
        )
    }
    return Difference(before=one, after=two, **changes)


def _data(runs: RunRecords, run: str) -> Values:
    made = runs.made(run, "Examples")
    if made is None:
        return {}
    _, examples = made
    values: Values = extent_of(examples) | {"span": int(examples.properties.get("span", 0))}
    try:
        return values | {file.path: f"sha256:{file.sha256}" for file in files_of(examples)}
    except LineageError:  # the rest can be compared without the list, and its digest tells
        return values | {"files": examples.properties[DATA_FILES_PROPERTY]}


def _settings(runs: RunRecords, run: str) -> Values:
    """Parameters of components by path, and the hyperparameters that the model has."""
    values: Values = {}
    for execution in runs.executions(run):
        values[execution.component] = "run"
        for key, one in execution.parameters.items():
            if not NO_SETTING.fullmatch(key):
                values |= _flat(one, f"{execution.component}.{key}")
    if made := runs.made(run, "Model"):
        values |= _flat(hyperparameters(made[1]) or {}, "hyperparameters")
    return values


def _code(runs: RunRecords, run: str) -> Values:
    made = {
        execution.component: code_of(artifact)
        for execution in runs.executions(run)
        for artifact in runs.graph.outputs(execution.id).values()
    }
    return {component: code for component, code in made.items() if code}


def _metrics(runs: RunRecords, run: str) -> Values:
    made = runs.made(run, "ModelEvaluation")
    return json.loads(made[1].properties.get(SCORES_PROPERTY, "{}")) if made else {}


def _outcome(runs: RunRecords, run: str) -> Values:
    blessing, pushed = runs.made(run, "ModelBlessing"), runs.made(run, "PushedModel")
    failed = [one.component for one in runs.executions(run) if one.state == "failed"]
    return {
        "failed": failed[-1] if failed else None,
        "blessed": blessing[1].properties.get("blessed") == 1 if blessing else None,
        "pushed version": pushed[1].properties.get("pushed_version") if pushed else None,
    }


def _flat(value: Any, path: str) -> Values:
    """Values by path: nested settings are JSON within texts, as TFX hands them over."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            value = json.loads(value)
        except ValueError:
            return {path: value}
    if isinstance(value, Mapping):
        found: Values = {}
        for key, one in value.items():
            found |= _flat(one, f"{path}.{key}")
        return found
    return {path: value}


def _changes(before: Values, after: Values) -> tuple[Change, ...]:
    """What differs; of what only one of them has, the whole and not each part."""
    changes: list[Change] = []
    for name in sorted(before.keys() | after.keys()):
        change = Change(where=name, before=before.get(name), after=after.get(name))
        known = {one.where for one in changes if None in (one.before, one.after)}
        if change.before != change.after and known.isdisjoint(_wholes(name)):
            changes.append(change)
    return tuple(changes)


def _wholes(name: str) -> set[str]:
    parts = name.split(".")
    return {".".join(parts[:end]) for end in range(1, len(parts))}
