"""A raw file without faults, to damage."""

from pathlib import Path

import pytest

from tests.support.faults import MINUTES
from tests.support.series import household, write_iso


@pytest.fixture
def iso(tmp_path: Path) -> Path:
    return write_iso(tmp_path / "house.csv", household(MINUTES))
