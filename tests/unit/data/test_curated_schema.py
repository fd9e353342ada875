"""The curated schema: it fits the windowing, and a wrong file is named."""

from pathlib import Path

import pytest

from tests.support.settings import WINDOWING
from tfx_pipeline.data.contract import MEASUREMENTS, Windowing
from tfx_pipeline.data.curated_schema import SchemaError, curated_schema, read_schema, to_text

FILE = Path(__file__).parent.parent.parent.parent / "schema" / "schema.pbtxt"


def lengths(schema):
    return {feature.name: feature.shape.dim[0].size for feature in schema.feature}


def test_the_file_holds_the_default_windowing():
    assert to_text(read_schema(FILE)) == to_text(curated_schema(FILE, WINDOWING))


def test_shapes_follow_the_windowing():
    found = lengths(curated_schema(FILE, Windowing(window=20, horizon=3, origins=30)))
    assert {found[name] for name in MEASUREMENTS} == {52}
    assert found["weight"] == 30
    assert found["hour"] == 1


def test_weight_is_not_known_when_serving():
    [weight] = [f for f in read_schema(FILE).feature if f.name == "weight"]
    assert list(weight.not_in_environment) == ["SERVING"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("feature {", "text format"),
        ('feature { name: "Voltage" type: FLOAT }', "no feature Global_active_power"),
    ],
)
def test_a_wrong_file_is_named(tmp_path, text, message):
    file = tmp_path / "mine.pbtxt"
    file.write_text(text)
    with pytest.raises(SchemaError, match=message) as error:
        curated_schema(file, WINDOWING)
    assert "mine.pbtxt" in str(error.value)


def test_a_missing_file_names_the_setting(tmp_path):
    with pytest.raises(SchemaError, match=r"validation\.schema_file"):
        read_schema(tmp_path / "none.pbtxt")
