"""TFX pipelines on open-source Kubeflow Pipelines: compiling, in the pod, and from the command."""
