"""What is said of a pipeline that cannot run on Kubeflow Pipelines."""


class CompileError(ValueError):
    """A node, name or setting that would fail on the cluster, found at compile time.

    Args:
        where: The node's id, or what else is at fault.
        problem: What Kubeflow Pipelines cannot do.
        way_out: What to do instead.
    """

    def __init__(self, where: str, problem: str, way_out: str) -> None:
        super().__init__(f"{where}: {problem}. {way_out}")
        self.where = where


class StepError(RuntimeError):
    """A step that cannot go on in its pod; the message names the cause and a hint."""


class SettingsError(ValueError):
    """A setting that is unknown, missing or wrong; the message names its key and its origin."""


class ParameterError(ValueError):
    """A runtime parameter that the pipeline does not take; the message names those it does."""
