"""How the raw series is read and cut; plain numbers that travel as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from tfx_pipeline.data.contract import Framing


@dataclass(frozen=True)
class DataOptions:
    """Everything that decides which Examples come out of the same files.

    Attributes:
        framing: Shape of a segment.
        max_gap: Minutes; a longer run without the target ends a stretch.
        train_share: Share of the time range, the oldest part, for `train`.
        eval_share: Share after it for `eval`; the newest rest is `test`.
        max_bad_rows: Bad rows that are accepted as missing minutes, over all files.
        rows: Read only the first so many rows of the input; None for all.
    """

    framing: Framing = field(default_factory=Framing)
    max_gap: int = 15
    train_share: float = 0.7
    eval_share: float = 0.1
    max_bad_rows: int = 0
    rows: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.max_gap < self.framing.window:
            raise ValueError(
                f"max_gap must be at least 0 and less than the window of {self.framing.window} "
                f"minutes, not {self.max_gap}: every window needs an observed minute"
            )
        if min(self.train_share, self.eval_share, 1 - self.train_share - self.eval_share) <= 0:
            raise ValueError(
                f"train_share {self.train_share} and eval_share {self.eval_share} must be "
                "positive and leave a rest for the test split"
            )

    @classmethod
    def from_dict(cls, options: dict[str, Any]) -> DataOptions:
        """Takes the fields by name; `framing` is a dict of the fields of `Framing`.

        Raises:
            TypeError: A name is unknown.
            ValueError: A number is out of its range.
        """
        return cls(**{**options, "framing": Framing(**options.get("framing", {}))})

    @classmethod
    def from_json(cls, text: str) -> DataOptions:
        """Reads what `to_json` wrote."""
        return cls.from_dict(json.loads(text))

    def to_json(self) -> str:
        """Writes the options with stable order, so that equal options are equal texts."""
        return json.dumps(asdict(self), sort_keys=True)
