"""PowerExampleGen: raw rows of meters -> Examples, checked, cut into segments and split."""

from __future__ import annotations

from google.protobuf import any_pb2, wrappers_pb2
from tfx.components.example_gen.component import FileBasedExampleGen
from tfx.components.example_gen.utils import make_default_input_config
from tfx.dsl.components.base.executor_spec import BeamExecutorSpec
from tfx.proto import example_gen_pb2

from tfx_pipeline.components.example_gen.driver import Driver
from tfx_pipeline.components.example_gen.executor import Executor, Work
from tfx_pipeline.data.contract import SPLITS
from tfx_pipeline.data.options import DataOptions


class PowerExampleGen(FileBasedExampleGen):
    """Brings raw files into the pipeline.

    Reads the original UCI text format and ISO CSV, plain, gzip or zip, and fails with a
    `DataError` before anything is written if they break a rule of docs/data.md. Its driver resolves
    `{SPAN}` and `{VERSION}` in the pattern and fingerprints the files for the cache.

    Outputs:
        examples: `Examples` with splits train, eval and test; beside these `DATA_SUMMARY_FILE`, a
            `DataSummary` in JSON.

    Example:
        >>> PowerExampleGen("data", "span-{SPAN}/*", settings.data_options).id
        'PowerExampleGen'

    Args:
        input_base: Folder of the raw files.
        pattern: Files below it; may hold `*`, `{SPAN}`, `{VERSION}`.
        options: How they are read and cut.
        writers: Workers that write at the same time; each reads all files for itself.
    """

    DRIVER_CLASS = Driver
    EXECUTOR_SPEC = BeamExecutorSpec(Executor)

    def __init__(
        self, input_base: str, pattern: str, options: DataOptions, writers: int = 1
    ) -> None:
        work = Work(options=options, writers=writers)
        settings = any_pb2.Any()
        settings.Pack(wrappers_pb2.StringValue(value=work.model_dump_json()))
        super().__init__(
            input_base=input_base,
            input_config=make_default_input_config(pattern),
            output_config=_output_config(),
            custom_config=example_gen_pb2.CustomConfig(custom_config=settings),
        )


def _output_config() -> example_gen_pb2.Output:
    # Only the names count: the executor splits by time, never by hash.
    splits = [example_gen_pb2.SplitConfig.Split(name=split, hash_buckets=1) for split in SPLITS]
    return example_gen_pb2.Output(split_config=example_gen_pb2.SplitConfig(splits=splits))
