"""Driver of PowerExampleGen: reads the files that the check of the raw data reads."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cached_property

from tfx.components.example_gen.driver import FileBasedDriver
from tfx.components.example_gen.input_processor import FileBasedInputProcessor
from tfx.dsl.io import fileio
from tfx.proto import example_gen_pb2, range_config_pb2

from tfx_pipeline.data.raw.files import Found, find_files
from tfx_pipeline.data.raw.location import Location


class Driver(FileBasedDriver):
    """TFX's for files, but for the rules by which files are found."""

    def get_input_processor(
        self,
        splits: Iterable[example_gen_pb2.Input.Split],
        range_config: range_config_pb2.RangeConfig | None = None,
        input_base_uri: str | None = None,
    ) -> InputProcessor:
        """Returns the processor that resolves span and version."""
        return InputProcessor(input_base_uri, splits, range_config)


class InputProcessor(FileBasedInputProcessor):
    """Resolves the one pattern of a PowerExampleGen.

    TFX's own takes `span-9` for what it found in `span-09`, and an older span where the newest
    folder is empty.
    """

    def resolve_span_and_version(self) -> tuple[int, int | None]:
        """Finds the newest files.

        Raises:
            DataError: There are none, or it is not clear which.
        """
        return self._found.span, self._found.version

    def get_pattern_for_span_version(self, pattern: str, span: int, version: int | None) -> str:
        """Returns the pattern with the digits of the paths that were found."""
        del pattern, span, version
        return self._found.pattern

    def get_input_fingerprint(self, span: int, version: int | None) -> str:
        """Hashes names, sizes and modification times."""
        del span, version
        digest = hashlib.sha256()
        for file in self._found.files:
            stat = fileio.stat(file)
            digest.update(f"{file}\0{stat.length}\0{stat.mtime_nsec}\0".encode())
        return f"files:{len(self._found.files)},sha256:{digest.hexdigest()}"

    @cached_property
    def _found(self) -> Found:
        [split] = self._splits
        return find_files(Location(self._input_base_uri, split.pattern), fileio)
