"""From a TFX pipeline to the package that Kubeflow Pipelines runs."""
