"""Any TFX pipeline on open-source Kubeflow Pipelines."""
