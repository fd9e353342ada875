"""What can be wrong with the raw data, and how it is reported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

HINTS: dict[str, str] = {
    "backward": "Sort the rows of each meter by time.",
    "cadence": "Resample the series to one row a minute.",
    "clock": "The clock went back, as summer time ends: write winter time all year.",
    "columns": "Every line needs one field per column of the header.",
    "compression": "Give plain text, gzip, or a zip archive with one text file in it.",
    "date": "Correct the date of the row that is out of place; if there are many, sort the rows.",
    "delimiter": "Separate the original UCI columns by ';' and the ISO columns by ','.",
    "duplicate": "Keep one row per minute and meter; use a clock without summer time.",
    "empty": "Give a file with a header and one row a minute.",
    "encoding": "Save the file as UTF-8.",
    "file": "Name regular files that can be read: one, a folder of nothing else, or a pattern "
    "such as data/span-{SPAN}/*.csv.",
    "header": "Name exactly the expected columns in the first line, in any order.",
    "impossible": "Leave the field empty or write '?' where the meter has no value.",
    "infinite": "Leave the field empty or write '?' where a value is missing.",
    "lines": "Export one row a line, each ended by LF or CRLF.",
    "meter": "Name the meter in every row, always the same way, or leave the column out of every "
    "file.",
    "minute": "Give one row a minute, stamped with the whole minute (seconds :00).",
    "missing": "Check the export: at least some minutes need values.",
    "number": "Write numbers with a decimal point; leave the field empty or write '?' where a "
    "value is missing.",
    "overlap": "Give files that do not overlap in time, or name the meters in a meter column.",
    "span": "Number the folders or files of data.path once each, and fill the newest before a run.",
    "split": "Give more data, or change the fractions of the splits, the window or data.max_gap.",
    "timestamp": "Write every time as the format has it, without a time zone; from 1970 on.",
    "truncated": "The file ends in the middle of this line: copy or export it again.",
}
"""Rule -> what to do about it."""

REPORTED = 5
"""Bad rows that are named one by one; the rest is only counted."""


@dataclass(frozen=True)
class Problem:
    """One broken rule and where it is.

    Attributes:
        rule: Key of `HINTS`.
        detail: What is wrong, with the offending text.
        file: Path as it was given.
        line: 1-based line of the (uncompressed) file.
        column: Name of the column.
    """

    rule: str
    detail: str
    file: str | None = None
    line: int | None = None
    column: str | None = None

    def __str__(self) -> str:
        where = ", ".join(
            part
            for part in (
                self.file,
                self.line and f"line {self.line}",
                self.column and f"column {self.column}",
            )
            if part
        )
        return f"{where or 'input'}: {self.detail} [{self.rule}]"


class DataError(ValueError):
    """The raw data breaks a rule; the message says where, which, and what to do.

    Attributes:
        problems: The broken rules, first one first.
    """

    problems: tuple[Problem, ...] = ()

    @classmethod
    def of(cls, *problems: Problem, heading: str = "") -> DataError:
        """Lists `problems`, and the hint for each kind, under an optional heading."""
        hints = dict.fromkeys(HINTS[problem.rule] for problem in problems)
        error = cls("\n".join(filter(None, [heading, *map(str, problems), *hints])))
        error.problems = problems
        return error


class BadRows:
    """Counts the rows that are left out, and stops at one more than are accepted.

    Attributes:
        count: Rows left out, by rule.
        first: The first few of them.
    """

    def __init__(self, accepted: int = 0) -> None:
        self.accepted = accepted
        self.count: Counter[str] = Counter()
        self.first: list[Problem] = []

    def add(self, problems: Sequence[Problem]) -> None:
        """Takes note of bad rows.

        Raises:
            DataError: There are more than the accepted number of them.
        """
        for problem in problems:
            self.count[problem.rule] += 1
            if len(self.first) < REPORTED:
                self.first.append(problem)
            if self.count.total() > self.accepted:
                raise self._error(problem)

    def _error(self, last: Problem) -> DataError:
        if not self.accepted:
            return DataError.of(last)
        return DataError.of(
            *self.first,
            heading=f"more than data.max_bad_rows = {self.accepted} bad rows, the first ones:",
        )
