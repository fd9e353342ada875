"""What several tests with real parts use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.browser import NAMES, Browser, chromium, find_chromium

if TYPE_CHECKING:
    from tests.support.server import Running


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """The system's Chromium."""
    path = find_chromium()
    if path is None:
        pytest.skip(f"there is no {' or '.join(NAMES)} here: apt-get install chromium")
    with chromium(path, tmp_path_factory.mktemp("profile")) as running:
        yield running


@pytest.fixture(scope="module")
def running(folder: Path) -> Iterator[Running]:
    """A server of the models in the module's own `folder`."""
    from tests.support.server import serving  # TensorFlow, which most of these tests run elsewhere

    with serving(folder) as running:
        yield running
