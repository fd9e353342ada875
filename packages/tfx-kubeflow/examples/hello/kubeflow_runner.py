"""Compiles the pipeline for Kubeflow Pipelines."""

from hello import create_pipeline
from tfx_kubeflow.runner import KubeflowRunner

if __name__ == "__main__":
    KubeflowRunner().run(create_pipeline())
