"""End to end on any Kubeflow Pipelines installation: `make e2e KFP_ENDPOINT=... IMAGE=...`."""

from kubeflow_cases.cluster import cluster

__all__ = ["cluster"]
