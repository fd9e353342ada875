"""Answers as pictures: Mermaid's text, which GitHub and many editors draw."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tfx_pipeline.lineage.answers import Data, Model, Origin, Reach, Record

MOST_FILES = 8
"""Files that a drawing names."""


def picture(answer: Origin | Reach) -> str:
    """Returns the Mermaid text of where a model comes from, or of what became of data."""
    parts = _origin(answer) if isinstance(answer, Origin) else _reach(answer)
    return "\n".join(["flowchart LR", *(f"  {line}" for line in parts)])


def _origin(answer: Origin) -> Iterator[str]:
    records = {
        "hyperparameters": answer.searched,
        "transform graph": answer.transform_graph,
        "curated schema": answer.curated_schema,
        "statistics": answer.statistics,
    }
    for title, record in records.items():
        if record:
            yield _box(record, [title, f"run {record.run}"])
    if answer.data:
        yield _cylinder(answer.data)
    yield from _outcome(answer.model)
    yield from (f"a{one} --> a{other}" for one, other in answer.edges)


def _reach(answer: Reach) -> Iterator[str]:
    for data in answer.data:
        yield _cylinder(data)
    for model in answer.models:
        yield from (f"a{data} --> a{model.id}" for data in model.data)
        yield from _outcome(model)


def _outcome(model: Model) -> Iterator[str]:
    yield _box(model, [f"model {model.id}", f"run {model.run}"])
    for blessing in model.blessings:
        failed = sorted({one.rule for one in blessing.verdicts if one.outcome == "failed"})
        words = ["blessed"] if blessing.blessed else ["refused", *failed]
        yield f"a{model.id} --> a{blessing.id}{{{_label(words)}}}"
    for push in model.pushes:
        blessed = [one for one in model.blessings if one.blessed and one.decided <= push.pushed]
        label = _label([f"version {push.version}", push.state])
        yield f"a{blessed[-1].id if blessed else model.id} --> v{push.version}[({label})]"


def _cylinder(data: Data) -> str:
    files = [
        f"{file.path.rpartition('/')[2]} {file.sha256[:12]}" for file in data.files[:MOST_FILES]
    ]
    if len(data.files) > MOST_FILES:
        files.append(f"and {len(data.files) - MOST_FILES:,} more files")
    return f"a{data.id}[({_label([f'{data.first} .. {data.last}', *files])})]"


def _box(record: Record, words: Iterable[str]) -> str:
    return f"a{record.id}[{_label(words)}]"


def _label(words: Iterable[str]) -> str:
    escaped = [
        word.replace("#", "#35;").replace('"', "#quot;").replace("<", "#lt;") for word in words
    ]
    return '"' + "<br>".join(escaped) + '"'
