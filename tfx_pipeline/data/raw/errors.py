"""What can be wrong with the raw data, and how it is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

ADVICE: dict[str, str] = {
    "backward": "Sort the rows of each meter by time.",
    "cadence": "Resample the series to one row a minute.",
    "columns": "Every line needs one field per column of the header.",
    "compression": "Pack the file again: plain text, gzip, or a zip archive with one file.",
    "delimiter": "Separate the original UCI columns by ';' and the ISO columns by ','.",
    "duplicate": "Keep one row per minute and meter; use a clock without summer time.",
    "empty": "Give a file with a header and one row a minute.",
    "encoding": "Save the file as UTF-8.",
    "header": "Name exactly the expected columns in the first line, in any order.",
    "infinite": "Leave the field empty or write '?' where a value is missing.",
    "meter": "Name the household in every row, or leave the meter column out of every file.",
    "minute": "Give one row a minute, stamped with the whole minute (seconds :00).",
    "missing": "Check the export: at least some minutes need values.",
    "number": "Write numbers with a decimal point; leave the field empty or write '?' where a "
    "value is missing.",
    "overlap": "Give files that do not overlap in time, or name the households in a meter column.",
    "split": "Give more data, or change the shares of the splits, the window or data.max_gap.",
    "timestamp": "Write dd/mm/yyyy;HH:MM:SS in the original UCI format and YYYY-MM-DD HH:MM:SS, "
    "without a time zone, in the ISO format; from 1970 on.",
    "truncated": "The file ends in the middle of this line: copy or export it again.",
}
"""Rule -> the way out."""

REPORTED = 5
"""Bad rows that are named one by one; the rest is only counted."""


@dataclass(frozen=True)
class Problem:
    """One broken rule and where it is.

    Attributes:
        rule: Key of `ADVICE`.
        detail: What is wrong, in words, with the offending text.
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
        place = ", ".join(
            part
            for part in (
                self.file,
                self.line and f"line {self.line}",
                self.column and f"column {self.column}",
            )
            if part
        )
        return f"{place or 'input'}: {self.detail} [{self.rule}]"


class DataError(ValueError):
    """The raw data breaks a rule; the message says where, which, and the way out.

    Attributes:
        problems: The broken rules, first one first.
    """

    problems: tuple[Problem, ...] = ()

    @classmethod
    def of(cls, *problems: Problem, heading: str = "") -> DataError:
        """Tells `problems`, and the way out of each kind, under an optional heading."""
        ways_out = dict.fromkeys(ADVICE[problem.rule] for problem in problems)
        error = cls("\n".join(filter(None, [heading, *map(str, problems), *ways_out])))
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
