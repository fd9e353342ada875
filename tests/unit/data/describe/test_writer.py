"""Descriptions are YAML that is read as it was meant, and so are those of the guide."""

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tfx_pipeline.data.describe.description import Description
from tfx_pipeline.data.describe.errors import Remarks
from tfx_pipeline.data.describe.writer import as_yaml
from tfx_pipeline.series.files import read_series

GUIDE = (Path(__file__).parents[4] / "docs/own-data.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
VALUES = {
    "layouts": [{"timestamp": "t", "format": "iso", "delimiter": ";", "decimal": ","}],
    "cadence": "PT1H",
    "target": {"name": "power", "unit": "kW", "lowest": 0},
}


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_the_guide_shows_descriptions(example, tmp_path):
    file = tmp_path / "example.yaml"
    file.write_text(example, encoding="utf-8")
    assert read_series(file).target.unit == "kWh"


def test_the_guide_shows_three_cases():
    assert len(EXAMPLES) == 3


def written(values, remarks=None):
    description = Description("my file.csv", values, remarks or Remarks(), [], "all of it", 1)
    return as_yaml(description, Path("my_file.yaml"))


@settings(deadline=None)
@given(st.text(max_size=30), st.text(max_size=30))
def test_any_column_is_written_as_it_is(column, remark):
    remarks = Remarks()
    remarks.doubt("ignored", remark)
    remarks.note(column, remark)
    values = VALUES | {
        "target": {"name": "power", "column": column, "unit": "kW"},
        "covariates": [{"name": "other", "column": column, "unit": "1"}],
        "ignored": [column] * 3,
    }
    assert yaml.safe_load(written(values, remarks)) == {
        "files": "my file.csv",
        "zone": None,
        **values,
    }


def test_remarks_stand_beside_what_they_are_about():
    remarks = Remarks()
    remarks.doubt("zone", "no change of a clock was seen")
    remarks.note("format", "as in the file")
    remarks.doubt("power", "its unit is not said")
    text = written(VALUES, remarks)
    assert "# UNSURE: no change of a clock was seen\nzone: null\n" in text
    assert "    # as in the file\n    format: iso\n" in text
    assert "# UNSURE: its unit is not said\ntarget:\n" in text
    assert 'make run ARGS="--series=my_file.yaml"' in text


def test_the_zone_of_a_layout_is_not_to_be_corrected():
    remarks = Remarks()
    remarks.doubt("zone", "times are those of UTC")
    text = written(
        VALUES | {"layouts": [VALUES["layouts"][0] | {"zone": "UTC"}], "zone": "UTC"}, remarks
    )
    assert text.count("UNSURE: times are") == 1
    assert "# UNSURE: times are those of UTC\nzone: UTC\n" in text


def test_the_data_are_named_from_where_the_description_lies():
    description = Description("raw/my file.csv", VALUES, Remarks(), [], "all of it", 1)
    found = yaml.safe_load(as_yaml(description, Path("series/my_file.yaml")))
    assert found["files"] == "../raw/my file.csv"
