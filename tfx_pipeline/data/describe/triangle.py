"""Finds the measurements of one connection that the laws of the power triangle hold for."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tfx_pipeline.data.describe.columns import Column
from tfx_pipeline.data.describe.kinds import Kind
from tfx_pipeline.data.describe.roles import Roles

_ALIKE = 0.05
"""Fraction by which apparent power may differ from voltage times current, as they are rounded."""


def find_triangle(roles: Roles, columns: Mapping[str, Column]) -> dict[str, str] | None:
    """Role in `PowerTriangle` -> column, where there is one of each and physics agrees.

    Args:
        roles: The target and its covariates.
        columns: Their values.
    """
    sides = {"reactive": "kvar", "voltage": "V", "current": "A"}
    target = roles.kinds[roles.target]
    if roles.wide or (target.quantity, target.unit) != ("power", "kW"):
        return None
    found = {"active": roles.target}
    for side, unit in sides.items():
        names = [name for name in roles.covariates if _is(roles.kinds[name], side, unit)]
        if len(names) != 1:
            return None
        found[side] = names[0]
    active, reactive, voltage, current = (columns[name].numbers for name in found.values())
    if active is None or reactive is None or voltage is None or current is None:
        return None
    apparent, product = np.hypot(active, reactive), voltage * current / 1000
    seen = np.isfinite(apparent) & np.isfinite(product)
    if not seen.any():
        return None
    scale = np.abs(product[seen]).mean()
    return found if np.abs(apparent - product)[seen].mean() < _ALIKE * scale else None


def _is(kind: Kind, quantity: str, unit: str) -> bool:
    return (kind.quantity, kind.unit) == (quantity, unit)
