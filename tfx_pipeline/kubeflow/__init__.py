"""The end of a run on Kubeflow: its summary, its report, its figures, what MLflow gets."""
