"""What ends a look at a file, and what is said about a description beside its values."""

from __future__ import annotations

from dataclasses import dataclass, field


class DescribeError(ValueError):
    """A file cannot be described; the message names the file and the way out."""


@dataclass(frozen=True)
class Remark:
    """Something a person should know, or decide.

    Attributes:
        field: Of the description, or the column, that it is about.
        text: One sentence.
        unsure: Whether it asks for a decision.
    """

    field: str
    text: str
    unsure: bool = False


@dataclass
class Remarks:
    """Collects remarks in the order in which they are made."""

    made: list[Remark] = field(default_factory=list)

    def note(self, about: str, text: str) -> None:
        """Says what was found."""
        self.made.append(Remark(about, text))

    def doubt(self, about: str, text: str) -> None:
        """Says what a person has to decide."""
        self.made.append(Remark(about, text, unsure=True))

    def about(self, name: str) -> list[Remark]:
        """Those of a field or column."""
        return [one for one in self.made if one.field == name]

    def doubtful(self, name: str) -> bool:
        """Whether a person has to decide something about a field or column."""
        return any(one.unsure for one in self.about(name))
