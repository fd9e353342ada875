from datetime import timedelta

import pytest
from pydantic import ValidationError

from tfx_pipeline.series.files import UCI_HOUSEHOLD, read_series
from tfx_pipeline.series.spec import RESERVED, SeriesSpec

HOUSE = {
    "layouts": [{"timestamp": "when"}],
    "cadence": "PT15M",
    "target": {"name": "energy", "column": "Verbrauch (kWh)", "unit": "kWh", "aggregate": "sum"},
    "covariates": [
        {"name": "heating", "unit": "Wh", "aggregate": "sum", "part_of_target": True},
        {"name": "boiler", "unit": "W", "part_of_target": True},
    ],
}


def described(**changes):
    return SeriesSpec.model_validate(HOUSE | changes)


def test_it_names_the_measurements_the_target_first():
    spec = described(known_ahead=[{"name": "outside", "unit": "degC"}])
    assert spec.names == ("energy", "heating", "boiler", "outside")
    assert [one.column for one in spec.measurements][:2] == ["Verbrauch (kWh)", "heating"]


def test_parts_are_converted_to_the_target_s_unit():
    # 1 W over a quarter of an hour is 0.25 Wh.
    assert described().parts == pytest.approx({"heating": 1e-3, "boiler": 0.25e-3})
    assert described(cadence="PT1H").parts["boiler"] == pytest.approx(1e-3)


@pytest.mark.parametrize(
    ("cadence", "seconds"), [("PT1S", 1), ("PT7S", 7), ("PT1M", 60), ("PT1H", 3600), ("P1D", 86400)]
)
def test_a_cadence_is_an_iso_duration(cadence, seconds):
    assert described(cadence=cadence).step == seconds


def test_durations_become_steps_where_they_are_whole():
    assert described().steps(timedelta(days=1)) == 96
    assert described().steps(timedelta(minutes=20)) is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cadence": "PT0S"}, "cadence"),
        ({"cadence": "P2D"}, "cadence"),
        ({"cadence": "PT0.5S"}, "cadence"),
        ({"cadence": "PT1.5S"}, "not of whole seconds"),
        ({"zone": "Europe/Pariss"}, "no time zone"),
        ({"zone": "../etc/passwd"}, "no time zone"),
        ({"zone": ""}, "no time zone"),
        ({"layouts": []}, "layouts"),
        ({"layouts": [{"timestamp": []}]}, "timestamp"),
        ({"layouts": [{"timestamp": "a", "delimiter": ",", "decimal": ","}]}, "are both ','"),
        ({"target": HOUSE["target"] | {"name": "1st"}}, "name"),
        ({"target": HOUSE["target"] | {"lowest": 2, "highest": 1}}, "must be below"),
        ({"target": HOUSE["target"] | {"lowest": "-inf"}}, "lowest"),
        ({"target": HOUSE["target"] | {"name": "Energy", "part_of_target": True}}, "of itself"),
        ({"covariates": [{"name": "Energy", "unit": "W"}]}, "2 measurements are called energy"),
        ({"covariates": [{"name": "b", "column": "a", "unit": "W"}] * 2}, "called b"),
        ({"covariates": [{"name": "volt", "unit": "V", "part_of_target": True}]}, "V is no kWh"),
        ({"meter": "m", "meter_columns": "MT_*", "covariates": []}, "exclude each other"),
        ({"meter_columns": "MT_*"}, "hold the target alone"),
        (
            {"power_triangle": dict.fromkeys(("active", "reactive", "voltage", "current"), "x")},
            "power_triangle.active: no measurement is called x",
        ),
        (
            {
                "power_triangle": dict.fromkeys(
                    ("active", "reactive", "voltage", "current"), "boiler"
                )
            },
            "power_triangle.voltage: boiler is in W, not V",
        ),
        (
            {
                "target": HOUSE["target"] | {"unit": "m3"},
                "covariates": [{"name": "part", "unit": "m3", "part_of_target": True}],
            },
            "the target is in m3, not power or energy",
        ),
        ({"colour": "red"}, "colour"),
    ],
)
def test_it_refuses_what_is_no_series(changes, message):
    with pytest.raises(ValidationError) as refused:
        described(**changes)
    assert message in str(refused.value)


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_names_of_the_pipeline_s_own_are_refused(name):
    with pytest.raises(ValidationError, match="used by the pipeline itself"):
        described(target=HOUSE["target"] | {"name": name.title()})


def test_bounds_of_sums_grow_with_the_steps():
    house = described(covariates=[HOUSE["covariates"][0] | {"highest": 250, "lowest": 0}])
    hourly = house.at(timedelta(hours=1))
    assert (hourly.step, hourly.covariates[0].highest, hourly.covariates[0].lowest) == (
        3600,
        1000,
        0,
    )
    assert hourly.target.highest is None
    assert hourly.at(house.cadence) == house


def test_it_survives_json():
    spec = read_series(UCI_HOUSEHOLD)
    assert SeriesSpec.model_validate_json(spec.model_dump_json()) == spec
