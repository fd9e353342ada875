"""A Kubeflow Pipelines server: pipelines, runs, schedules, and why a run failed."""
