"""Which values count as observed."""

from tensorflow_metadata.proto.v0 import schema_pb2

from modules.examples import domains
from tests.support.transform import PROJECT
from tfx_pipeline.data.contract import MEASUREMENTS
from tfx_pipeline.data.curated_schema import read_schema
from tfx_pipeline.data.physics import BOUNDS


def test_the_curated_schema_says_what_is_plausible():
    found = domains(read_schema(PROJECT / "schema/uci-household.pbtxt"))
    assert set(found) == set(MEASUREMENTS)
    assert found["Global_active_power"] == (0.0, 30.0)
    assert found["Voltage"] == (180.0, 280.0)


def test_where_the_schema_has_no_bounds_physics_keeps_out_what_would_overflow():
    schema = schema_pb2.Schema()
    for name in MEASUREMENTS:
        schema.feature.add(name=name)
    schema.feature[0].float_domain.min = 0.5
    found = domains(schema)
    assert found[MEASUREMENTS[0]] == (0.5, BOUNDS[MEASUREMENTS[0]][1])
    assert found[MEASUREMENTS[1]] == BOUNDS[MEASUREMENTS[1]]
