"""The registry of families: a name is enough for the settings, a module for the trainer."""

import subprocess
import sys

import pytest

from modules.families import FAMILIES, load_family, module_of
from tests.support.settings import trainer_config


@pytest.mark.parametrize("family", FAMILIES)
def test_a_name_leads_to_a_module_that_defines_a_family(family):
    assert module_of(family) == f"modules.families.{family}"
    assert load_family(family).defaults["learning_rate"] > 0
    assert trainer_config(model={"family": family}).model.family == family


def test_settings_know_the_names_without_importing_keras():
    code = "import sys, tfx_pipeline.settings; sys.exit('keras' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
