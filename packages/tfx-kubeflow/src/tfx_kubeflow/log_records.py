"""The log of a step: text in a pod, where people read it; records for a program that shows it."""

import dataclasses
import json
import logging
import os
import re
import sys
from dataclasses import dataclass
from typing import Self

TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
VARIABLE = "TFX_KUBEFLOW_LOG_RECORDS"
"""Environment variable; where it is set, a step logs records."""
KEY = "tfx_kubeflow_log_record"
TEXT_LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} ([A-Z]+) ([\w.]+): (.*)")
"""A line of the form `TEXT`."""
LIBRARIES = frozenset(
    {
        "absl",
        "apache_beam",
        "asyncio",
        "google",
        "grpc",
        "h5py",
        "jax",
        "keras",
        "keras_tuner",
        "kfp",
        "matplotlib",
        "ml_metadata",
        "numba",
        "py",
        "root",
        "tensorflow",
        "tensorflow_data_validation",
        "tensorflow_model_analysis",
        "tensorflow_transform",
        "tfx",
        "tfx_bsl",
        "tfx_kubeflow",
        "urllib3",
    }
)
"""Packages whose log lines are not the step's own."""


@dataclass(frozen=True)
class LogRecord:
    """What a step logged, or printed.

    Attributes:
        message: The message, or the line that was printed; may have several lines.
        logger: Name of the logger; empty for what was printed.
        level: Number of the level, as in `logging`.
        text: As it stands in a log that people read.
    """

    message: str
    logger: str
    level: int
    text: str

    @classmethod
    def of_line(cls, line: str) -> Self:
        """Reads a line that a step wrote; see `log_to_stderr`."""
        try:
            return cls(**json.loads(line)[KEY])
        except (ValueError, TypeError, LookupError):  # printed by anybody
            return cls(line, logger="", level=logging.NOTSET, text=line)

    @classmethod
    def of_text(cls, line: str) -> Self:
        """Reads a line of a log that people read, such as that of a pod."""
        found = TEXT_LINE.fullmatch(line)
        if found is None:  # printed by anybody, or a further line of a message
            return cls(line, logger="", level=logging.NOTSET, text=line)
        level, logger, message = found.groups()
        number = logging.getLevelNamesMapping().get(level, logging.INFO)
        return cls(message, logger, number, text=line)


class _AsRecord(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        found = LogRecord(record.getMessage(), record.name, record.levelno, text)
        return json.dumps({KEY: dataclasses.asdict(found)})


def log_to_stderr() -> None:
    """Writes what is logged from now on: as text, or a record a line where `VARIABLE` is set."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter((_AsRecord if os.environ.get(VARIABLE) else logging.Formatter)(TEXT))
    logging.basicConfig(level=logging.INFO, handlers=[handler])


def own_message(record: LogRecord) -> str:
    """Returns what the step's own code logged; empty for what a library did, or was printed."""
    if not record.logger or record.logger.partition(".")[0] in LIBRARIES:
        return ""
    level = (
        "" if record.level <= logging.INFO else f"{logging.getLevelName(record.level).lower()}: "
    )
    return level + record.message
