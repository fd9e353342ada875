"""The conformance table: `python -m conformance` writes the verdicts and docs/conformance.md.

    PYTHONPATH=packages/tfx-kubeflow/tests .venv/bin/python -m conformance --judge PATH

The judge is a program of KFP's own Go code: it uploads each package, compiles it for Argo and
validates that, and writes a line of JSON for each. A verdict of an unchanged package is kept, so
that only those who change packages need it.
"""

import argparse
import json
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import conformance.cases  # noqa: F401 - fills the registry
from conformance.outcomes import Outcome, disagreements, outcome
from conformance.registry import CASES, Case

HERE = Path(__file__).parent
VERDICTS = HERE / "verdicts.json"
TABLE = HERE.parent.parent / "docs/conformance.md"
Verdict = dict[str, str]

INTRODUCTION = """\
# Conformance

What becomes of pipelines on Kubeflow Pipelines: every one that TFX {tfx} ships for its V2 runner
and compiler, as the installed package builds it, and {own} of ours with one feature each
([the cases](../tests/conformance/cases)). Made by `python -m conformance`; the tests compare.

- *compiles*: into a package that kfp loads, whose references resolve to declared inputs and outputs
  of the same type, whose constants fit their types, and in which nothing is left that KFP or Argo
  would expand or KFP's database refuse;
- *refused*: by the compiler, with the words that the table gives;
- *TFX refuses*: already while the pipeline is built;
- *not there*: TFX ships the file, but it imports what the installed TFX does not have.

*Judge*: KFP 2.17's API server and compiler and Argo 4.0's validation, as a Go program without a
cluster: whether a run can be created, and every `depends` evaluated. *Ran*, with the outputs
compared: locally is KFP's local runner; on a backend is KFP 2.17 with an image of the project and
the cases' components, many cases as one pipeline.
"""
TITLES = {
    "compiles": "compiles",
    "refused": "refused",
    "tfx refuses": "TFX refuses",
    "absent": "not there",
    "traceback": "**traceback**",
}


def verdicts() -> dict[str, Verdict]:
    """Returns the recorded verdicts by the names of the cases."""
    found: dict[str, Verdict] = json.loads(VERDICTS.read_text(encoding="utf-8"))
    return found


def verdict(case: Case, found: Outcome, before: Verdict) -> Verdict:
    """Returns what is recorded of a case, with the judge's earlier word on the same package."""
    made = {"verdict": found.verdict}
    if found.words:
        made["words"] = found.words
    if found.package:
        made["digest"] = found.digest
        if before.get("digest") == found.digest and "judge" in before:
            made["judge"] = before["judge"]
        if before.get("digest") == found.digest and "backend" in before:
            made["backend"] = before["backend"]
        if case.runs is not None or case.fails:
            made["ran"] = "; ".join(disagreements(case, found.package)) or "as expected"
    return made


def judged(judge: str, packages: dict[str, tuple[Case, str]]) -> dict[str, str]:
    """Asks the judge for its verdicts.

    Args:
        judge: Path of the program.
        packages: Name of a case -> the case and the text of its package.

    Returns:
        Name -> "ok", or the stage and the message of the refusal.
    """
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        plain = []
        for number, (name, (case, text)) in enumerate(packages.items()):
            path = Path(folder, f"{number}.yaml")
            path.write_text(text, encoding="utf-8")
            if not case.arguments:
                plain.append((name, path))
                continue
            given = [f"{key}={json.dumps(value)}" for key, value in case.arguments.items()]
            flags = [flag for value in given for flag in ("-param", value)]
            found |= _answers([judge, *flags, str(path)], [(name, path)])
        found |= _answers([judge, *(str(path) for _, path in plain)], plain)
    return found


def _answers(command: list[str], files: Iterable[tuple[str, Path]]) -> dict[str, str]:
    lines = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
    said = {line["file"]: line for line in map(json.loads, lines)}
    return {name: _answer(said[str(path)], str(path)) for name, path in files}


def _answer(line: dict[str, Any], path: str) -> str:
    message = " ".join(line["message"].replace(path, "the package").split())
    # Argo fills the names of a pod's labels in before it makes the pod.
    if line["verdict"] == "ok" or (line["stage"] == "name" and "{{inputs.parameters" in message):
        return "ok"
    return f"{line['stage'] or line['verdict']}: {message[:300]}"


def remake(judge: str | None) -> dict[str, Verdict]:
    """Compiles every case and records what became of it."""
    before = verdicts() if VERDICTS.exists() else {}
    made, packages = {}, {}
    for name, case in CASES.items():
        found = outcome(case)
        made[name] = verdict(case, found, before.get(name, {}))
        if found.package:
            packages[name] = (case, found.package)
    if judge:
        for name, said in judged(judge, packages).items():
            made[name]["judge"] = said
    return made


def table(recorded: dict[str, Verdict]) -> str:
    """Returns the table as Markdown."""
    from tfx import version

    own = sum(case.theme != "shipped" for case in CASES.values())
    parts = [INTRODUCTION.format(tfx=version.__version__, own=own), _summary(recorded)]
    for theme in dict.fromkeys(["shipped", *(case.theme for case in CASES.values())]):
        names = [name for name, case in CASES.items() if case.theme == theme]
        title = "Pipelines of TFX's" if theme == "shipped" else theme.replace("_", " ").capitalize()
        rows = [_row(CASES[name], recorded[name]) for name in names]
        head = "| case | outcome | judge | ran |\n|---|---|---|---|"
        parts.append("\n".join((f"## {title}", "", head, *rows, "")))
    return "\n".join(parts)


def _summary(recorded: dict[str, Verdict]) -> str:
    count = Counter(said["verdict"] for said in recorded.values())
    rows = [f"| {TITLES[kind]} | {number} |" for kind, number in sorted(count.items())]
    accepted = sum(said.get("judge") == "ok" for said in recorded.values())
    ran = sum(said.get("ran") == "as expected" for said in recorded.values())
    rows += [f"| accepted by the judge | {accepted} |", f"| ran locally, as expected | {ran} |"]
    return "\n".join(("| | cases |", "|---|---|", *rows, ""))


def _row(case: Case, said: Verdict) -> str:
    words = f": {said['words']}" if said.get("words") else ""
    ran = "locally" if said.get("ran") == "as expected" else said.get("ran", "")
    ran = ", ".join(filter(None, (ran, said.get("backend", ""))))
    name = f"{case.name} (`{case.source}`)" if case.source else case.name
    cells = (name, TITLES[said["verdict"]] + words, said.get("judge", ""), ran)
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _cell(text: str) -> str:
    short = text if len(text) < 400 else f"{text[:400]}..."
    return short.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def main() -> None:
    """Writes the verdicts and the table."""
    parser = argparse.ArgumentParser(prog="conformance", description=__doc__)
    parser.add_argument("--judge", help="program of KFP's that judges packages")
    write(remake(parser.parse_args().judge))


def write(recorded: dict[str, Verdict]) -> None:
    """Writes the verdicts and the table of them."""
    text = json.dumps(recorded, indent=1, sort_keys=True, ensure_ascii=False)
    VERDICTS.write_text(f"{text}\n", encoding="utf-8")
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text(table(recorded), encoding="utf-8")
