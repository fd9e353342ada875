"""PowerExampleGen's parameters, which are part of its cache key."""

from pathlib import Path

from tests.support.settings import data_options
from tfx_pipeline.components.example_gen.component import PowerExampleGen
from tfx_pipeline.data.options import DataOptions


def test_equal_options_make_equal_components(tmp_path: Path) -> None:
    def custom_config(options: DataOptions) -> object:
        return PowerExampleGen(str(tmp_path), "*", options).exec_properties["custom_config"]

    assert custom_config(data_options()) == custom_config(data_options(rows=None))
    assert custom_config(data_options()) != custom_config(data_options(rows=7))
