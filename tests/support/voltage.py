"""Statistics and anomalies of a voltage, and a schema for it."""

import pandas as pd
import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import anomalies_pb2, statistics_pb2

from tfx_pipeline.data.summary import FrozenRun

FROZEN = FrozenRun(meter="", first="2008-10-06 10:09", steps=400, value=241.18, unit="V")
SCHEMA = """
feature { name: "Voltage" type: FLOAT presence { min_fraction: 1.0 min_count: 1 }
  shape { dim { size: 1 } } float_domain { min: 180.0 max: 280.0 }
  drift_comparator { jensen_shannon_divergence { threshold: 0.1 } } }
"""


def anomalies(*types: str) -> anomalies_pb2.Anomalies:
    found = anomalies_pb2.Anomalies()
    for name in types:
        reason = found.anomaly_info["Voltage"].reason.add()
        reason.type = anomalies_pb2.AnomalyInfo.Type.Value(name)
        reason.description = f"because of {name}"
    return found


def statistics(volts: list[float]) -> statistics_pb2.DatasetFeatureStatisticsList:
    return tfdv.generate_statistics_from_dataframe(pd.DataFrame({"Voltage": volts}))
