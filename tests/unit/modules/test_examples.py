"""Which values count as observed."""

from tensorflow_metadata.proto.v0 import schema_pb2

from modules.examples import UNBOUNDED, domains
from tests.support.transform import PROJECT
from tfx_pipeline.data.contract import MEASUREMENTS
from tfx_pipeline.data.curated_schema import read_schema


def test_the_curated_schema_says_what_is_plausible():
    found = domains(read_schema(PROJECT / "schema/schema.pbtxt"))
    assert list(found) == list(MEASUREMENTS)
    assert found["Global_active_power"] == (0.0, 30.0)
    assert found["Voltage"] == (180.0, 280.0)


def test_a_schema_without_bounds_keeps_out_what_would_overflow():
    schema = schema_pb2.Schema()
    for name in MEASUREMENTS:
        schema.feature.add(name=name)
    schema.feature[0].float_domain.min = 0.0
    found = domains(schema)
    assert found[MEASUREMENTS[0]] == (0.0, UNBOUNDED)
    assert found[MEASUREMENTS[1]] == (-UNBOUNDED, UNBOUNDED)
