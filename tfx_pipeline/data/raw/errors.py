"""What can be wrong with the raw data, and how it is reported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

HINTS: dict[str, str] = {
    "backward": "Sort the rows of each meter by time.",
    "cadence": "Read it in longer steps (`windowing.cadence`, or the description's `cadence`), or "
    "export finer rows.",
    "clock": "The clock went back, as summer time ends: describe the zone of the times (`zone: "
    "Europe/Paris`), or write winter time all year.",
    "columns": "Every line needs one field per column of the header.",
    "compression": "Give plain text, gzip, a zip archive with one text file in it, or a "
    "Parquet file.",
    "date": "Correct the date of the row that is out of place; if there are many, sort the rows.",
    "delimiter": "Separate columns as the layout describes, or correct its `delimiter`.",
    "duplicate": "Keep one row per time and meter; if it is the clock that goes back in autumn, "
    "describe its zone.",
    "empty": "Give a file with a header and rows.",
    "encoding": "Save the file as UTF-8.",
    "file": "Name regular files that can be read: one, a folder of nothing else, or a pattern "
    "such as data/span-{SPAN}/*.csv.",
    "header": "Name the expected columns in the first line, in any order; others are listed under "
    "`ignored` in the description.",
    "group": "Name the same group in every row of a meter.",
    "impossible": "Leave the field empty or write '?' where the meter has no value, or correct the "
    "description's `lowest` and `highest`.",
    "infinite": "Leave the field empty or write '?' where a value is missing.",
    "lines": "Export one row a line, each ended by LF or CRLF.",
    "meter": "Name the meter in every row, always the same way, or leave the column out of every "
    "file.",
    "missing": "Check the export: at least some rows need values.",
    "number": "Write numbers with the decimal sign of the layout, between thousands nothing or its "
    "`thousands`; leave the field "
    "empty or write '?' where a value is missing.",
    "overlap": "Give files that do not overlap in time, or name the meters in a meter column.",
    "skipped": "Write what the local clock shows, or describe another zone of the layout's times, "
    "such as UTC, or Etc/GMT-1 for a clock without summer time.",
    "span": "Number the folders or files of data.path once each, and fill the newest before a run.",
    "split": "Give more data, or change the fractions of the splits, the window or data.max_gap.",
    "step": "Give rows at whole steps, as those before it are, or, where times are irregular, "
    "as a file of their own.",
    "timestamp": "Write every time as the layout describes it, or correct its `format`; an offset "
    "from UTC needs a described zone.",
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
        counted: What `line` counts; rows in a Parquet file.
    """

    rule: str
    detail: str
    file: str | None = None
    line: int | None = None
    column: str | None = None
    counted: str = "line"

    def __str__(self) -> str:
        where = ", ".join(
            part
            for part in (
                self.file,
                self.line and f"{self.counted} {self.line}",
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
        without_lines: Files of numbered rows, as Parquet files are.
    """

    def __init__(self, accepted: int = 0) -> None:
        self.accepted = accepted
        self.without_lines: set[str] = set()
        self.count: Counter[str] = Counter()
        self.first: list[Problem] = []

    def add(self, problems: Sequence[Problem]) -> None:
        """Takes note of bad rows.

        Raises:
            DataError: There are more than the accepted number of them.
        """
        for problem in map(self._placed, problems):
            self.count[problem.rule] += 1
            if len(self.first) < REPORTED:
                self.first.append(problem)
            if self.count.total() > self.accepted:
                raise self._error(problem)

    def refuse(self, problem: Problem) -> NoReturn:
        """Raises for a row whose fault is never accepted.

        Raises:
            DataError: Always.
        """
        raise DataError.of(self._placed(problem))

    def _placed(self, problem: Problem) -> Problem:
        return replace(problem, counted="row") if problem.file in self.without_lines else problem

    def _error(self, last: Problem) -> DataError:
        if not self.accepted:
            return DataError.of(last)
        return DataError.of(
            *self.first,
            heading=f"more than data.max_bad_rows = {self.accepted} bad rows, the first ones:",
        )
