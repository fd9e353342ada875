"""One local run: settings -> pipeline -> LocalRunner -> summary."""

import sys

from tfx_pipeline.data.curated_schema import SchemaError
from tfx_pipeline.data.raw.errors import DataError
from tfx_pipeline.data.raw.location import locate
from tfx_pipeline.local.metadata_store import MetadataError, connection_config
from tfx_pipeline.local.runner import LocalRunner
from tfx_pipeline.local.show import show_run
from tfx_pipeline.pipeline import create_pipeline
from tfx_pipeline.report.causes import explain
from tfx_pipeline.report.run import Run
from tfx_pipeline.settings import Settings


def run_pipeline(settings: Settings) -> int:
    """Runs the pipeline, prints the summary and writes it below the outputs folder.

    Args:
        settings: What to run.

    Returns:
        The exit code: 0 when every node ran or was cached, 1 when one failed, or none could run.
    """
    try:
        return _run(settings)
    except (DataError, SchemaError, MetadataError) as error:
        print(f"error: {error}", file=sys.stderr)
    except OSError as error:
        print(f"error: {explain(error)}", file=sys.stderr)
    return 1


def _run(settings: Settings) -> int:
    pipeline = create_pipeline(
        settings,
        data=locate(settings.data_path),
        pipeline_root=str(settings.root / "artifacts"),
        serving_dir=str(settings.serving_dir),
        search_dir=str(settings.root / "tuner"),
        metadata_connection_config=connection_config(settings.root / "metadata.sqlite"),
    )
    run: Run | None = LocalRunner(settings.root).run(pipeline)
    # `tfx pipeline create` reads the pipeline without running it
    return 0 if run is None else show_run(settings, run)
