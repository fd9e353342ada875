"""The image is built once for all tests; where nothing changed, from the engine's cache."""

import pytest

from tests.image import engine


@pytest.fixture(scope="session")
def image():
    engine.require()
    return engine.build()
