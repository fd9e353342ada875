"""How the raw series is read and cut; plain numbers that travel as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from tfx_pipeline.data.contract import Windowing


@dataclass(frozen=True)
class DataOptions:
    """Everything that decides which Examples come out of the same files.

    Attributes:
        windowing: Shape of a segment.
        max_gap: Minutes; a longer run without the target ends a stretch.
        train_fraction: Share of the time range, the oldest part, for `train`.
        eval_fraction: Share after it for `eval`; the newest rest is `test`.
        max_bad_rows: Bad rows that are accepted as missing minutes, over all files.
        rows: Read only the first so many rows of the input; None for all.
    """

    windowing: Windowing = field(default_factory=Windowing)
    max_gap: int = 15
    train_fraction: float = 0.7
    eval_fraction: float = 0.1
    max_bad_rows: int = 0
    rows: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.max_gap < self.windowing.window:
            raise ValueError(
                f"max_gap must be at least 0 and less than the window of {self.windowing.window} "
                f"minutes, not {self.max_gap}: every window needs an observed minute"
            )
        test_fraction = 1 - self.train_fraction - self.eval_fraction
        if min(self.train_fraction, self.eval_fraction, test_fraction) <= 0:
            raise ValueError(
                f"train_fraction {self.train_fraction} and eval_fraction {self.eval_fraction} "
                "must be positive and leave a rest for the test split"
            )

    @classmethod
    def from_dict(cls, options: dict[str, Any]) -> DataOptions:
        """Takes the fields by name; `windowing` is a dict of the fields of `Windowing`.

        Raises:
            TypeError: A name is unknown.
            ValueError: A number is out of its range.
        """
        return cls(**{**options, "windowing": Windowing(**options.get("windowing", {}))})

    @classmethod
    def from_json(cls, text: str) -> DataOptions:
        """Reads what `to_json` wrote."""
        return cls.from_dict(json.loads(text))

    def to_json(self) -> str:
        """Writes the options with stable order, so that equal options are equal texts."""
        return json.dumps(asdict(self), sort_keys=True)
