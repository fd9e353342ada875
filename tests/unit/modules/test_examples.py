"""Which values count as observed."""

from tensorflow_metadata.proto.v0 import schema_pb2

from modules.examples import domains
from tests.support.settings import SERIES
from tests.support.transform import PROJECT
from tfx_pipeline.data.curated_schema import read_schema


def test_the_curated_schema_says_what_is_plausible():
    found = domains(read_schema(PROJECT / "schema/uci-household.pbtxt"), SERIES)
    assert set(found) == set(SERIES.names)
    assert found["Global_active_power"] == (0.0, 30.0)
    assert found["Voltage"] == (180.0, 280.0)


def test_where_the_schema_has_no_bounds_the_description_keeps_out_what_would_overflow():
    schema = schema_pb2.Schema()
    for name in SERIES.names:
        schema.feature.add(name=name)
    schema.feature[0].float_domain.min = 0.5
    found = domains(schema, SERIES)
    assert found[SERIES.target.name] == (0.5, SERIES.target.highest)
    other = SERIES.covariates[0]
    assert found[other.name] == (other.lowest, other.highest)


def test_without_any_bounds_every_number_counts():
    schema = schema_pb2.Schema()
    schema.feature.add(name="load")
    target = SERIES.target.model_copy(update={"name": "load", "lowest": None, "highest": None})
    series = SERIES.model_copy(update={"target": target, "covariates": (), "power_triangle": None})
    low, high = domains(schema, series)["load"]
    assert low < -1e38
    assert high > 1e38
