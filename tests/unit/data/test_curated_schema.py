"""The curated schema: it fits the windowing, and a wrong file is named."""

from pathlib import Path

import pytest

from tests.support.settings import MEASUREMENTS, SERIES, WINDOWING, defaults
from tfx_pipeline.data.contract import Windowing
from tfx_pipeline.data.curated_schema import (
    SchemaError,
    curated_schema,
    derived_schema,
    read_schema,
    to_text,
)
from tfx_pipeline.series.spec import SeriesSpec

FILE = Path(__file__).parent.parent.parent.parent / "schema" / "uci-household.pbtxt"
SPEC = defaults().spec


def lengths(schema):
    return {feature.name: feature.shape.dim[0].size for feature in schema.feature}


def test_the_file_holds_the_default_windowing():
    assert to_text(read_schema(FILE)) == to_text(curated_schema(FILE, SPEC, WINDOWING))


def test_shapes_follow_the_windowing():
    found = lengths(curated_schema(FILE, SPEC, Windowing(window=20, horizon=3, origins=30)))
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
        (
            FILE.read_text() + 'feature { name: "cost" type: FLOAT }',
            "the series has no cost: .*init",
        ),
    ],
)
def test_a_wrong_file_is_named(tmp_path, text, message):
    file = tmp_path / "mine.pbtxt"
    file.write_text(text)
    with pytest.raises(SchemaError, match=message) as error:
        curated_schema(file, SPEC, WINDOWING)
    assert "mine.pbtxt" in str(error.value)


def test_a_missing_file_names_the_setting(tmp_path):
    with pytest.raises(SchemaError, match=r"validation\.schema_file"):
        read_schema(tmp_path / "none.pbtxt")


HOUSES = SeriesSpec.model_validate(
    {
        "layouts": [{"timestamp": "when"}],
        "cadence": "PT30M",
        "meter": "house",
        "group": "tariff",
        "target": {"name": "energy", "unit": "kWh", "aggregate": "sum", "highest": 50},
        "known_ahead": [{"name": "outside", "unit": "degC"}],
    }
)


def test_without_a_file_the_description_stands_in():
    schema = curated_schema(None, HOUSES, WINDOWING)
    found = {feature.name: feature for feature in schema.feature}
    assert lengths(schema)["energy"] == lengths(schema)["outside"] == WINDOWING.length
    assert lengths(schema)["same_time_last_week"] == WINDOWING.labels
    assert "group" in found
    assert (found["energy"].float_domain.max, found["energy"].float_domain.disallow_inf) == (
        50,
        True,
    )
    assert not found["energy"].float_domain.HasField("min")
    assert found["energy"].drift_comparator.jensen_shannon_divergence.threshold == 0.2


def test_domains_are_what_was_seen_and_as_much_again():
    seen = {"energy": (0.1, 30.0), "outside": (-7.3, 31.9)}
    schema = derived_schema(HOUSES, WINDOWING, seen)
    domains = {feature.name: feature.float_domain for feature in schema.feature}
    assert (domains["energy"].min, domains["energy"].max) == (0.0, 50.0)
    assert (domains["outside"].min, domains["outside"].max) == (-47.0, 72.0)


def test_a_constant_has_a_domain_too():
    [energy, *_] = derived_schema(HOUSES, WINDOWING, {"energy": (0.0, 0.0)}).feature
    assert (energy.float_domain.min, energy.float_domain.max) == (0.0, 1.0)


def test_what_is_derived_can_be_read_again(tmp_path):
    file = tmp_path / "houses.pbtxt"
    file.write_text(to_text(derived_schema(HOUSES, WINDOWING)))
    assert to_text(curated_schema(file, HOUSES, WINDOWING)) == to_text(read_schema(file))


def test_a_file_of_an_earlier_release_gets_the_features_that_it_lacks(tmp_path):
    file = tmp_path / "old.pbtxt"
    schema = read_schema(FILE)
    kept = [one for one in schema.feature if not one.name.startswith("same_time")]
    del schema.feature[:]
    schema.feature.extend(kept)
    file.write_text(to_text(schema))
    assert lengths(curated_schema(file, SPEC, WINDOWING)) == lengths(read_schema(FILE))


@pytest.mark.parametrize(
    ("name", "minutes"), [("target", 1), ("quarter-hours", 15), ("hourly", 60)]
)
def test_no_mean_is_beyond_the_domain_of_its_minutes(name, minutes):
    def domains(file):
        features = read_schema(Path(__file__).parents[3] / f"schema/{file}.pbtxt").feature
        return {one.name: one.float_domain for one in features if one.name in SERIES.names}

    of_minutes, longer = domains("uci-household"), domains(f"uci-household-{name}")
    factors = {one.name: minutes if one.aggregate == "sum" else 1 for one in SERIES.measurements}
    for measurement, domain in longer.items():
        least, most = of_minutes[measurement].min, of_minutes[measurement].max
        factor = factors[measurement]
        assert factor * least <= domain.min < domain.max <= factor * most
        assert (domain.min, domain.max) == (least, most) or minutes > 1
