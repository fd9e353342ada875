"""The settings of the raw minutes: which are read, and how they are cut."""

from typing import Self

from pydantic import Field, model_validator

from tfx_pipeline.data.contract import Windowing
from tfx_pipeline.frozen import Frozen, UserPath


class DataRules(Frozen):
    """How the raw minutes are read and cut, wherever they are."""

    rows: int | None = Field(ge=1)
    """Read only the first N rows of the input; null: all."""
    max_gap: int = Field(ge=0)
    """Minutes; a longer run without the target ends an interval, which no window crosses."""
    max_bad_rows: int = Field(ge=0)
    """Isolated unreadable rows accepted; they are counted, reported and become missing minutes."""
    train_fraction: float = Field(gt=0.0, lt=1.0)
    """Of the time range, the oldest part, to train on."""
    eval_fraction: float = Field(gt=0.0, lt=1.0)
    """Of the time range after it, for tuning; the newest rest, the test split, is the gate's."""

    @model_validator(mode="after")
    def _leaves_a_test_split(self) -> Self:
        if self.train_fraction + self.eval_fraction >= 1.0:
            raise ValueError("train_fraction + eval_fraction must leave a newest part for the gate")
        return self

    def check(self, windowing: Windowing) -> None:
        """Refuses a gap that a window would not reach across.

        Raises:
            ValueError: `max_gap` is not below the window.
        """
        if self.max_gap >= windowing.window:
            raise ValueError(
                f"data.max_gap ({self.max_gap}) must be smaller than windowing.window "
                f"({windowing.window}): a window needs at least one observed minute"
            )


class DataSettings(DataRules):
    """Where the raw minutes are and how they are cut."""

    path: UserPath | None
    """File, folder or pattern, with spans as span-{SPAN}; null: the embedded UCI data set."""


class DataOptions(DataRules):
    """Everything that decides which Examples come out of the same files."""

    windowing: Windowing
    """Shape of a segment."""

    @model_validator(mode="after")
    def _fits_the_window(self) -> Self:
        self.check(self.windowing)
        return self
