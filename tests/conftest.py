"""What holds for all tests of the project."""

import pytest
from absl import flags


@pytest.fixture(autouse=True, scope="module")
def no_flag_of_an_example():
    """Forgets the flag of a TFX example that another test imported.

    TFX parses the arguments of Beam as flags, too, and the example knows three runners only.
    """
    if "runner" in flags.FLAGS:
        delattr(flags.FLAGS, "runner")
