"""Refreshing the curated schema from the newest statistics of the local pipeline."""

import difflib
import sys
from pathlib import Path

import tensorflow_data_validation as tfdv
from ml_metadata.proto import metadata_store_pb2
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from tfx_pipeline.data.contract import SPLITS
from tfx_pipeline.data.curated_schema import curated_schema, to_text
from tfx_pipeline.local.metadata_store import open_store
from tfx_pipeline.settings import Settings


def refresh(settings: Settings, write: bool) -> int:
    """Prints what the newest statistics would change in the curated schema.

    TFDV changes only what the statistics contradict: ranges grow, new features are added.

    Args:
        settings: Name the schema file and the pipeline.
        write: Also change the file; review the change before committing it.

    Returns:
        0 when nothing differs or the file was written; 1 otherwise.
    """
    schema = curated_schema(settings.schema_file, settings.spec, settings.shape)
    folder = _newest_statistics(settings)
    if folder is None:
        print(f"error: no statistics below {settings.root}; run the pipeline once", file=sys.stderr)
        return 1
    before = to_text(schema)
    after = to_text(refreshed(schema, folder))
    difference = list(
        difflib.unified_diff(
            before.splitlines(),
            after.splitlines(),
            str(settings.schema_file),
            f"statistics of {folder}",
            lineterm="",
            n=8,
        )
    )
    if not difference:
        print(f"{settings.schema_file} agrees with {folder}")
        return 0
    print("\n".join(difference))
    if not write:
        return 1
    file = settings.schema_file
    file.write_text(_header(file.read_text("utf-8")) + after, encoding="utf-8")
    print(f"wrote {file}")
    return 0


def refreshed(schema: schema_pb2.Schema, statistics_folder: Path) -> schema_pb2.Schema:
    """Returns the schema changed to hold for every split's statistics."""
    for split in SPLITS:
        for file in (statistics_folder / f"Split-{split}").iterdir():
            schema = tfdv.update_schema(schema, _load(file))
    return schema


def _load(file: Path) -> statistics_pb2.DatasetFeatureStatisticsList:
    return tfdv.load_stats_binary(str(file))


def _newest_statistics(settings: Settings) -> Path | None:
    database = settings.root / "metadata.sqlite"
    if not database.exists():
        return None
    store = open_store(database)
    known = {kind.name for kind in store.get_artifact_types()}
    if "ExampleStatistics" not in known:
        return None
    live = [
        artifact
        for artifact in store.get_artifacts_by_type("ExampleStatistics")
        if artifact.state == metadata_store_pb2.Artifact.LIVE and Path(artifact.uri).exists()
    ]
    return Path(max(live, key=lambda artifact: artifact.id).uri) if live else None


def _header(text: str) -> str:
    lines = text.splitlines(keepends=True)
    return "".join(lines[: next((i for i, line in enumerate(lines) if line[0] != "#"), 0)])
