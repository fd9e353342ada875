"""What several tests with real parts use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.browser import NAMES, Browser, chromium, find_chromium


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """The system's Chromium."""
    path = find_chromium()
    if path is None:
        pytest.skip(f"there is no {' or '.join(NAMES)} here: apt-get install chromium")
    with chromium(path, tmp_path_factory.mktemp("profile")) as running:
        yield running
