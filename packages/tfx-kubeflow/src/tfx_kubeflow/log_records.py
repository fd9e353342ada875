"""The log of a step: text in a pod, where people read it; records for a program that shows it."""

import dataclasses
import json
import logging
import os
import sys
from dataclasses import dataclass
from typing import Self

TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
VARIABLE = "TFX_KUBEFLOW_LOG_RECORDS"
"""Environment variable; where it is set, a step logs records."""
KEY = "tfx_kubeflow_log_record"


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
