"""What a signature takes and returns, and the check of a request against it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tfx_pipeline.hints import did_you_mean
from tfx_pipeline.server.errors import invalid

Tensors = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Spec:
    """Of one tensor.

    Attributes:
        dtype: TensorFlow's name: `float32`, `int64`, `string`.
        shape: None for a dimension of any size; None for tensors of any rank.
    """

    dtype: str
    shape: tuple[int | None, ...] | None

    @cached_property
    def numpy_dtype(self) -> np.dtype:
        """What arrays of it have; strings are objects of bytes."""
        if self.dtype == "string":
            return np.dtype(object)
        try:
            return np.dtype(self.dtype)
        except TypeError:
            import tensorflow as tf  # knows bfloat16 and other types that NumPy lacks

            return np.dtype(tf.as_dtype(self.dtype).as_numpy_dtype)

    @property
    def batched(self) -> bool:
        """Whether the first dimension may have any size."""
        return bool(self.shape) and self.shape is not None and self.shape[0] is None

    def fits(self, shape: tuple[int, ...]) -> bool:
        """Returns whether an array may have this shape."""
        if self.shape is None:
            return True
        return len(shape) == len(self.shape) and all(
            own is None or own == given for own, given in zip(self.shape, shape, strict=True)
        )

    def __str__(self) -> str:
        if self.shape is None:
            return f"{self.dtype} of any shape"
        return f"{self.dtype} [{', '.join('batch' if d is None else str(d) for d in self.shape)}]"


@dataclass(frozen=True)
class Signature:
    """One function of a model.

    Attributes:
        name: In the SavedModel.
        inputs: By name.
        outputs: By name.
    """

    name: str
    inputs: Mapping[str, Spec]
    outputs: Mapping[str, Spec]

    @cached_property
    def joinable(self) -> bool:
        """Whether requests can be joined along the first axis of every input and output."""
        specs = [*self.inputs.values(), *self.outputs.values()]
        return bool(self.inputs) and all(spec.batched for spec in specs)

    def check(self, tensors: Tensors) -> None:
        """Refuses what the function would not take, or would misunderstand.

        Args:
            tensors: By the name of the input.

        Raises:
            ServingError: One is missing, unknown, or of another type or shape.
        """
        self.check_names(tensors)
        for name, spec in self.inputs.items():
            array = tensors[name]
            if array.dtype != spec.numpy_dtype:
                raise invalid(f"input {name!r}: must be {spec}, is {array.dtype}")
            if not spec.fits(array.shape):
                raise invalid(f"input {name!r}: must be {spec}, has shape {list(array.shape)}")
        if self.joinable:
            self._check_rows(tensors)

    def check_names(self, names: Mapping[str, object]) -> None:
        """Refuses inputs that are missing or unknown.

        Raises:
            ServingError: One is.
        """
        for name in names:
            if name not in self.inputs:
                hint = did_you_mean(name, self.inputs) or f"; it takes {', '.join(self.inputs)}"
                raise invalid(f"signature {self.name!r} has no input {name!r}{hint}")
        missing = [name for name in self.inputs if name not in names]
        if missing:
            raise invalid(f"signature {self.name!r} lacks input {', '.join(map(repr, missing))}")

    def _check_rows(self, tensors: Tensors) -> None:
        # Where one row meets many, models may repeat it and answer something that nobody asked.
        first, *others = self.inputs
        rows = len(tensors[first])
        for name in others:
            if len(tensors[name]) != rows:
                raise invalid(
                    f"input {name!r}: has {len(tensors[name])} rows, {first!r} has {rows}; "
                    "all inputs must have as many"
                )

    def selected(self, output_filter: tuple[str, ...]) -> tuple[str, ...]:
        """Returns the outputs that a request wants: those it names, or all.

        Raises:
            ServingError: There is no such output, or it is named twice.
        """
        for number, name in enumerate(output_filter):
            if name not in self.outputs:
                raise invalid(
                    f"output_filter: signature {self.name!r} has no output {name!r}; "
                    f"it has {', '.join(self.outputs)}"
                )
            if name in output_filter[:number]:
                raise invalid(f"output_filter: {name!r} is there twice")
        return output_filter or tuple(self.outputs)
